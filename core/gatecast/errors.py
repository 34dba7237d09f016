"""Every error that Gatecast raises, split by whose fault it is.

    GatecastError
    ├── UsageError                       the caller's: fix the call
    │   ├── DuplicateHandleError         the handle is registered already
    │   ├── DuplicateIdError             the id factory repeated itself
    │   ├── DuplicateIndexError          two indexes have the same name
    │   ├── DuplicatePolicyError         another policy has the name
    │   ├── DuplicateTransportError      another transport has the name
    │   ├── IncompleteEventError         an audit event without the id that its type needs
    │   ├── InvalidClientError           a broker's client that a relay can't use
    │   ├── InvalidKeyError              a key that the index could never match
    │   ├── UnknownIndexError            an index that the transport was not built with
    │   ├── InvalidCloseError            a close code that may not be sent on the wire
    │   ├── InvalidEventFieldError       an SSE field that breaks its line or is reserved
    │   ├── InvalidExpiryError           an expiry that would never come
    │   ├── InvalidLimitError            a limit that would let nothing through
    │   ├── InvalidMessageError          not a JSON-RPC 2.0 message of the kind asked for
    │   ├── InvalidOriginError           no origin that a browser would send
    │   ├── InvalidPolicyArgumentError   an argument that can't travel to other nodes
    │   ├── MessageNotSerializableError  a message that has no JSON form
    │   ├── NotAdmittedError             a connection that nobody has identified
    │   ├── UnknownPolicyError           no policy has the name
    │   ├── UnknownTransportError        no transport has the name
    │   ├── UnnamedPolicyError           a rule that other nodes could not know
    │   ├── UnportableIndexError         keys that can't travel to other nodes
    │   └── WrongThreadError             a call from a thread other than the event loop's
    ├── HandleError                      the peer's: raised by a handle's `send`
    │   ├── HandleClosedError            the peer is gone
    │   └── SlowConsumerError            the peer does not keep up
    ├── AdmissionError                   the credential's: the connection is refused
    │   ├── AdmissionRevokedError        revoked while it was being checked
    │   ├── CapReachedError              as many connections as are allowed
    │   ├── CredentialExpiredError       the credential has ended by itself
    │   ├── DrainingError                the transport takes no more connections
    │   ├── FencedError                  the node can't know what was revoked elsewhere
    │   └── AdmissionExpiredError        the check took longer than can be vouched for
    └── RelayError                       the relay's: look at the broker
        ├── RelayUnavailableError        it could not be reached, or did not answer in time
        ├── RelayGapError                entries are missing from its log
        └── RevocationNotDurableError    other nodes may not learn of a revocation

The parents are for `except` clauses and are never raised themselves. Each error has the facts as
fields; the wording of its message is not part of the public promise.
"""

from __future__ import annotations

__all__ = [
    "AdmissionError",
    "AdmissionExpiredError",
    "AdmissionRevokedError",
    "CapReachedError",
    "CredentialExpiredError",
    "DrainingError",
    "DuplicateHandleError",
    "DuplicateIdError",
    "DuplicateIndexError",
    "DuplicatePolicyError",
    "DuplicateTransportError",
    "FencedError",
    "GatecastError",
    "HandleClosedError",
    "HandleError",
    "IncompleteEventError",
    "InvalidClientError",
    "InvalidCloseError",
    "InvalidEventFieldError",
    "InvalidExpiryError",
    "InvalidKeyError",
    "InvalidLimitError",
    "InvalidMessageError",
    "InvalidOriginError",
    "InvalidPolicyArgumentError",
    "MessageNotSerializableError",
    "NotAdmittedError",
    "RelayError",
    "RelayGapError",
    "RelayUnavailableError",
    "RevocationNotDurableError",
    "SlowConsumerError",
    "UnknownIndexError",
    "UnknownPolicyError",
    "UnknownTransportError",
    "UnnamedPolicyError",
    "UnportableIndexError",
    "UsageError",
    "WrongThreadError",
]


class GatecastError(Exception):
    """The root of the tree."""


class UsageError(GatecastError):
    """The call is wrong and changed nothing."""


class DuplicateHandleError(UsageError):
    """The handle is registered already (REG-2)."""

    def __init__(self, handle: object) -> None:
        self.handle = handle
        super().__init__(
            f"{handle!r} is registered already; one handle stands for one connection, "
            "so remove it first or make a new handle"
        )


class DuplicateIdError(UsageError):
    """The id factory returned the id of a live connection (REG-1)."""

    def __init__(self, connection_id: object) -> None:
        self.connection_id = connection_id
        super().__init__(
            f"the id factory returned {connection_id}, which is in use; it must never repeat itself"
        )


class DuplicateIndexError(UsageError):
    """Two indexes of a cluster have the same name, by which they travel."""

    def __init__(self, index: str) -> None:
        self.index = index
        super().__init__(
            f"two indexes are called {index!r}; nodes know an index by its name, so rename one"
        )


