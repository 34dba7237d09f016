"""The guard: audit events in, closed connections out.

An app that writes an audit log calls the guard with every event, and has wired revocation. Call it
after the transaction is committed, since a rollback must close nothing, and after the response is
sent, since the request may have come over a connection that is about to be closed.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, Never, TypeVar

from gatecast.connections._home_thread import Call
from gatecast.connections.member import HasMember, revoke_on
from gatecast.connections.recipients import UnderKey
from gatecast.errors import IncompleteEventError
from gatecast.identity.ids import AccountId, ApiTokenId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, Index
from gatecast.identity.predicate import Predicate

__all__ = ["AuditEvent", "AuditEventType", "RevocationGuard"]

TId = TypeVar("TId")
TKey = TypeVar("TKey", bound=Hashable)

_GUARD: Final = Call("guard", "")


class AuditEventType(StrEnum):
    """What happened to the credentials of an account."""

    SESSION_REVOKED = "session_revoked"
    ALL_SESSIONS_REVOKED = "all_sessions_revoked"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105  # An event, no secret.
    ALL_TOKENS_REVOKED = "all_tokens_revoked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    LOGOUT = "logout"
    ROLE_REVOKED = "role_revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One event, and the ids of its credentials; its type decides which ids it needs."""

    event_type: AuditEventType
    outcome: Literal["success", "failure"]
    account_id: AccountId | None = None
    """The account that loses something, not the administrator who takes it away."""
    token_hash: TokenHash | None = None
    api_token_id: ApiTokenId | None = None


class RevocationGuard:
    """Closes the connections that an audit event ends; wire it as the callback of an audit log.

    | event | closes |
    | --- | --- |
    | session revoked | the connections of the session |
    | logout | the same; if no session is named, as all sessions revoked |
    | token revoked | the connections of the API token |
    | all sessions revoked | the account's connections that were opened under a session |
    | all tokens revoked | the account's connections that were opened with an API token |
    | password changed | all connections of the account |
    | role revoked | the account's streams; its sockets only with `sockets_on_role_revoked` |

    An identity type that has neither `token_hash` nor `api_token_id` may stand for either
    credential, so its connections are closed with both.

    An app should check a role again for each message of a socket, while a stream is checked only
    when it is opened. Events with the outcome `failure` close nothing: their ids are what somebody
    sent, not what they own.
    """

    def __init__(
        self,
        *,
        sockets: Collection[HasMember[object]] = (),
        streams: Collection[HasMember[object]] = (),
        sockets_on_role_revoked: bool = False,
    ) -> None:
        members = [leaf for transport in streams for leaf in transport.member.leaves]
        sockets_too = [leaf for transport in sockets for leaf in transport.member.leaves] + members
        self._all = sockets_too
        self._on_role_revoked = sockets_too if sockets_on_role_revoked else members

    def __call__(self, event: AuditEvent) -> int:
        """Close the connections that `event` ends; return how many.

        Raises `IncompleteEventError` if the event lacks the id that its type needs, and then has
        closed nothing. All transports forget their connections before the first handle is closed
        (REV-2). If one transport raises, the others still close, and the error is raised at the
        end.
        """
        if event.outcome != "success":
            return 0
        match event.event_type:
            case AuditEventType.SESSION_REVOKED:
                return self._close(SESSION, _required(event, "token_hash", event.token_hash))
            case AuditEventType.TOKEN_REVOKED:
                return self._close(API_TOKEN, _required(event, "api_token_id", event.api_token_id))
            case AuditEventType.LOGOUT if event.token_hash is not None:
                return self._close(SESSION, event.token_hash)
            case _:
                return self._close_account(event)

    def _close(self, index: Index[Never, TKey], key: TKey) -> int:
        return revoke_on(self._all, _GUARD, UnderKey(index, key))

    def _close_account(self, event: AuditEvent) -> int:
        where = _OF_ACCOUNT[event.event_type]
        account_id = _required(event, "account_id", event.account_id)
        role = event.event_type is AuditEventType.ROLE_REVOKED
        members = self._on_role_revoked if role else self._all
        return revoke_on(members, _GUARD, UnderKey(ACCOUNT, account_id, where))


def _required(event: AuditEvent, field: str, value: TId | None) -> TId:
    if value is None:
        raise IncompleteEventError(event.event_type, field)
    return value


def _may_have_session(identity: object) -> bool:
    return getattr(identity, "token_hash", None) is not None or _says_nothing(identity)


def _may_have_api_token(identity: object) -> bool:
    return getattr(identity, "api_token_id", None) is not None or _says_nothing(identity)


def _says_nothing(identity: object) -> bool:
    return not (hasattr(identity, "token_hash") or hasattr(identity, "api_token_id"))


# Which of an account's connections the event closes; `None` for all of them.
_OF_ACCOUNT: Final[dict[AuditEventType, Predicate[object] | None]] = {
    AuditEventType.LOGOUT: _may_have_session,
    AuditEventType.ALL_SESSIONS_REVOKED: _may_have_session,
    AuditEventType.ALL_TOKENS_REVOKED: _may_have_api_token,
    AuditEventType.PASSWORD_CHANGED: None,
    AuditEventType.ROLE_REVOKED: None,
}
