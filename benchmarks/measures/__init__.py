"""One way to measure per file: each runs the subjects of a case, their rounds interleaved."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

__all__ = ["take_turns"]


def take_turns(rounds: Sequence[Iterator[None]]) -> None:
    """Run all `rounds` to their end, a step of each in turn.

    Whatever else the machine does then meets all of them alike.
    """
    for _ in zip_longest(*rounds):
        pass
