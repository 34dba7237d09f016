"""The SSE transport as an app makes it."""

from typing import assert_type

from starlette.requests import Request
from starlette.responses import Response

from gatecast import (
    AccountId,
    ApiTokenId,
    ConnectionIdentity,
    TokenHash,
)
from gatecast_adapters.starlette_sse import BackendSseTransport, SseIdentity
from tests.typing.samples import SERIAL, Device, Serial


async def device_of(request: Request) -> Device | None:
    serial = request.headers.get("serial")
    return None if serial is None else Device(Serial(serial))


async def connection_of(request: Request) -> ConnectionIdentity | None:
    raise NotImplementedError


def the_identity_is_sse_identity_unless_said_otherwise() -> None:
    assert_type(BackendSseTransport(), BackendSseTransport[SseIdentity])
    assert_type(BackendSseTransport[Device](), BackendSseTransport[Device])


def an_index_says_whose_identity_it_is() -> None:
    assert_type(BackendSseTransport(indexes=(SERIAL,)), BackendSseTransport[Device])


def a_stream_always_has_a_session_and_never_an_api_token(
    streams: BackendSseTransport,
    account_id: AccountId,
    token_hash: TokenHash,
    api_token_id: ApiTokenId,
) -> None:
    assert_type(streams.get_connections()[0].identity.token_hash, TokenHash)
    assert_type(streams.close_sockets_for_session(token_hash), int)
    assert_type(streams.close_sockets_for_account(account_id), int)
    streams.close_sockets_for_token(api_token_id)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    SseIdentity(account_id)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SseIdentity(account_id, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def the_callback_is_about_the_transports_identity(
    devices: BackendSseTransport[Device], request: Request
) -> Response:
    devices.serve(request, identify=connection_of)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return devices.serve(request, identify=device_of)
