"""Several processes as one: a log of broadcasts and revocations, and a lease."""
