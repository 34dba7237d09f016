"""The demo: two accounts, WebSocket and SSE clients side by side, broadcasts and revocations.

`python -m examples.demo` serves it with a page; `python -m examples.demo --check` plays the page's
scenario with real clients and compares the outcome.
"""
