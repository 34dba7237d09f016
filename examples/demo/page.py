"""What the page knows: the accounts, their credentials, and the clients that it opens."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from examples.demo.directory import ACCOUNTS, ApiToken, Directory, Session
from gatecast import ConnectionIdentity

FILES: Final = Path(__file__).parent / "static"

CLIENTS: Final = (
    ("ada-laptop", "websocket"),
    ("ada-laptop", "sse"),
    ("ada-phone", "sse"),
    ("ada-backup-bot", "websocket"),
    ("grace-laptop", "websocket"),
    ("grace-laptop", "sse"),
)
"""What is open at the start: the name of a credential, and the kind of connection."""


def describe(directory: Directory, connected: Counter[ConnectionIdentity]) -> dict[str, object]:
    """The state of the demo as JSON.

    With it the page gets every secret, since it plays all the clients. A real app gives a secret to
    nobody but the client that it belongs to.
    """
    return {
        "accounts": [
            {
                "name": account.name,
                "label": account.label,
                "credentials": [
                    _credential(credential, directory, connected)
                    for credential in directory.credentials_of(account)
                ],
            }
            for account in ACCOUNTS.values()
        ],
        "clients": [{"credential": name, "kind": kind} for name, kind in CLIENTS],
    }


def _credential(
    credential: Session | ApiToken, directory: Directory, connected: Counter[ConnectionIdentity]
) -> dict[str, object]:
    return {
        "name": credential.name,
        "kind": "session" if isinstance(credential, Session) else "token",
        "label": credential.label,
        "secret": credential.secret,
        "valid": directory.is_valid(credential),
        "connected": connected[credential.identity],
    }
