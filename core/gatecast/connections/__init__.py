"""The connections of one process: registration, delivery, revocation and draining."""
