"""JSON-RPC 2.0 messages, and the form in which they are sent."""
