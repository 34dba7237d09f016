"""Live connections beside any ASGI framework."""
