"""What is done to both nodes, and what each client sees of it and of a Redis that stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from examples.demo.scenario import GOING_AWAY, GRACE, LAPTOP, REVOKED, Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """One request to a node, and what it must answer."""

    node: int
    method: str
    path: str
    outcome: str
    text: str | None = None

    @property
    def body(self) -> dict[str, str] | None:
        """What is posted, if anything."""
        return None if self.text is None else {"text": self.text}


PUBLISHED: Final = "to all nodes"
CUT_OFF: Final = (1012, "Cut off from the cluster")

BEFORE: Final = (
    Step(1, "POST", "/messages/everyone", PUBLISHED, "hello"),
    Step(2, "POST", "/messages/accounts/ada", PUBLISHED, "to Ada"),
    Step(1, "POST", "/messages/rules/is_session_of_ada", PUBLISHED, "to Ada's devices"),
    Step(2, "DELETE", "/sessions/ada-laptop", "2 closed on 2 nodes"),
    Step(2, "POST", "/messages/everyone", PUBLISHED, "no laptop"),
    Step(1, "DELETE", "/accounts/grace", "2 closed on 2 nodes"),
    Step(1, "DELETE", "/accounts/grace", "0 closed on 2 nodes"),
)
"""While Redis runs."""

DURING: Final = (
    # The token's connection is on the other node, where the lease ends it.
    Step(1, "DELETE", "/tokens/ada-backup-bot", "closed here only"),
)
"""While Redis is stopped."""

AFTER: Final = (
    Step(1, "DELETE", "/tokens/ada-backup-bot", "0 closed on 2 nodes"),
    Step(2, "POST", "/messages/everyone", PUBLISHED, "welcome back"),
)
"""Once Redis runs again, and the clients of the second round are connected."""

# A revoked client reconnects to the other node, and is refused there as well.
FIRST_ROUND: Final = {
    (1, "ada-laptop", "websocket"): Outcome(LAPTOP, REVOKED, reconnect=401),
    (2, "ada-laptop", "sse"): Outcome(LAPTOP, REVOKED, reconnect=204),
    (1, "grace-laptop", "sse"): Outcome(GRACE, REVOKED, reconnect=204),
    (2, "grace-laptop", "websocket"): Outcome(GRACE, REVOKED, reconnect=401),
    (1, "ada-phone", "websocket"): Outcome((*LAPTOP, "no laptop"), CUT_OFF),
    (2, "ada-phone", "sse"): Outcome((*LAPTOP, "no laptop"), CUT_OFF),
    (2, "ada-backup-bot", "websocket"): Outcome(("hello", "to Ada", "no laptop"), CUT_OFF),
}
"""By node, credential and kind."""

SECOND_ROUND: Final = {
    (1, "ada-phone", "sse"): Outcome(("welcome back",), GOING_AWAY),
    (2, "ada-phone", "websocket"): Outcome(("welcome back",), GOING_AWAY),
}
