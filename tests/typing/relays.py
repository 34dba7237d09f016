"""Whatever can publish and read is a relay."""

from typing import assert_type

from gatecast.ports import (
    Position,
    Relay,
    RelayBatch,
)
from gatecast_adapters.in_process_relay import InProcessRelay


class PublishesOnly:
    async def publish(self, entry: bytes) -> None: ...


def takes_a_relay(relay: Relay) -> None: ...


def a_relay_is_structural() -> None:
    takes_a_relay(InProcessRelay())
    takes_a_relay(InProcessRelay(max_entries=100, max_age=3600))
    takes_a_relay(PublishesOnly())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def entries_are_bytes_and_positions_no_plain_strings(relay: InProcessRelay) -> None:
    batch = await relay.read(None, wait=1)
    assert_type(batch, RelayBatch)
    assert_type(batch.entries, tuple[bytes, ...])
    assert_type(batch.position, Position | None)
    await relay.read("log/1", wait=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await relay.publish("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
