"""Entries of the log: what is written comes back, and nothing that comes in can do harm."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from gatecast.cluster._envelopes import (
    Acknowledgement,
    Broadcast,
    Envelope,
    EventRevocation,
    Heartbeat,
    KeyRevocation,
    Leave,
    NodeId,
    ToAll,
    ToKey,
    ToPolicy,
    UnreadableEntry,
    decode,
    encode,
)
from gatecast.connections.guard import AuditEvent, AuditEventType
from gatecast.identity.ids import ApiTokenId, TokenHash
from tests.core.fakes import ALICE

NODE = NodeId("node-1")
REVOCATION = KeyRevocation(
    node=NODE, seq=5, index="account", key=str(ALICE), code=4001, reason="Gone", acknowledge=True
)
EVENT = AuditEvent(
    event_type=AuditEventType.LOGOUT,
    outcome="success",
    account_id=ALICE,
    token_hash=TokenHash("t"),
    api_token_id=ApiTokenId("a"),
)
ENVELOPES: list[Envelope] = [
    Heartbeat(node=NODE, seq=1),
    Heartbeat(node=NODE, seq=2, acknowledged=(Acknowledgement(node=NODE, seq=1, closed=3),)),
    Leave(node=NODE, seq=3),
    REVOCATION,
    EventRevocation(node=NODE, seq=6, event=EVENT, acknowledge=False),
    Broadcast(node=NODE, seq=7, message="{}", recipients=ToAll()),
    Broadcast(node=NODE, seq=8, message="{}", recipients=ToKey(index="account", key=[1, None])),
    Broadcast(
        node=NODE, seq=9, message="é", recipients=ToPolicy(policy="p", arguments={"a": {"b": 1.5}})
    ),
]

every_kind = pytest.mark.parametrize(
    "envelope", ENVELOPES, ids=lambda each: f"{each.kind} {each.seq}"
)


def members_of(envelope: Envelope) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = json.loads(encode(envelope))
    return members


def written(members: object) -> bytes:
    return json.dumps(members).encode()


@every_kind
def test_an_envelope_comes_back_as_it_was(envelope: Envelope) -> None:
    assert decode(encode(envelope)) == envelope


@every_kind
def test_unknown_members_are_ignored(envelope: Envelope) -> None:
    assert decode(written(members_of(envelope) | {"later": {"more": 1}})) == envelope


@every_kind
def test_another_version_may_be_a_revocation(envelope: Envelope) -> None:
    for version in (2, "1", None):
        _assert_may_revoke(written(members_of(envelope) | {"v": version}))


@every_kind
def test_only_what_is_no_revocation_is_harmless_when_a_member_is_missing(
    envelope: Envelope,
) -> None:
    members = members_of(envelope)
    for missing in ("node", "seq"):
        kept = {name: value for name, value in members.items() if name != missing}
        unreadable = decode(written(kept))
        assert isinstance(unreadable, UnreadableEntry)
        assert unreadable.may_revoke == (envelope.kind in {"revoke", "event"})


@pytest.mark.parametrize(
    ("member", "value"),
    [("key", ...), ("index", 1), ("code", "4001"), ("acknowledge", 1), ("seq", 1.5), ("seq", "1")],
)
def test_a_revocation_with_a_bad_member_may_be_a_revocation(member: str, value: object) -> None:
    members: dict[str, object] = {**members_of(REVOCATION), member: value}
    if value is ...:
        del members[member]
    _assert_may_revoke(written(members))


@pytest.mark.parametrize(
    "entry",
    [
        *(b"", b"\xff\x00", b"not JSON", b"{", b'"text"', b"[]", b"1", b"null", b"{}"),
        *(b'{"v":1}', b'{"v":1,"kind":"later"}', b'{"v":1,"kind":[]}', b'{"v":1,"kind":{}}'),
        b'{"v":1,"kind":"beat","node":"n","seq":1,"kind":"revoke"}',
        b'{"v":1,"kind":"beat","deep":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_what_is_no_envelope_at_all_may_be_a_revocation(entry: bytes) -> None:
    _assert_may_revoke(entry)


def test_what_was_in_an_entry_that_cannot_be_read_is_not_told() -> None:
    secret = "hunter2"
    for members in (
        {"v": 1, "kind": secret},
        {"v": 1, "kind": "broadcast", "recipients": {"to": secret}},
        {**members_of(REVOCATION), "code": secret},
    ):
        unreadable = decode(written(members))
        assert isinstance(unreadable, UnreadableEntry)
        assert secret not in unreadable.detail


def test_text_that_utf_8_lacks_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        encode(Heartbeat(node=NodeId("\ud800"), seq=1))


@given(st.binary())
def test_no_bytes_make_it_raise(entry: bytes) -> None:
    decode(entry)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = sorted({name for envelope in ENVELOPES for name in members_of(envelope)})


@given(
    st.sampled_from(ENVELOPES), st.dictionaries(st.sampled_from(MEMBERS), json_values, max_size=4)
)
def test_no_members_make_it_raise_and_no_spoiled_revocation_is_skipped(
    envelope: Envelope, spoiled: dict[str, object]
) -> None:
    decoded = decode(written(members_of(envelope) | spoiled))
    if isinstance(decoded, UnreadableEntry) and envelope.kind in {"revoke", "event"}:
        assert decoded.may_revoke or spoiled.get("kind") in {"beat", "bye", "broadcast"}


def _assert_may_revoke(entry: bytes) -> None:
    unreadable = decode(entry)
    assert isinstance(unreadable, UnreadableEntry)
    assert unreadable.may_revoke
