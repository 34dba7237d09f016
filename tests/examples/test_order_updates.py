"""An app's own tests with the transport in memory; `docs/how-to/test-your-app.md` shows them."""

# --8<-- [start:rule]
from uuid import UUID

import pytest

from examples.order_updates import Order, announce
from gatecast import (
    AccountId,
    ConnectionIdentity,
    OutboxLimits,
    TokenHash,
    notification,
)
from gatecast_adapters.memory import MemoryClose, MemoryTransport

ADA, GRACE = AccountId(UUID(int=1)), AccountId(UUID(int=2))
LAPTOP, PHONE = TokenHash("laptop"), TokenHash("phone")


def test_only_followers_are_notified_of_an_order() -> None:
    transport = MemoryTransport()
    follower = transport.connect(ConnectionIdentity(ADA))
    stranger = transport.connect(ConnectionIdentity(GRACE))
    assert announce(transport, Order(7, "shipped", frozenset({ADA}))) == 1
    assert follower.received == [notification("order.changed", {"number": 7, "status": "shipped"})]
    assert stranger.received == []


# --8<-- [end:rule]


# --8<-- [start:logout]
def test_a_logout_ends_one_session() -> None:
    transport = MemoryTransport()
    laptop = transport.connect(ConnectionIdentity(ADA, LAPTOP))
    phone = transport.connect(ConnectionIdentity(ADA, PHONE))
    assert transport.close_sockets_for_session(LAPTOP) == 1
    assert laptop.closed == MemoryClose(4001, "Session revoked")
    assert phone.closed is None


# --8<-- [end:logout]


# --8<-- [start:identify]
@pytest.mark.anyio
async def test_a_logout_during_the_check_of_a_session_is_not_missed() -> None:
    transport = MemoryTransport()

    async def identify() -> ConnectionIdentity | None:
        transport.close_sockets_for_session(LAPTOP)  # Meanwhile, in another tab.
        return ConnectionIdentity(ADA, LAPTOP)

    peer = await transport.serve(identify=identify)
    assert peer.closed == MemoryClose(4001, "Session revoked")


# --8<-- [end:identify]


# --8<-- [start:stalled]
def test_a_peer_that_stops_reading_is_closed_when_its_outbox_is_full() -> None:
    transport = MemoryTransport(limits=OutboxLimits(max_messages=2))
    peer = transport.connect(ConnectionIdentity(ADA))
    peer.stall()
    order = Order(7, "shipped", frozenset({ADA}))
    assert [announce(transport, order) for _ in range(3)] == [1, 1, 0]
    assert peer.closed == MemoryClose(1013, "Slow consumer")


# --8<-- [end:stalled]
