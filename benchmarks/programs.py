"""What is measured, by the name it has in the tables."""

from typing import Final

from benchmarks.case import Program

RAW: Final = Program("raw asyncio", "servers.raw_websocket")
PICOWS: Final = Program("picows, send to each", "servers.picows_raw")
WEBSOCKETS: Final = Program("websockets.broadcast", "servers.websockets_broadcast")
PLAIN_LOOP: Final = Program("Starlette, plain loop", "servers.starlette_naive")
QUEUE: Final = Program("Starlette, queue per connection", "servers.starlette_queue")
IDLE: Final = Program("Starlette, nothing but held", "servers.starlette_idle")
GATECAST: Final = Program("Gatecast on Starlette", "servers.gatecast_websocket")

GATECAST_WEBSOCKETS: Final = Program("Gatecast on websockets", "servers.gatecast_websockets")
GATECAST_PICOWS: Final = Program("Gatecast on picows", "servers.gatecast_picows")

RAW_SSE: Final = Program("raw asyncio, SSE", "servers.raw_sse")
STREAMING_RESPONSE: Final = Program(
    "StreamingResponse, queue per stream", "servers.starlette_sse_queue"
)
SSE_STARLETTE: Final = Program("sse-starlette, queue per stream", "servers.sse_starlette_queue")
GATECAST_SSE: Final = Program("Gatecast SSE on Starlette", "servers.gatecast_sse")

GATECAST_CLUSTER: Final = Program("Gatecast over Redis Streams", "servers.gatecast_cluster")
SOCKET_IO: Final = Program("python-socketio, Redis manager", "servers.socketio_redis")
BARE_STREAM: Final = Program("redis-py, XADD to XREAD", "across_nodes")
REVOCATION: Final = Program("Gatecast, revoke to close", "across_nodes")
CHANNELS: Final = Program("Channels, channels_redis", "servers.channels_redis_group")

SEND_TO_ACCOUNT: Final = Program("send_to_account", "core_costs")
CLOSE_SESSION: Final = Program("close_sockets_for_session", "core_costs")
CLOSE_ACCOUNT: Final = Program("close_sockets_for_account", "core_costs")
CLOSE_TOKEN: Final = Program("close_sockets_for_token", "core_costs")
