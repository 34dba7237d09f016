"""What the adapters for native WebSocket servers share."""
