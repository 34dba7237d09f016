"""The test rig of a relay: one log, and the relay objects over it."""

from __future__ import annotations

import itertools
from types import TracebackType
from typing import Self

from gatecast_contracts._checks import bounded, leave
from gatecast_contracts.relay._log import RelayHooks, RelayLog
from gatecast_contracts.relay._user import RelayUser

__all__ = ["RelayRig"]


class RelayRig:
    """A log, from the moment that it is opened until it is removed."""

    log: RelayLog

    def __init__(self, hooks: RelayHooks) -> None:
        self._hooks = hooks
        self._opened = hooks.open_log()
        self._names = itertools.count(1)
        self.backlog_size: int = hooks.backlog_size

    async def __aenter__(self) -> Self:
        self.log = await self._opened.__aenter__()
        assert isinstance(self.log, RelayLog), f"{self.log!r} lacks a method of RelayLog"
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await leave(self._opened, exc)

    def another_log(self) -> RelayRig:
        """A second log, which has nothing to do with this one."""
        return RelayRig(self._hooks)

    async def connect(self) -> RelayUser:
        """Another relay object over the log."""
        __tracebackhide__ = True
        name, patience = f"relay-{next(self._names)}", self._hooks.patience
        relay = await bounded(self.log.connect(), patience, f"{name} to connect")
        return RelayUser(relay, name, patience)
