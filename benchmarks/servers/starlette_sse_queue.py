"""Server-Sent Events on Starlette alone: a `StreamingResponse` fed by a queue for each stream."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import BaseRoute, Route

from benchmarks.message import Message
from benchmarks.servers._server import Options, run
from benchmarks.servers._uvicorn import UvicornServer


class StarletteSseQueue(UvicornServer):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._queues: set[asyncio.Queue[str]] = set()

    @property
    def connection_count(self) -> int:
        return len(self._queues)

    def routes(self) -> list[BaseRoute]:
        return [Route("/", self._endpoint)]

    async def broadcast(self, message: Message) -> None:
        event = f"data: {message.text}\n\n"
        for queue in self._queues:
            queue.put_nowait(event)

    async def _endpoint(self, _request: Request) -> StreamingResponse:
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        queue = asyncio.Queue[str]()
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)


if __name__ == "__main__":
    run(StarletteSseQueue)
