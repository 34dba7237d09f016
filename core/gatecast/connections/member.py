"""What a group asks of its members."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Never, Protocol, TypeVar

from gatecast.close_codes import REVOKED_REASON, CloseCode
from gatecast.connections._delivery import Begin
from gatecast.connections._predicates import Predicate
from gatecast.identity.index import Index
from gatecast.messages.frame import Frame
from gatecast.ports.ports import Gate, Tell

__all__ = ["GroupMember"]

TIdentity_co = TypeVar("TIdentity_co", covariant=True)
TKey = TypeVar("TKey", bound=Hashable)


class GroupMember(Protocol[TIdentity_co]):
    """Every `ConnectionTransport` is one, and so is a group."""

    def is_ready(self) -> bool:
        """As `Transport.is_ready`."""
        ...

    def get_connection_count(self) -> int:
        """As `ConnectionTransport.get_connection_count`."""
        ...

    def prepare_frame(self, frame: Frame) -> None:
        """As `Delivery.prepare_frame`."""
        ...

    def choose_recipients(self, predicate: Predicate[TIdentity_co] | None = None) -> Begin:
        """As `Delivery.choose_recipients`."""
        ...

    def choose_recipients_by(self, index: Index[Never, TKey], key: TKey) -> Begin:
        """As `Delivery.choose_recipients_by`."""
        ...

    def cut_off(
        self,
        index: Index[Never, TKey],
        key: TKey,
        *,
        where: Predicate[object] | None = None,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> Tell:
        """As `Revocation.cut_off`."""
        ...

    def cut_off_where(
        self,
        predicate: Predicate[TIdentity_co],
        *,
        code: int = CloseCode.SESSION_REVOKED,
        reason: str = REVOKED_REASON,
    ) -> Tell:
        """As `Revocation.cut_off_where`."""
        ...

    def attach_gate(self, gate: Gate) -> None:
        """As `Connections.attach_gate`."""
        ...

    def fence(self) -> Tell:
        """As `Revocation.fence`."""
        ...
