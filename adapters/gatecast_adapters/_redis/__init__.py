"""The parts of the Redis Streams relay."""
