"""What applies to every test."""

from hypothesis import settings

# A deadline per example is an assertion on the clock, and fails on a busy machine.
settings.register_profile("gatecast", deadline=None)
settings.load_profile("gatecast")
