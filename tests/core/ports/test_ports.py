import pytest

from gatecast.ports.ports import is_filterable_broadcast_transport
from tests.core.fakes import World


class Foreign:
    """Somebody else's transport, which shares nothing with ours but the verb."""

    def broadcast_filtered(self, message: object, predicate: object) -> int:
        return 0


class Attribute:
    broadcast_filtered = 3


class Plain:
    def send(self, message: object) -> None: ...


def test_whatever_has_the_verb_is_filterable() -> None:
    assert is_filterable_broadcast_transport(World().transport())
    assert is_filterable_broadcast_transport(Foreign())


@pytest.mark.parametrize("other", [Plain(), Attribute(), None, "broadcast_filtered", object()])
def test_whatever_lacks_the_verb_is_not_filterable(other: object) -> None:
    assert not is_filterable_broadcast_transport(other)