class DuplicatePolicyError(UsageError):
    """Another policy is registered under the name."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        super().__init__(f"another policy is called {policy!r}; give one of them another name")


class DuplicateTransportError(UsageError):
    """Another transport is registered under the name."""

    def __init__(self, transport_name: str) -> None:
        self.transport_name = transport_name
        super().__init__(
            f"another transport is called {transport_name!r}; give one of them another name"
        )


class UnknownTransportError(UsageError, LookupError):
    """No transport is registered under the name."""

    def __init__(self, transport_name: str, known: tuple[str, ...]) -> None:
        self.transport_name = transport_name
        self.known = known
        super().__init__(
            f"no transport is called {transport_name!r}, only {', '.join(known) or 'none'}; "
            "register it first"
        )


class UnknownPolicyError(UsageError, LookupError):
    """No policy is registered under the name."""

    def __init__(self, policy: str, known: tuple[str, ...]) -> None:
        self.policy = policy
        self.known = known
        super().__init__(
            f"no policy is called {policy!r}, only {', '.join(known) or 'none'}; "
            "register it on every node"
        )


class UnnamedPolicyError(UsageError, TypeError):
    """A bare function, which other nodes could not know."""

    def __init__(self, rule: object) -> None:
        self.rule = rule
        super().__init__(
            f"{rule!r} can't be sent to other nodes; name it with @policies.register('a-name') "
            "on every node, and pass what a call of it returns"
        )


class InvalidPolicyArgumentError(UsageError, TypeError):
    """An argument of a policy that would arrive on other nodes as something else."""

    def __init__(self, policy: str, parameter: str, value: object) -> None:
        self.policy = policy
        self.parameter = parameter
        self.value = value
        super().__init__(
            f"{parameter!r} of policy {policy!r} is a {type(value).__name__} without a JSON form "
            "that comes back equal; pass text, numbers, lists or objects (a UUID as str)"
        )


class UnportableIndexError(UsageError, TypeError):
    """An index whose keys can't travel to other nodes."""

    def __init__(self, index: str, key_type: type[object]) -> None:
        self.index = index
        self.key_type = key_type
        super().__init__(
            f"keys of index {index!r} are {key_type.__name__}, which has no JSON form; "
            "use str, int, UUID or another type that pydantic reads from JSON"
        )


class IncompleteEventError(UsageError, ValueError):
    """An audit event lacks the id that says whom it is about; nothing was closed."""

    def __init__(self, event_type: str, field: str) -> None:
        self.event_type = event_type
        self.field = field
        super().__init__(f"an event {event_type!r} needs {field}; nothing was closed")


class InvalidClientError(UsageError, ValueError):
    """A broker's client with settings under which a relay can't keep its promises."""

    def __init__(self, client: object, detail: str) -> None:
        self.client = client
        self.detail = detail
        super().__init__(f"the relay can't use {type(client).__name__} as it is: {detail}")


class InvalidExpiryError(UsageError, TypeError):
    """An `expires_at` that is not a number of seconds, and so would never come."""

    def __init__(self, expires_at: object) -> None:
        self.expires_at = expires_at
        super().__init__(
            f"expires_at must be seconds since the epoch or None, not {expires_at!r}; "
            "of a datetime take .timestamp()"
        )


class InvalidKeyError(UsageError, TypeError):
    """A key of a type that the index could never match."""

    def __init__(self, index: str, expected: type[object], key: object) -> None:
        self.index = index
        self.expected = expected
        self.key = key
        super().__init__(
            f"index {index!r} has keys of type {expected.__name__}, not {type(key).__name__}; "
            "a key of another type would match nothing and leave connections open"
        )


class UnknownIndexError(UsageError, LookupError):
    """An index that the transport was not built with."""

    def __init__(self, index: str, known: tuple[str, ...]) -> None:
        self.index = index
        self.known = known
        super().__init__(
            f"the transport has no index {index!r}, only {', '.join(known) or 'none'}; "
            "pass it to the constructor with indexes=(...)"
        )


class InvalidCloseError(UsageError, ValueError):
    """A close code that an application may not send (RFC 6455 section 7.4)."""

    def __init__(self, code: object) -> None:
        self.code = code
        super().__init__(
            f"close code {code!r} may not be sent; use 1000-1003, 1007-1014 or 3000-4999"
        )


class InvalidEventFieldError(UsageError, ValueError):
    """An `id:` or `event:` with a line break or NUL (WHATWG HTML section 9.2.6), or a reserved one.

    Reserved is what the adapter's own final event has: a client would take the message for it.
    """

    def __init__(
        self, field: str, value: str, why: str = "a line break or NUL would end the field"
    ) -> None:
        self.field = field
        self.value = value
        self.why = why
        super().__init__(f"{value!r} can't be the {field!r} of an event: {why}")


