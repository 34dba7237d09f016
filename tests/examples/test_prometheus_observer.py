"""The example of an observer that counts for Prometheus, behind a real uvicorn."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus

from examples import prometheus_observer as example
from gatecast import ClusterReport, ClusterReportKind, notification
from tests.examples.calling import post
from tests.examples.connecting import open_socket, open_stream
from tests.support.clients import Close
from tests.support.uvicorn_server import UvicornServer, serving
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

REVOKED = Close(4001, "Session revoked")
Labels = dict[str, str]


class Metrics:
    """What `/metrics` said once: samples by name and labels."""

    def __init__(self, text: str) -> None:
        self._samples = [
            (sample.name, sample.labels, sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """One figure; 0 before anything was counted."""
        found = [each[2] for each in self._samples if (each[0], each[1]) == (name, labels)]
        return found[0] if found else 0.0


async def scrape(server: UvicornServer) -> Metrics:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        answer = await http.get(f"{server.http_url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return Metrics(answer.text)


def query(session: str) -> str:
    return f"account={UUID(int=1)}&session={session}"


async def test_what_happens_to_connections_is_counted_once() -> None:
    message = notification("announced", {"text": "one"})
    size = len(message.model_dump_json(exclude_unset=True))
    async with serving(example.app) as server:
        before = await scrape(server)
        async with (
            open_socket(f"{server.http_url}/websocket?{query('a')}", {}) as socket,
            open_socket(f"{server.http_url}/websocket?{query('b')}", {}),
            open_stream(f"{server.http_url}/sse?{query('a')}", {}) as stream,
        ):
            await post(f"{server.http_url}/announce?text=one")
            await socket.receive()
            await stream.event()
            during = await scrape(server)
            await post(f"{server.http_url}/logout/a")
            assert await socket.closed() == REVOKED
            assert await stream.closed() == REVOKED
            after = await scrape(server)

    def counted(name: str, transport: str, **labels: str) -> float:
        return after.value(name, transport=transport, **labels) - before.value(
            name, transport=transport, **labels
        )

    assert during.value("gatecast_connections", transport="websocket") == 2
    assert after.value("gatecast_connections", transport="websocket") == 1
    assert after.value("gatecast_connections", transport="sse") == 0
    assert counted("gatecast_messages_total", "websocket") == 1
    assert counted("gatecast_deliveries_total", "websocket") == 2
    assert counted("gatecast_sent_bytes_total", "websocket") == 2 * size
    assert counted("gatecast_revoked_total", "websocket", index="session") == 1
    assert counted("gatecast_revoked_total", "sse", index="session") == 1
    assert counted("gatecast_connection_seconds_count", "websocket", cause="revoked") == 1


async def test_a_refusal_is_counted_with_its_status() -> None:
    labels = {"transport": "websocket", "cause": "not_authenticated", "status": "401"}
    async with serving(example.app) as server:
        before = await scrape(server)
        with pytest.raises(InvalidStatus, match="401"):
            async with open_socket(f"{server.http_url}/websocket", {}):
                pass
        after = await scrape(server)
    name = "gatecast_refused_total"
    assert after.value(name, **labels) - before.value(name, **labels) == 1


def test_a_report_of_a_node_is_counted_by_its_kind() -> None:
    labels = {"kind": "fenced"}
    before = example.registry.get_sample_value("gatecast_node_reports_total", labels) or 0
    example.observe(ClusterReport(ClusterReportKind.FENCED, "the lease ended"))
    assert example.registry.get_sample_value("gatecast_node_reports_total", labels) == before + 1
