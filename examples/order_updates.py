"""An app's own rule, written against any transport, so that a test needs no server."""

from dataclasses import dataclass

from gatecast import AccountId, ConnectionIdentity, FilterableBroadcastTransport, notification


@dataclass(frozen=True, slots=True)
class Order:
    """An order, and which accounts may follow it."""

    number: int
    status: str
    followers: frozenset[AccountId]


def announce(transport: FilterableBroadcastTransport[ConnectionIdentity], order: Order) -> int:
    """Send the status of `order` to its followers and to nobody else."""
    message = notification("order.changed", {"number": order.number, "status": order.status})
    return transport.broadcast_filtered(
        message, lambda identity: identity.account_id in order.followers
    )
