"""The demo's scenario: what is done, how many connections it reaches, and what each client sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """One request to the demo, and how many connections it must reach."""

    method: str
    path: str
    connections: int
    text: str | None = None

    @property
    def body(self) -> dict[str, str] | None:
        """What is posted, if anything."""
        return None if self.text is None else {"text": self.text}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one client saw."""

    received: tuple[str, ...]
    close: tuple[int, str] | None
    """The close code and the reason."""
    reconnect: int | None = None
    """The HTTP status of its attempt to reconnect; `None` if it made none."""


REVOKED: Final = (4001, "Session revoked")
GOING_AWAY: Final = (1001, "Server shutting down")

STEPS: Final = (
    Step("POST", "/messages/everyone", 7, "hello"),
    Step("POST", "/messages/accounts/ada", 5, "to Ada"),
    Step("POST", "/messages/rules/is_api_token", 1, "to programs"),
    Step("POST", "/messages/rules/is_session_of_ada", 4, "to Ada's devices"),
    Step("DELETE", "/sessions/ada-laptop", 2),
    Step("POST", "/messages/everyone", 5, "no laptop"),
    Step("DELETE", "/tokens/ada-backup-bot", 1),
    Step("POST", "/messages/rules/is_api_token", 0, "to no program"),
    Step("DELETE", "/accounts/grace", 2),
    Step("DELETE", "/accounts/grace", 0),
    Step("POST", "/messages/everyone", 2, "bye"),
)

LAPTOP: Final = ("hello", "to Ada", "to Ada's devices")
PHONE: Final = (*LAPTOP, "no laptop", "bye")
BACKUP_BOT: Final = ("hello", "to Ada", "to programs", "no laptop")
GRACE: Final = ("hello", "no laptop")

# A revoked WebSocket is refused. A revoked EventSource gets 204, and stops.
EXPECTED: Final = {
    ("ada-laptop", "websocket"): Outcome(LAPTOP, REVOKED, reconnect=401),
    ("ada-laptop", "sse"): Outcome(LAPTOP, REVOKED, reconnect=204),
    ("ada-phone", "sse"): Outcome(PHONE, GOING_AWAY),
    ("ada-backup-bot", "websocket"): Outcome(BACKUP_BOT, REVOKED, reconnect=401),
    ("grace-laptop", "websocket"): Outcome(GRACE, REVOKED, reconnect=401),
    ("grace-laptop", "sse"): Outcome(GRACE, REVOKED, reconnect=204),
    # One more than the page opens, so that the shutdown meets both kinds.
    ("ada-phone", "websocket"): Outcome(PHONE, GOING_AWAY),
}
