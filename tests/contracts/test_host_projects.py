"""The suite in other people's projects: their plugins, their configuration, their mistakes."""

from __future__ import annotations

import os

import pytest

from tests.packages import ROOT, ROOTS

pytest_plugins = ["pytester"]

CONTRACT = """
    import trio

    from tests.contracts.memory_contract import MemoryContract

    class TestAdapter(MemoryContract):
        flood_size = 12

        def serve(self, options):
            assert trio.lowlevel.in_trio_run() is (self.backend == "trio")
            return super().serve(options)

    class TestAdapterOnTrio(TestAdapter):
        backend = "trio"
"""


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages can be imported, and no configuration of ours applies."""
    path = os.pathsep.join(map(str, [*ROOTS, ROOT]))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.mark.parametrize(
    ("configuration", "arguments"),
    [
        pytest.param("asyncio_mode = auto", [], id="pytest-asyncio in auto mode"),
        pytest.param(
            "anyio_mode = auto\nfilterwarnings = error",
            ["-p", "no:asyncio"],
            id="the anyio plugin in auto mode and warnings as errors",
            marks=pytest.mark.all,
        ),
        pytest.param(
            "python_classes = Check*\npython_functions = check_*",
            [],
            id="other names",
            marks=pytest.mark.all,
        ),
    ],
)
def test_the_suite_runs_in_a_project_with(
    configuration: str, arguments: list[str], pytester: pytest.Pytester
) -> None:
    pytester.makefile(".ini", pytest=f"[pytest]\n{configuration}")
    pytester.makepyfile(test_adapter=CONTRACT)
    result = pytester.runpytest_subprocess("-q", *arguments)
    result.assert_outcomes(passed=2 * suite_size())


def suite_size() -> int:
    from gatecast_contracts import TransportContract, proofs_of

    return len(proofs_of(TransportContract))


def test_a_failure_shows_the_promise_and_the_values(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        adapter=CONTRACT,
        test_adapter="""
        import adapter
        from tests.contracts.broken.broadcast import CountsWhoWasAsked

        class TestBroken(adapter.TestAdapter):
            transport_type = CountsWhoWasAsked
        """,
    )
    result = pytester.runpytest_subprocess("-q", "-k", "whom_the_predicate_picks")
    result.stdout.fnmatch_lines(
        [
            "E * BRD-1: `broadcast_filtered` reaches exactly *",
            "E * assert 3 == 2",
            "*/broadcast.py:*: AssertionError",
        ]
    )


def test_a_forgotten_hook_and_a_replaced_test_are_one_error_of_collection_each(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        test_forgetful="""
        from gatecast_contracts import TransportContract

        class TestForgetful(TransportContract):
            def make_identity(self, who):
                return who
        """,
        test_replacing="""
        from tests.contracts.memory_contract import MemoryContract

        class TestReplacing(MemoryContract):
            def test_messages_arrive_in_the_order_of_the_calls(self):
                assert True
        """,
    )
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "E * TestForgetful: serve is missing*",
            "E * TestReplacing: test_messages_arrive_in_the_order_of_the_calls proves BRD-3 *",
        ]
    )


def test_what_is_declined_is_listed_with_its_reason(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        adapter=CONTRACT,
        test_adapter="""
        import adapter
        from gatecast_contracts import Capabilities, Capability

        class TestSessionsOnly(adapter.TestAdapter):
            capabilities = Capabilities(declined={
                Capability.SESSIONLESS: "has sessions only",
                Capability.EXPIRY: "ends by logout only",
            })

            def make_identity(self, who):
                if who.token_hash is None or who.expires_at is not None:
                    raise ValueError("no such identity")
                return who
        """,
    )
    result = pytester.runpytest_subprocess("-q", "-rx")
    result.assert_outcomes(passed=suite_size() - 6, xfailed=6)
    result.stdout.fnmatch_lines_random(
        [
            "XFAIL *REV-1 needs *SESSIONLESS*: has sessions only",
            "XFAIL *REV-8 needs *EXPIRY*: ends by logout only",
        ]
    )
