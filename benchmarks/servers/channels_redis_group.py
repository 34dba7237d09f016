"""Channels with channels_redis: a consumer per connection, all of them in one group."""

# Neither Channels nor Django has annotations.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUntypedBaseClass=false

import socket

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.conf import settings

from benchmarks.message import Message
from benchmarks.servers._server import Options, Server, run
from benchmarks.servers._uvicorn import serve

_GROUP = "everyone"


class Consumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # as above
    joined = 0

    async def connect(self) -> None:
        await self.channel_layer.group_add(_GROUP, self.channel_name)
        await self.accept()
        Consumer.joined += 1

    async def tick(self, event: dict[str, str]) -> None:
        await self.send(text_data=event["text"])


class ChannelsRedis(Server):
    def __init__(self, options: Options) -> None:
        super().__init__(options)
        # Its reads block for 5 s, which redis-py 8 takes for a dead connection unless told.
        host = {"address": f"redis://127.0.0.1:{options.redis}", "socket_timeout": None}
        settings.configure(
            CHANNEL_LAYERS={
                "default": {
                    "BACKEND": "channels_redis.core.RedisChannelLayer",
                    "CONFIG": {"hosts": [host]},
                }
            }
        )

    @property
    def connection_count(self) -> int:
        return Consumer.joined

    async def start(self, listener: socket.socket) -> None:
        self._serving = serve(Consumer.as_asgi(), listener, self.options)

    async def broadcast(self, message: Message) -> None:
        layer = get_channel_layer()
        assert layer is not None
        await layer.group_send(_GROUP, {"type": "tick", "text": message.text})


if __name__ == "__main__":
    run(ChannelsRedis)
