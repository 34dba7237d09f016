"""The cases: what is compared with what, and the ratios that Gatecast must reach."""

from dataclasses import replace
from typing import Final

from benchmarks.case import Case, Goal, Load, Metric, Program, Protocol, Subject
from benchmarks.core_cases import CORE, CORE_FULL
from benchmarks.programs import (
    BARE_STREAM,
    CHANNELS,
    GATECAST,
    GATECAST_CLUSTER,
    GATECAST_PICOWS,
    GATECAST_SSE,
    GATECAST_WEBSOCKETS,
    IDLE,
    PICOWS,
    PLAIN_LOOP,
    QUEUE,
    RAW,
    RAW_SSE,
    REVOCATION,
    SOCKET_IO,
    SSE_STARLETTE,
    STREAMING_RESPONSE,
    WEBSOCKETS,
)

_BROADCAST: Final = Load(connections=5_000, messages=8)
# Fewer messages, so that the slower peers leave the short run under five minutes.
_SSE: Final = replace(_BROADCAST, protocol=Protocol.SSE, messages=6)
# The plain loop sets off a full garbage collection every 85 messages, and each is a quarter of what
# a hundred cost: so many that about the same number of them falls into every round.
_FILTERED: Final = replace(_BROADCAST, messages=180, groups=10)

WEBSOCKET_BROADCAST: Final = Case(
    name="websocket-broadcast",
    title="WebSocket, broadcast to 5,000, one message at a time",
    metric=Metric.CPU,
    subjects=(
        Subject(RAW, _BROADCAST),
        Subject(PLAIN_LOOP, _BROADCAST),
        Subject(QUEUE, _BROADCAST),
        Subject(GATECAST, _BROADCAST, goals=(Goal(PLAIN_LOOP.name, 0.95), Goal(QUEUE.name, 0.42))),
    ),
)

WEBSOCKET_FILTERED: Final = Case(
    name="websocket-filtered",
    title="WebSocket, filtered broadcast to 10 % of 5,000",
    metric=Metric.CPU,
    subjects=(
        Subject(RAW, _FILTERED),
        Subject(PLAIN_LOOP, _FILTERED),
        Subject(QUEUE, _FILTERED),
        Subject(GATECAST, _FILTERED, goals=(Goal(PLAIN_LOOP.name, 0.4),)),
    ),
)

SSE_BROADCAST: Final = Case(
    name="sse-broadcast",
    title="Server-Sent Events, broadcast to 5,000, one message at a time",
    metric=Metric.CPU,
    subjects=(
        Subject(RAW_SSE, _SSE),
        Subject(STREAMING_RESPONSE, _SSE),
        Subject(SSE_STARLETTE, _SSE),
        Subject(
            GATECAST_SSE, _SSE, goals=(Goal(SSE_STARLETTE.name, 0.25), Goal(RAW_SSE.name, 1.5))
        ),
    ),
)

NATIVE_BROADCAST: Final = Case(
    name="native-broadcast",
    title="Native WebSocket servers, broadcast to 5,000, one message at a time",
    metric=Metric.CPU,
    subjects=(
        Subject(RAW, _BROADCAST),
        Subject(PICOWS, _BROADCAST),
        Subject(GATECAST_PICOWS, _BROADCAST, goals=(Goal(RAW.name, 1.15),)),
        Subject(WEBSOCKETS, _BROADCAST),
        Subject(GATECAST_WEBSOCKETS, _BROADCAST, goals=(Goal(WEBSOCKETS.name, 1.1),)),
    ),
)


def _single_and_burst(program: Program, protocol: Protocol, *at_most: float) -> list[Subject]:
    load = Load(connections=1_000, messages=40, protocol=protocol)
    single = Subject(program, load, "one at a time", reference=f"{program.name}, one at a time")
    burst = replace(single, load=replace(load, batch=20), variant="bursts of 20")
    return [single, replace(burst, goals=_goals(single, at_most))]


def _goals(reference: Subject, at_most: tuple[float, ...]) -> tuple[Goal, ...]:
    return tuple(Goal(reference.label, limit) for limit in at_most)


BURST: Final = Case(
    name="burst",
    title="Bursts of 20 messages to 1,000 connections",
    metric=Metric.CPU,
    subjects=(
        *_single_and_burst(RAW, Protocol.WEBSOCKET),
        *_single_and_burst(WEBSOCKETS, Protocol.WEBSOCKET),
        *_single_and_burst(RAW_SSE, Protocol.SSE),
        *_single_and_burst(SSE_STARLETTE, Protocol.SSE),
        *_single_and_burst(GATECAST_SSE, Protocol.SSE, 0.2),
        *_single_and_burst(GATECAST_PICOWS, Protocol.WEBSOCKET, 0.2),
        *_single_and_burst(GATECAST_WEBSOCKETS, Protocol.WEBSOCKET, 0.2),
    ),
)


