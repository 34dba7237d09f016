"""The ports: what the core asks of adapters, relays and the event loop."""
