import pytest

from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import InvalidLimitError
from gatecast.identity.types import ConnectionIdentity
from tests.core.fakes import ALICE, BOB, FakeHandle, World, daemon, is_alice, note, run, step

Transport = ConnectionTransport[FakeHandle, ConnectionIdentity]


def connect(transport: Transport, count: int) -> list[FakeHandle]:
    handles = [FakeHandle() for _ in range(count)]
    for number, handle in enumerate(handles):
        transport.add_connection(handle, daemon(BOB if number % 2 else ALICE))
    return handles


def numbers(handles: list[FakeHandle]) -> list[list[object]]:
    return [handle.numbers for handle in handles]


def test_a_spread_broadcast_lets_others_run_after_every_batch() -> None:
    transport = World().transport()
    handles = connect(transport, 5)
    spread = transport.broadcast_spread(note(0), batch=2)
    for reached in (2, 4, 5):
        assert step(spread)
        assert sum(map(len, numbers(handles))) == reached
    assert not step(spread)


def test_a_spread_broadcast_rebatchs_how_many_accepted() -> None:
    transport = World().transport()
    handles = connect(transport, 5)
    handles[3].error = ValueError("broken")
    assert run(transport.broadcast_spread(note(0), batch=2)) == 4
    assert run(transport.broadcast_spread(note(1), is_alice)) == 3
    assert numbers(handles) == [[0, 1], [0], [0, 1], [], [0, 1]]


def test_a_spread_broadcast_to_nobody_rebatchs_at_once() -> None:
    assert not step(World().transport().broadcast_spread(note(0)))


def test_whoever_sends_during_a_spread_broadcast_completes_it_first() -> None:
    transport = World().transport()
    handles = connect(transport, 5)
    spread = transport.broadcast_spread(note(0), batch=2)
    step(spread)
    assert transport.broadcast(note(1)) == 5
    assert numbers(handles) == [[0, 1]] * 5
    assert run(spread) == 5


def test_two_spread_broadcasts_keep_their_order() -> None:
    transport = World().transport()
    handles = connect(transport, 5)
    first = transport.broadcast_spread(note(0), batch=2)
    second = transport.broadcast_spread(note(1), batch=4)
    step(first)
    assert run(second) == 5
    assert run(first) == 5
    assert numbers(handles) == [[0, 1]] * 5


def test_a_connection_that_is_revoked_meanwhile_gets_nothing_more() -> None:
    transport = World().transport()
    handles = connect(transport, 4)
    spread = transport.broadcast_spread(note(0), batch=1)
    step(spread)
    transport.close_sockets_for_account(ALICE)
    assert run(spread) == 3
    assert numbers(handles) == [[0], [0], [], [0]]
    transport.broadcast(note(1))
    assert numbers(handles) == [[0], [0, 1], [], [0, 1]]


def test_a_connection_that_comes_meanwhile_is_not_among_the_recipients() -> None:
    transport = World().transport()
    connect(transport, 2)
    spread = transport.broadcast_spread(note(0), batch=1)
    step(spread)
    (late,) = connect(transport, 1)
    assert run(spread) == 2
    assert late.numbers == []


def test_a_spread_broadcast_that_is_given_up_reaches_nobody_else() -> None:
    transport = World().transport()
    handles = connect(transport, 4)
    spread = transport.broadcast_spread(note(0), batch=2)
    step(spread)
    spread.close()
    transport.broadcast(note(1))
    assert numbers(handles) == [[0, 1], [0, 1], [1], [1]]


def test_a_spread_broadcast_given_up_from_within_a_send_reaches_nobody_else() -> None:
    transport = World().transport()
    handles = connect(transport, 4)
    spread = transport.broadcast_spread(note(0), batch=1)
    step(spread)
    handles[1].on_send = spread.close
    transport.broadcast(note(1))
    assert numbers(handles) == [[0, 1], [0, 1], [1], [1]]


@pytest.mark.parametrize("batch", [0, -1])
def test_a_batch_that_gets_nowhere_is_refused(batch: int) -> None:
    transport = World().transport()
    with pytest.raises(InvalidLimitError) as raised:
        run(transport.broadcast_spread(note(0), batch=batch))
    assert (raised.value.name, raised.value.value) == ("batch", batch)
