"""sse-starlette: an `EventSourceResponse` fed by a queue for each stream."""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from benchmarks.message import Message
from benchmarks.servers._server import Options, run
from benchmarks.servers._uvicorn import PING_SECONDS, UvicornServer


class SseStarletteQueue(UvicornServer):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._queues: set[asyncio.Queue[str]] = set()

    @property
    def connection_count(self) -> int:
        return len(self._queues)

    def routes(self) -> list[BaseRoute]:
        return [Route("/", self._endpoint)]

    async def broadcast(self, message: Message) -> None:
        for queue in self._queues:
            queue.put_nowait(message.text)

    async def _endpoint(self, _request: Request) -> EventSourceResponse:
        return EventSourceResponse(self._events(), ping=PING_SECONDS)

    async def _events(self) -> AsyncIterator[dict[str, str]]:
        queue = asyncio.Queue[str]()
        self._queues.add(queue)
        try:
            while True:
                yield {"data": await queue.get()}
        finally:
            self._queues.discard(queue)


if __name__ == "__main__":
    run(SseStarletteQueue)
