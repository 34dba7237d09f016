"""Evaluating predicates over identities, so that they fail closed.

A predicate that raises, or returns something other than a bool (a coroutine is truthy), decides
nothing. Then a message is not sent, a connection is closed, and a new one is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from gatecast.connections.connection import Connection
from gatecast.identity.predicate import Predicate

__all__ = [
    "Withholding",
    "may_be_revoked",
    "select_recipients",
    "select_revoked",
]

TIdentity = TypeVar("TIdentity")
THandle = TypeVar("THandle")

_logger = logging.getLogger("gatecast")

_WITHHELD: Final = "which did not get the message"


class Withholding(Generic[TIdentity]):
    """A predicate that is false where `predicate` fails, and collects the failures for the log.

    A group logs those of all its transports as one error, as one transport does (BRD-5).
    """

    __slots__ = ("_doubt", "_doubts", "_predicate")

    def __init__(self, predicate: Predicate[TIdentity]) -> None:
        self._predicate = predicate
        self._doubts = 0
        self._doubt: Exception | None = None

    def __call__(self, identity: TIdentity) -> bool:
        """The verdict on `identity`; False in doubt."""
        try:
            return _verdict(self._predicate, identity)
        except Exception as error:  # noqa: BLE001  # logged by `log_doubts`, once for all
            self._doubts += 1
            self._doubt = error
            return False

    def log_doubts(self) -> None:
        """Log all failures, if there are any, as one error with the last traceback."""
        _log(self._predicate, self._doubts, self._doubt, _WITHHELD)


def select_recipients(
    identities: Mapping[Connection[THandle, TIdentity], TIdentity],
    predicate: Predicate[TIdentity],
) -> list[Connection[THandle, TIdentity]]:
    """The connections whose identity satisfies `predicate`; in doubt one is left out (BRD-5)."""
    return _select(identities, predicate, in_doubt=False, outcome=_WITHHELD)


def select_revoked(
    identities: Mapping[Connection[THandle, TIdentity], TIdentity],
    predicate: Predicate[TIdentity],
) -> list[Connection[THandle, TIdentity]]:
    """The connections whose identity satisfies `predicate`; in doubt one is included."""
    return _select(identities, predicate, in_doubt=True, outcome="which were closed")


def may_be_revoked(predicate: Predicate[TIdentity], identity: TIdentity) -> bool:
    """Whether `identity` satisfies `predicate`; True in doubt, which is logged."""
    try:
        return _verdict(predicate, identity)
    except Exception:
        _logger.exception("predicate %r failed; a new connection is refused", predicate)
        return True


def _select(
    identities: Mapping[Connection[THandle, TIdentity], TIdentity],
    predicate: Predicate[TIdentity],
    *,
    in_doubt: bool,
    outcome: str,
) -> list[Connection[THandle, TIdentity]]:
    """Select by `predicate`. All failures are logged as one error, with the last traceback."""
    selected: list[Connection[THandle, TIdentity]] = []
    doubts = 0
    doubt: Exception | None = None
    for connection, identity in identities.items():
        try:
            verdict = predicate(identity)
            # The most frequent verdict first, since this runs for every connection.
            if verdict is False:
                continue
            if verdict is not True:
                raise _not_a_bool(verdict)
        except Exception as error:  # noqa: BLE001  # logged below, once for all
            doubts += 1
            doubt = error
            if not in_doubt:
                continue
        selected.append(connection)
    _log(predicate, doubts, doubt, outcome)
    return selected


def _verdict(predicate: Predicate[TIdentity], identity: TIdentity) -> bool:
    verdict = predicate(identity)
    if verdict is True or verdict is False:
        return verdict
    raise _not_a_bool(verdict)


def _log(
    predicate: Predicate[TIdentity], doubts: int, doubt: Exception | None, outcome: str
) -> None:
    if doubt is not None:
        _logger.error(
            "predicate %r failed for %d connections, %s", predicate, doubts, outcome, exc_info=doubt
        )


def _not_a_bool(verdict: object) -> TypeError:
    return TypeError(
        f"a predicate must return True or False, not {type(verdict).__name__} "
        "(it is called, never awaited)"
    )
