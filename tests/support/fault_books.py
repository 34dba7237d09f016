"""What was published and revoked, and whether what the clients saw agrees with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from tests.support.cluster_control import News, credential_of
from tests.support.fault_clients import FaultClient
from tests.support.fault_rig import BOUND, SLACK

__all__ = ["Books"]


@dataclass(frozen=True, slots=True)
class _Revocation:
    tick: int
    at: float


class Books:
    """The driver's side of the story.

    Its ticks order what it has seen: what began after another thing had ended has a later one.
    """

    def __init__(self) -> None:
        self._ticks = count()
        self._connected: dict[FaultClient, int] = {}
        self._confirmed: list[News] = []
        self._revoked: dict[str, _Revocation] = {}

    def tick(self) -> int:
        """The next tick."""
        return next(self._ticks)

    def note_connected(self, client: FaultClient) -> None:
        """`client` was let in."""
        self._connected[client] = self.tick()

    def note_confirmed(self, news: News) -> None:
        """`news` is in the log."""
        self._confirmed.append(news)

    def note_revoked(self, credential: str, at: float) -> None:
        """The revocation of `credential` is durable, since `at` at the latest."""
        self._revoked.setdefault(credential, _Revocation(self.tick(), at))

    def is_revoked(self, client: FaultClient) -> bool:
        """Whether a credential of `client` has ended for certain."""
        return self._revocation_of(client) is not None

    def violations(self, clients: Iterable[FaultClient]) -> list[str]:
        """Whatever is against a promise."""
        return [each for client in clients for each in self._violations_of(client)]

    def _violations_of(self, client: FaultClient) -> Iterator[str]:
        yield from client.errors
        yield from self._late_close(client)
        yield from self._forbidden(client)
        yield from _repeated_or_disordered(client)
        if client.open:
            yield from self._missing(client)

    def _late_close(self, client: FaultClient) -> Iterator[str]:
        deadline = self._close_deadline(client)
        if deadline is None or not client.connected.is_set():
            return
        if client.closed_at is None:
            yield f"{client!r} was revoked and is open"
        elif client.closed_at > deadline:
            yield f"{client!r} was closed {client.closed_at - deadline:.1f} s too late"

    def _close_deadline(self, client: FaultClient) -> float | None:
        """Until when `client` must have been closed; `None` if it may stay."""
        found = self._revocation_of(client)
        return None if found is None else max(found.at + BOUND, client.node.resumed_at + SLACK)

    def _forbidden(self, client: FaultClient) -> Iterator[str]:
        revocation = self._revocation_of(client)
        for news in client.news:
            if not client.may_see(news):
                yield f"{client!r} received {news!r}, which it may not see"
            if revocation is not None and news.tick > revocation.tick:
                yield f"{client!r} received {news!r}, which is later than its revocation"

    def _missing(self, client: FaultClient) -> Iterator[str]:
        # A node that may have missed an entry closes its connections, so whoever is open has all.
        received = {news.tick for news in client.news}
        for news in self._confirmed:
            due = news.tick > self._connected[client] and client.may_see(news)
            if due and news.tick not in received:
                yield f"{client!r} never received {news!r}"

    def _revocation_of(self, client: FaultClient) -> _Revocation | None:
        credentials = (
            credential_of(client.account, None),
            credential_of(client.account, client.session),
        )
        found = [self._revoked[each] for each in credentials if each in self._revoked]
        return min(found, key=lambda revocation: revocation.tick, default=None)


def _repeated_or_disordered(client: FaultClient) -> Iterator[str]:
    newest: dict[str, News] = {}
    for news in client.news:
        before = newest.get(news.publisher)
        if before is not None and news.number <= before.number:
            yield f"{client!r} received {news!r} after {before!r}"
        newest[news.publisher] = news
