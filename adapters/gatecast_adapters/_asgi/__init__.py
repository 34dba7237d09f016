"""What the adapters for ASGI servers share."""
