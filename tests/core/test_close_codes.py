import pytest

from gatecast.close_codes import (
    MAX_REASON_BYTES,
    CloseCode,
    is_final,
    truncate_reason,
    validate_close_code,
)
from gatecast.errors import (
    AdmissionError,
    AdmissionExpiredError,
    AdmissionRevokedError,
    CapReachedError,
    CredentialExpiredError,
    DrainingError,
    FencedError,
    InvalidCloseError,
)
from gatecast.ports.ending import ending_of_refusal

SENDABLE = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}


def test_exactly_the_codes_that_may_be_on_the_wire_are_accepted() -> None:
    # RFC 6455 section 7.4 and the IANA registry; 1012 to 1014 are registered, 1015 is reserved.
    for code in range(6000):
        if code in SENDABLE:
            assert validate_close_code(code) == code
        else:
            with pytest.raises(InvalidCloseError) as raised:
                validate_close_code(code)
            assert raised.value.code == code


@pytest.mark.parametrize("code", [True, 1000.0, "1000", None])
def test_a_code_that_is_no_integer_is_refused(code: object) -> None:
    with pytest.raises(InvalidCloseError):
        # A caller without a type checker is the one that this is for.
        validate_close_code(code)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_every_code_that_gatecast_closes_with_may_be_sent() -> None:
    assert {validate_close_code(code) for code in CloseCode} == set(CloseCode)


@pytest.mark.parametrize("reason", ["", "Session revoked", "x" * 123, "ü" * 61])
def test_a_reason_that_fits_is_kept(reason: str) -> None:
    assert truncate_reason(reason) == reason


@pytest.mark.parametrize(
    ("reason", "kept"),
    [("x" * 124, "x" * 123), ("ü" * 62, "ü" * 61), ("x" + "€" * 41, "x" + "€" * 40)],
    ids=["ascii", "two bytes each", "three bytes each"],
)
def test_a_longer_reason_is_cut_between_characters(reason: str, kept: str) -> None:
    assert truncate_reason(reason) == kept
    assert len(kept.encode()) <= MAX_REASON_BYTES


def test_a_lone_surrogate_in_a_reason_becomes_a_question_mark() -> None:
    assert truncate_reason("a\ud800b") == "a?b"


def test_only_revocation_and_a_violated_policy_are_final() -> None:
    final = {code for code in CloseCode if is_final(code)}
    assert final == {CloseCode.SESSION_REVOKED, CloseCode.POLICY_VIOLATION}
    assert not is_final(4000)


REFUSALS: list[tuple[AdmissionError, int]] = [
    (AdmissionRevokedError(), 4001),
    (AdmissionExpiredError(), 1013),
    (CapReachedError("account", 1), 4429),
    (CredentialExpiredError(0.0), 4001),
    (DrainingError(), 1001),
    (FencedError(), 1012),
]


@pytest.mark.parametrize(("refusal", "code"), REFUSALS, ids=lambda value: type(value).__name__)
def test_a_refusal_has_a_code_that_is_final_only_for_a_dead_credential(
    refusal: AdmissionError, code: int
) -> None:
    assert ending_of_refusal(refusal).code == code
    assert is_final(code) == (code == 4001)


def test_every_refusal_has_a_code() -> None:
    assert {type(refusal) for refusal, _ in REFUSALS} == {
        each for each in AdmissionError.__subclasses__() if each.__module__ == "gatecast.errors"
    }
