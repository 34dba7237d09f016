"""The tutorial's WebSocket client: `python tutorial_client.py ws://127.0.0.1:8000/websocket TOKEN`.

It prints every message, and in the end how the server closed the socket.
"""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def listen(url: str, token: str) -> None:
    """Print what comes in under the session of `token`, until the socket is closed."""
    async with connect(url, additional_headers={"Cookie": f"session={token}"}) as socket:
        print("connected", flush=True)
        try:
            while True:
                print(await socket.recv(), flush=True)
        except ConnectionClosed:
            print("closed with", socket.close_code, socket.close_reason, flush=True)


if __name__ == "__main__":
    asyncio.run(listen(*sys.argv[1:]))
