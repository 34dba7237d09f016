"""What fan-out costs: Gatecast and its peers, measured on one machine in one run.

`python -m benchmarks` runs the short table, `--full` everything, `--only NAME` one case.

* `servers/` holds one small file per server under test. A new one subclasses `Server` and is named
  in `cases.py`.
* `load/` is the load generator, in C so that it is never the bottleneck. It checks every message.
* `cases.py` says what is compared with what; `driver.py` runs it.
"""
