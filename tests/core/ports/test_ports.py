import pytest

from gatecast.ports.transport import is_filterable_broadcast_transport
from tests.core.fakes import World


class Foreign:
    """Somebody else's transport, which shares nothing with ours but the verbs."""

    transport_name = "foreign"

    async def send(self, message: object, options: object = None) -> None: ...

    def is_ready(self) -> bool:
        return True

    def broadcast_filtered(self, message: object, predicate: object) -> int:
        return 0


class Attribute(Foreign):
    broadcast_filtered = 3  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # that is what it is about


class Verb:
    """No transport, although it has the verb."""

    def broadcast_filtered(self, message: object, predicate: object) -> int:
        return 0


class Nameless(Foreign):
    transport_name = None  # type: ignore[assignment]  # as above


class Plain:
    def send(self, message: object) -> None: ...


def test_whatever_has_the_verb_is_filterable() -> None:
    assert is_filterable_broadcast_transport(World().transport())
    assert is_filterable_broadcast_transport(Foreign())


@pytest.mark.parametrize(
    "other", [Plain(), Attribute(), Verb(), Nameless(), None, "broadcast_filtered", object()]
)
def test_what_is_no_transport_with_the_verb_is_not_filterable(other: object) -> None:
    assert not is_filterable_broadcast_transport(other)
