"""A `websockets` server, without a framework: `python -m examples.native_websockets`."""

import asyncio
from hashlib import sha256
from uuid import UUID

from websockets.asyncio.server import Server, serve
from websockets.http11 import Request

from gatecast import AccountId, ApiTokenId, ConnectionIdentity
from gatecast_adapters.websockets_server import WebsocketsServerTransport

transport = WebsocketsServerTransport()
tokens = {ApiTokenId(sha256(b"secret").hexdigest()): AccountId(UUID(int=1))}


async def identify(request: Request) -> ConnectionIdentity | None:
    """The owner of this bearer token."""
    secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = ApiTokenId(sha256(secret.encode()).hexdigest())
    return ConnectionIdentity(tokens[token], api_token_id=token) if token in tokens else None


def start(port: int) -> Server:
    """The server; `async with` runs it."""
    process_request = transport.process_request(identify)
    return serve(transport.serve, "127.0.0.1", port, process_request=process_request)


async def main() -> None:
    """Serve until interrupted, then drain the connections."""
    async with start(8000):
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await transport.drain()


if __name__ == "__main__":
    asyncio.run(main())
