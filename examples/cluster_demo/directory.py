"""Who may connect, in a database that all processes read."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from examples.demo.directory import ApiToken, Directory, Session, hash_of
from gatecast import ConnectionIdentity


class SharedDirectory(Directory):
    """A directory in an SQLite file, so that a revocation holds on every process.

    It stands for the database of an app. It is not in Redis, as it has to answer while Redis is
    stopped. All processes have the same secrets: the first one draws them.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        with self._database() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS credentials"
                " (name TEXT PRIMARY KEY, secret TEXT NOT NULL, valid INTEGER NOT NULL)"
            )
            database.executemany(
                "INSERT OR IGNORE INTO credentials VALUES (?, ?, 1)",
                [(each.name, each.secret) for each in self.credentials()],
            )
            secrets: dict[str, str] = dict(database.execute("SELECT name, secret FROM credentials"))
        for name, session in self.sessions.items():
            self.sessions[name] = replace(session, secret=secrets[name])
        for name, api_token in self.api_tokens.items():
            self.api_tokens[name] = replace(api_token, secret=secrets[name])
        self._by_hash = {hash_of(each.secret): each for each in self.credentials()}

    @override
    def start_over(self) -> None:
        """Let every credential count again; the secrets stay."""
        with self._database() as database:
            database.execute("UPDATE credentials SET valid = 1")

    @override
    def identify(self, secret: str) -> ConnectionIdentity | None:
        credential = self._by_hash.get(hash_of(secret))
        return credential.identity if credential and self.is_valid(credential) else None

    @override
    def is_valid(self, credential: Session | ApiToken) -> bool:
        with self._database() as database:
            query = "SELECT valid FROM credentials WHERE name = ?"
            (valid,) = database.execute(query, (credential.name,)).fetchone()
        return bool(valid)

    @override
    def revoke(self, credential: Session | ApiToken) -> None:
        with self._database() as database:
            database.execute("UPDATE credentials SET valid = 0 WHERE name = ?", (credential.name,))

    @contextmanager
    def _database(self) -> Generator[sqlite3.Connection]:
        # A few rows, and a file of this machine: nothing here waits.
        with closing(sqlite3.connect(self._file)) as database, database:
            yield database
