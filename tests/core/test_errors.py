from uuid import UUID

import pytest

from gatecast import errors
from gatecast.errors import (
    AdmissionError,
    CapReachedError,
    FencedError,
    GatecastError,
    HandleError,
    IncompleteEventError,
    InvalidClientError,
    InvalidCloseError,
    InvalidEventFieldError,
    InvalidExpiryError,
    InvalidKeyError,
    InvalidLimitError,
    InvalidMessageError,
    InvalidOriginError,
    MessageNotSerializableError,
    NotAdmittedError,
    RelayError,
    RelayGapError,
    RelayUnavailableError,
    RevocationNotDurableError,
    SlowConsumerError,
    UnknownIndexError,
    UnknownTransportError,
    UsageError,
    WrongThreadError,
)


def printed_tree() -> dict[str, str]:
    """Child to parent, as the module's docstring draws them: four columns for each level."""
    path: list[str] = []
    parents: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        drawing, name, _ = line.partition(next((w for w in line.split() if "Error" in w), "\0"))
        if name and not drawing.strip(" │├└─"):
            path[len(drawing) // 4 - 1 :] = [name]
            parents[name] = path[-2] if len(path) > 1 else "Exception"
    return parents


def test_the_printed_tree_is_the_tree_of_classes() -> None:
    classes = {name: getattr(errors, name) for name in errors.__all__}
    assert printed_tree() == {name: each.__bases__[0].__name__ for name, each in classes.items()}


@pytest.mark.parametrize(
    "parent", [GatecastError, UsageError, HandleError, AdmissionError, RelayError]
)
def test_a_parent_is_for_except_clauses_only(parent: type[GatecastError]) -> None:
    assert parent.__subclasses__()


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (InvalidKeyError("account", UUID, "x"), TypeError),
        (UnknownIndexError("room", ()), LookupError),
        (InvalidClientError("client", "detail"), ValueError),
        (InvalidCloseError(1005), ValueError),
        (InvalidLimitError("turn", 0), ValueError),
        (InvalidMessageError("detail"), ValueError),
        (InvalidOriginError("detail"), ValueError),
        (InvalidEventFieldError("id", "a\nb"), ValueError),
        (MessageNotSerializableError("detail"), ValueError),
        (WrongThreadError("broadcast"), RuntimeError),
        (UnknownTransportError("a", ()), LookupError),
        (IncompleteEventError("logout", "account_id"), ValueError),
        (InvalidExpiryError("soon"), TypeError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_usage_error_is_also_the_builtin_that_fits(
    error: UsageError, builtin: type[Exception]
) -> None:
    assert isinstance(error, builtin)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InvalidKeyError("account", UUID, "x"), "'account' has keys of type UUID, not str"),
        (UnknownIndexError("room", ()), "no index 'room' (its indexes: none)"),
        (InvalidClientError("client", "detail"), "can't use this str: detail"),
        (InvalidCloseError(1005), "1005 may not be sent"),
        (InvalidLimitError("turn", 0), "turn must be a number above zero, not 0"),
        (InvalidEventFieldError("id", "a\nb"), r"'a\nb' can't be the 'id' of an event"),
        (SlowConsumerError(3, 99), "3 messages (99 bytes) wait"),
        (NotAdmittedError("peer"), "'peer' was never identified"),
        (UnknownTransportError("a", ("b", "c")), "no transport is called 'a' (registered: b, c)"),
        (IncompleteEventError("logout", "account_id"), "'logout' needs account_id"),
        (InvalidExpiryError("soon"), "not 'soon'; for a datetime, pass .timestamp()"),
        (CapReachedError("account", 3), "3 connections under this key of 'account'"),
        (FencedError(), "does not know what was revoked"),
        (RelayUnavailableError("refused"), "not available: refused"),
        (RelayGapError("5-0"), "does not continue from '5-0'"),
        (RevocationNotDurableError(3, "refused"), "3 connections were closed on this node"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_message_names_what_was_wrong(error: GatecastError, told: str) -> None:
    assert told in str(error)
