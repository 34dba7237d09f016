"""Ids of four kinds that don't mix, although at run time they are two."""

from typing import assert_type
from uuid import UUID

from gatecast import (
    ACCOUNT,
    API_TOKEN,
    SESSION,
    AccountId,
    ApiTokenId,
    ConnectionId,
    ConnectionIdentity,
    TokenHash,
    notification,
)
from gatecast_adapters.memory import MemoryTransport

HELLO = notification("hello")


def an_account_is_no_connection(
    transport: MemoryTransport, account_id: AccountId, connection_id: ConnectionId, plain: UUID
) -> None:
    assert_type(transport.close_sockets_for_account(account_id), int)
    assert_type(transport.send_to_account(account_id, HELLO), int)
    assert_type(transport.close_connection(connection_id), bool)
    assert_type(transport.send_to_connection(connection_id, HELLO), bool)
    transport.close_sockets_for_account(connection_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.close_sockets_for_account(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.send_to_account(connection_id, HELLO)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.close_connection(account_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.send_to_connection(account_id, HELLO)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.rotate_identity(account_id, ConnectionIdentity(account_id))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_session_is_no_api_token(
    transport: MemoryTransport, token_hash: TokenHash, api_token_id: ApiTokenId, plain: str
) -> None:
    assert_type(transport.close_sockets_for_session(token_hash), int)
    assert_type(transport.close_sockets_for_token(api_token_id), int)
    transport.close_sockets_for_session(api_token_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.close_sockets_for_session(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.close_sockets_for_session(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.close_sockets_for_token(token_hash)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.close_sockets_for_token(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    transport.close_sockets_for_token(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def an_index_takes_its_own_key_only(
    transport: MemoryTransport,
    account_id: AccountId,
    connection_id: ConnectionId,
    token_hash: TokenHash,
    api_token_id: ApiTokenId,
) -> None:
    assert_type(transport.close_by(ACCOUNT, account_id), int)
    assert_type(transport.send_by(SESSION, token_hash, HELLO), int)
    transport.close_by(ACCOUNT, connection_id)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    transport.close_by(SESSION, api_token_id)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    transport.close_by(SESSION, None)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    transport.send_by(API_TOKEN, token_hash, HELLO)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


def an_identity_takes_each_id_in_its_place(
    account_id: AccountId,
    connection_id: ConnectionId,
    token_hash: TokenHash,
    api_token_id: ApiTokenId,
) -> None:
    identity = ConnectionIdentity(account_id, token_hash, api_token_id)
    assert_type(identity.account_id, AccountId)
    assert_type(identity.token_hash, TokenHash | None)
    assert_type(identity.api_token_id, ApiTokenId | None)
    ConnectionIdentity(connection_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ConnectionIdentity(account_id, token_hash=api_token_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ConnectionIdentity(account_id, api_token_id=token_hash)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_registration_gives_a_connection_id(transport: MemoryTransport, account_id: AccountId) -> None:
    transport.connect(ConnectionIdentity(account_id))
    (connection,) = transport.get_connections()
    assert_type(connection.id, ConnectionId)
    assert_type(connection.identity, ConnectionIdentity)
