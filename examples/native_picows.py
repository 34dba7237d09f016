"""A picows server, without a framework: `python -m examples.native_picows`."""

import asyncio
from hashlib import sha256
from uuid import UUID

from picows import (
    WSUpgradeRequest,
    WSUpgradeResponseWithListener,
    ws_create_server,  # pyright: ignore[reportUnknownVariableType]  # annotated in part only
)

from gatecast import AccountId, ApiTokenId, ConnectionIdentity
from gatecast_adapters.picows_server import PicowsServerTransport

transport = PicowsServerTransport()
tokens = {ApiTokenId(sha256(b"secret").hexdigest()): AccountId(UUID(int=1))}


async def identify(request: WSUpgradeRequest) -> ConnectionIdentity | None:
    """The owner of this bearer token."""
    secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = ApiTokenId(sha256(secret.encode()).hexdigest())
    return ConnectionIdentity(tokens[token], api_token_id=token) if token in tokens else None


def listener(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
    """Answer a request for a connection."""
    return transport.serve(request, identify=identify)


async def start(port: int) -> asyncio.Server:
    """The server; `async with` stops it at the end."""
    return await ws_create_server(listener, "127.0.0.1", port, max_frame_size=1024 * 1024)


async def main() -> None:
    """Serve until interrupted, then drain the connections."""
    async with await start(8000):
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await transport.drain()


if __name__ == "__main__":
    asyncio.run(main())