class InvalidLimitError(UsageError, ValueError):
    """A limit that is not above zero."""

    def __init__(self, name: str, value: object) -> None:
        self.name = name
        self.value = value
        super().__init__(f"{name} must be a number above zero, not {value!r}")


class InvalidMessageError(UsageError, ValueError):
    """Not a JSON-RPC 2.0 message of the kind asked for."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"not a valid JSON-RPC 2.0 message: {detail}")


class InvalidOriginError(UsageError, ValueError):
    """Not an origin as a browser sends it (RFC 6454 section 7)."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(
            f"{origin!r} is no origin; pass a collection of 'scheme://host[:port]' without a path, "
            "or '*' for any"
        )


class MessageNotSerializableError(UsageError, ValueError):
    """The message has no JSON form; it was sent to nobody."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"the message can't be written as JSON and was sent to nobody: {detail}")


class NotAdmittedError(UsageError):
    """A connection that reached an adapter past the point where peers are identified."""

    def __init__(self, connection: object) -> None:
        self.connection = connection
        super().__init__(
            f"{connection!r} was never identified, so it can't be served; start the server with "
            "process_request=transport.process_request(identify)"
        )


class WrongThreadError(UsageError, RuntimeError):
    """A call from a thread other than the event loop's (SHP-2)."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        super().__init__(
            f"{verb}() was called from another thread than the one that serves the connections; "
            f"from a worker thread call anyio.from_thread.run_sync(transport.{verb}, ...), "
            f"from any other thread loop.call_soon_threadsafe(transport.{verb}, ...)"
        )


class HandleError(GatecastError):
    """A handle did not take a frame; raised by `ConnectionHandle.send`."""


class HandleClosedError(HandleError):
    """The peer is gone, or the handle was closed."""

    def __init__(self) -> None:
        super().__init__("the connection is closed; nothing more can be sent to it")


class SlowConsumerError(HandleError):
    """Too much waits for this peer already: one of the two bounds would be exceeded (BKP-2)."""

    def __init__(self, waiting_messages: int, waiting_bytes: int) -> None:
        self.waiting_messages = waiting_messages
        self.waiting_bytes = waiting_bytes
        super().__init__(
            f"the peer does not keep up: {waiting_messages} messages ({waiting_bytes} bytes) wait "
            "for it; raise the limits of the outbox if that is too few"
        )


class AdmissionError(GatecastError):
    """The connection is refused; it was not registered."""


class AdmissionRevokedError(AdmissionError):
    """A revocation landed between the check of the credential and the registration (REV-6)."""

    def __init__(self) -> None:
        super().__init__("the credential was revoked while it was being checked; refuse it")


class AdmissionExpiredError(AdmissionError):
    """The admission is closed, or was open for longer than revocations are remembered (REV-6)."""

    def __init__(self) -> None:
        super().__init__(
            "the admission is no longer open, so a revocation may have been missed; "
            "refuse the connection and let the client try again"
        )


class CredentialExpiredError(AdmissionError):
    """The credential has ended by itself (REV-8)."""

    def __init__(self, expires_at: float) -> None:
        self.expires_at = expires_at
        super().__init__(f"the credential expired at {expires_at}; ask the client to refresh it")


class CapReachedError(AdmissionError):
    """One key of an index has as many connections as it may have."""

    def __init__(self, index: str, limit: int) -> None:
        self.index = index
        self.limit = limit
        super().__init__(
            f"there are {limit} connections under this key of {index!r} already; close one of "
            'them first, or use when_reached="close_oldest"'
        )


class DrainingError(AdmissionError):
    """The transport is being drained and takes no more connections (LIF-2)."""

    def __init__(self) -> None:
        super().__init__("the server is shutting down; let the client try another one")


class FencedError(AdmissionError):
    """The node has not caught up with the relay, so it can't know what was revoked (CLU-3)."""

    def __init__(self) -> None:
        super().__init__(
            "this node does not know what was revoked on others; let the client try again later"
        )


class RelayError(GatecastError):
    """The relay did not do its part; nothing is wrong with the call."""


class RelayUnavailableError(RelayError):
    """The relay could not be reached, or did not answer in time."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"the relay is not available: {detail}")


class RelayGapError(RelayError):
    """The log lacks entries that this node has not read (CLU-4)."""

    def __init__(self, position: str) -> None:
        self.position = position
        super().__init__(
            f"the relay's log does not go on from {position!r}: it was trimmed, lost or replaced; "
            "whatever was revoked in the gap is unknown"
        )


class RevocationNotDurableError(RelayError):
    """This node has closed its own connections; the others may not learn of it (CLU-1)."""

    def __init__(self, closed: int, detail: str) -> None:
        self.closed = closed
        self.detail = detail
        super().__init__(
            f"{closed} connections were closed on this node, but the revocation may not reach the "
            f"others; call it again: {detail}"
        )