def _plain_and_offered(program: Program, *at_most: float) -> list[Subject]:
    load = Load(connections=1_000, messages=10)
    plain = Subject(program, load, reference=program.name)
    return [
        plain,
        replace(
            plain,
            load=replace(load, offer_deflate=True),
            variant="deflate",
            arguments=("--deflate",),
            goals=_goals(plain, at_most),
        ),
    ]


DEFLATE: Final = Case(
    name="deflate",
    title="Clients that offer permessage-deflate, broadcast to 1,000",
    metric=Metric.CPU,
    subjects=(
        *_plain_and_offered(PLAIN_LOOP),
        *_plain_and_offered(WEBSOCKETS),
        *_plain_and_offered(GATECAST),
        *_plain_and_offered(GATECAST_PICOWS, 1.15),
        *_plain_and_offered(GATECAST_WEBSOCKETS, 1.15),
    ),
)


def _without_and_with_stalled(program: Program, *at_most: float) -> list[Subject]:
    """Large messages and a small send buffer in the kernel, so that limits are reached soon."""
    load = Load(connections=1_000, messages=40, message_bytes=32_768)
    reading = Subject(program, load, arguments=("--send-buffer", "16384"), reference=program.name)
    stalled = replace(reading, load=replace(load, stalled=True), variant="one stalled")
    return [reading, replace(stalled, goals=_goals(reading, at_most))]


STALLED: Final = Case(
    name="stalled",
    title="One peer that never reads among 1,000: p99 of the others",
    metric=Metric.P99,
    subjects=(
        *_without_and_with_stalled(PLAIN_LOOP),
        *_without_and_with_stalled(QUEUE),
        *_without_and_with_stalled(GATECAST, 1.1),
    ),
)

_TWO_NODES: Final = Load(connections=1_000, messages=3, nodes=2)

CLUSTER_BROADCAST: Final = Case(
    name="cluster-broadcast",
    title="Two nodes with 1,000 WebSockets each, broadcast over Redis",
    metric=Metric.CPU,
    subjects=(
        Subject(SOCKET_IO, replace(_TWO_NODES, protocol=Protocol.SOCKET_IO)),
        Subject(CHANNELS, _TWO_NODES),
        Subject(
            GATECAST_CLUSTER,
            _TWO_NODES,
            goals=(Goal(SOCKET_IO.name, 1.0), Goal(CHANNELS.name, 1.0)),
        ),
    ),
)

_ONE_BY_ONE: Final = Load(connections=1, messages=200, nodes=2)

CLUSTER_REVOCATION: Final = Case(
    name="cluster-revocation",
    title="Two nodes: from a call on one to its effect on the other",
    metric=Metric.ACROSS,
    subjects=(
        Subject(BARE_STREAM, _ONE_BY_ONE, arguments=("bare",)),
        Subject(
            REVOCATION,
            _ONE_BY_ONE,
            arguments=("revocation",),
            goals=(Goal(BARE_STREAM.name, 2.0),),
        ),
    ),
)

_HELD: Final = Load(connections=1_000)
_HELD_SSE: Final = replace(_HELD, protocol=Protocol.SSE)

MEMORY: Final = Case(
    name="memory",
    title="Memory of an idle connection, 1,000 connections",
    metric=Metric.MEMORY,
    subjects=(
        Subject(IDLE, _HELD),
        Subject(PLAIN_LOOP, _HELD),
        Subject(QUEUE, _HELD),
        Subject(GATECAST, _HELD, goals=(Goal(IDLE.name, 1.1),)),
        Subject(STREAMING_RESPONSE, _HELD_SSE),
        Subject(SSE_STARLETTE, _HELD_SSE),
        Subject(GATECAST_SSE, _HELD_SSE, goals=(Goal(SSE_STARLETTE.name, 1.0),)),
    ),
)

SHORT: Final = (
    WEBSOCKET_BROADCAST,
    WEBSOCKET_FILTERED,
    SSE_BROADCAST,
    NATIVE_BROADCAST,
    BURST,
    DEFLATE,
    STALLED,
    MEMORY,
    CLUSTER_BROADCAST,
    CLUSTER_REVOCATION,
    *CORE,
)


def _with_connections(case: Case, connections: int) -> Case:
    """The same comparison with fewer connections, and so more messages per round; no goals."""

    def scaled(subject: Subject) -> Subject:
        messages = subject.load.messages * subject.load.connections // connections
        load = replace(subject.load, connections=connections, messages=messages)
        return replace(subject, load=load, goals=())

    return replace(
        case,
        name=f"{case.name}-{connections}",
        title=case.title.replace("5,000", f"{connections:,}"),
        subjects=tuple(scaled(subject) for subject in case.subjects),
    )


FULL: Final = (
    *SHORT,
    *(
        _with_connections(case, connections)
        for case in (WEBSOCKET_BROADCAST, WEBSOCKET_FILTERED, SSE_BROADCAST, NATIVE_BROADCAST)
        for connections in (100, 1_000)
    ),
    *CORE_FULL,
)
