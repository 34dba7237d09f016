"""The base of every contract of an adapter: an author's hooks."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Generic, TypeVar

from gatecast.identity.types import ConnectionIdentity
from gatecast_contracts.capabilities import Capabilities, Capability
from gatecast_contracts.definition import BaseContract
from gatecast_contracts.transport.adapter import ContractIdentity, LiveAdapter, ServeOptions

__all__ = ["Contract"]

TIdentity = TypeVar("TIdentity", bound=ContractIdentity)


class Contract(BaseContract, Generic[TIdentity], abstract=True):
    """A set of tests of an adapter."""

    flood_size: ClassVar[int] = 128
    """How many messages of 256 KiB are more than the server and the kernel hold for one peer that
    has stopped reading."""

    capabilities: ClassVar[Capabilities[Capability]] = Capabilities()
    """What the adapter declines, with reasons."""

    @abstractmethod
    def serve(
        self, options: ServeOptions[TIdentity]
    ) -> AbstractAsyncContextManager[LiveAdapter[TIdentity]]:
        """Start a server with the adapter in it, on the event loop that is running.

        Every test enters it once. When it is left, close all clients and stop the server.
        """
        raise NotImplementedError

    @abstractmethod
    def make_identity(self, who: ConnectionIdentity) -> TIdentity:
        """Return the identity for `who`: with the same account, session, API token and expiry.

        Raises where there can't be one, which must be declined: `Capability.SESSIONLESS` or
        `Capability.EXPIRY`.
        """
        raise NotImplementedError
