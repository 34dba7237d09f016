"""Every error that Gatecast raises, split by whose fault it is.

    GatecastError
    ├── UsageError                       the caller's: fix the call
    │   ├── AlreadyAcceptedError         the app has answered the request already
    │   ├── DuplicateHandleError         the handle is registered already
    │   ├── DuplicateIdError             the id factory repeated itself
    │   ├── DuplicateIndexError          two indexes have the same name
    │   ├── DuplicateMemberError         a group has the same transport twice
    │   ├── DuplicatePolicyError         another policy has the name
    │   ├── DuplicateTransportError      another transport has the name
    │   ├── IncompleteEventError         an audit event lacks the id that its type needs
    │   ├── InvalidClientError           a relay can't use this client of a broker
    │   ├── InvalidKeyError              the index could never match this key
    │   ├── UnknownIndexError            the transport was built without this index
    │   ├── InvalidCloseError            this close code may not be sent
    │   ├── InvalidEventFieldError       an SSE field breaks its line, or is reserved
    │   ├── InvalidExpiryError           the expiry is not a number
    │   ├── InvalidLimitError            the limit is not above zero
    │   ├── InvalidMessageError          not a JSON-RPC 2.0 message of the kind asked for
    │   ├── InvalidOriginError           not an origin as a browser sends it
    │   ├── InvalidPolicyArgumentError   JSON would change this argument
    │   ├── MessageNotSerializableError  the message has no JSON form
    │   ├── MissingRuntimeError          the cluster can't know its event loop
    │   ├── NotAdmittedError             the connection was never identified
    │   ├── ReservedNameError            a subclass has the name of its base
    │   ├── TransportInUseError          another cluster has the transport
    │   ├── UnknownPolicyError           no policy has the name
    │   ├── UnknownTransportError        no transport has the name
    │   ├── UnnamedPolicyError           a bare function instead of a policy
    │   ├── UnportableIndexError         the keys of the index have no JSON form
    │   └── WrongThreadError             a call on another thread than the event loop's
    ├── HandleError                      the peer's: raised by a handle's `send`
    │   ├── HandleClosedError            the peer is gone
    │   └── SlowConsumerError            the peer does not keep up
    ├── AdmissionError                   the credential's: the connection is refused
    │   ├── AdmissionRevokedError        revoked while it was being checked
    │   ├── CapReachedError              a cap is reached
    │   ├── CredentialExpiredError       the credential has expired
    │   ├── DrainingError                the transport is draining
    │   ├── FencedError                  the node can't know what was revoked elsewhere
    │   └── AdmissionExpiredError        the check of the credential timed out
    └── RelayError                       the relay's: look at the broker
        ├── RelayUnavailableError        it could not be reached, or did not answer in time
        ├── RelayGapError                entries are missing from its log
        └── RevocationNotDurableError    other nodes may not learn of a revocation

The parents are for `except` clauses and are never raised themselves. Each error has its facts as
fields; the wording of its message may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

__all__ = [
    "AdmissionError",
    "AdmissionExpiredError",
    "AdmissionRevokedError",
    "AlreadyAcceptedError",
    "CapReachedError",
    "CredentialExpiredError",
    "DrainingError",
    "DuplicateHandleError",
    "DuplicateIdError",
    "DuplicateIndexError",
    "DuplicateMemberError",
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
    "MissingRuntimeError",
    "NotAdmittedError",
    "RelayError",
    "RelayGapError",
    "RelayUnavailableError",
    "ReservedNameError",
    "RevocationNotDurableError",
    "SlowConsumerError",
    "TransportInUseError",
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


class AlreadyAcceptedError(UsageError, RuntimeError):
    """The app has answered a request that the transport answers itself."""

    _FIXES: ClassVar[Mapping[str, str]] = {
        "accepted": (
            "the WebSocket was accepted already, but serve() accepts it itself once the peer is "
            "identified: remove the call of accept(), and pass a subprotocol to serve()"
        ),
        "closed": (
            "the WebSocket was closed already, so there is nothing to serve: return instead of "
            "calling serve(), or let identify return None"
        ),
        "begun": (
            "the response was begun already, but the stream begins it itself once the peer is "
            "identified: send nothing before it"
        ),
    }

    def __init__(self, answer: Literal["accepted", "closed", "begun"]) -> None:
        self.answer: Literal["accepted", "closed", "begun"] = answer
        super().__init__(self._FIXES[answer])


class DuplicateHandleError(UsageError):
    """The handle is registered already (REG-2)."""

    def __init__(self, handle: object) -> None:
        self.handle = handle
        super().__init__(
            f"{handle!r} is registered already; one handle stands for one connection: "
            "remove it first, or make a new handle"
        )


class DuplicateIdError(UsageError):
    """The id factory returned the id of a live connection (REG-1)."""

    def __init__(self, connection_id: object) -> None:
        self.connection_id = connection_id
        super().__init__(
            f"the id factory returned {connection_id}, which is in use; it must never repeat an id"
        )


class DuplicateIndexError(UsageError):
    """Two indexes of a cluster have the same name; nodes know an index by its name."""

    def __init__(self, index: str) -> None:
        self.index = index
        super().__init__(
            f"two indexes are called {index!r}; nodes know an index by its name, so rename one"
        )


class DuplicateMemberError(UsageError, ValueError):
    """A group or a cluster has the same transport twice, and would send everything twice."""

    def __init__(self, group: str) -> None:
        self.group = group
        super().__init__(
            f"{group!r} has the same transport twice, directly or within another group; "
            "name each transport once"
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


class TransportInUseError(UsageError):
    """Another cluster has the transport already; only one node can be its gate."""

    def __init__(self, transport_name: str) -> None:
        self.transport_name = transport_name
        super().__init__(
            f"transport {transport_name!r} is in another cluster already; "
            "build one cluster for all transports of a process"
        )


class MissingRuntimeError(UsageError):
    """A cluster has no transports, and its relay has no runtime."""

    def __init__(self) -> None:
        super().__init__(
            "a cluster without transports has no runtime; "
            "pass runtime=gatecast_adapters.event_loop.RUNTIME"
        )


class ReservedNameError(UsageError, TypeError):
    """A subclass has the name of its base, so their private attributes would collide."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"a subclass can't be called {name!r}: its private attributes would collide with those "
            "of the class above; give it another name"
        )


class UnknownTransportError(UsageError, LookupError):
    """No transport is registered under the name."""

    def __init__(self, transport_name: str, known: tuple[str, ...]) -> None:
        self.transport_name = transport_name
        self.known = known
        super().__init__(
            f"no transport is called {transport_name!r} (registered: "
            f"{', '.join(known) or 'none'}); register it first"
        )


class UnknownPolicyError(UsageError, LookupError):
    """No policy is registered under the name."""

    def __init__(self, policy: str, known: tuple[str, ...]) -> None:
        self.policy = policy
        self.known = known
        super().__init__(
            f"no policy is called {policy!r} (registered: {', '.join(known) or 'none'}); "
            "register it on every node"
        )


class UnnamedPolicyError(UsageError, TypeError):
    """A bare function was passed instead of a policy; other nodes can't know it."""

    def __init__(self, rule: object) -> None:
        self.rule = rule
        super().__init__(
            f"{rule!r} can't be sent to other nodes; name it with @policies.register('a-name') "
            "on every node, and pass what a call of it returns"
        )


class InvalidPolicyArgumentError(UsageError, TypeError):
    """JSON would change an argument of a policy, or can't hold it."""

    def __init__(self, policy: str, parameter: str, value: object) -> None:
        self.policy = policy
        self.parameter = parameter
        self.value = value
        super().__init__(
            f"{parameter!r} of policy {policy!r} is a {type(value).__name__} that JSON would "
            "change or can't hold; pass text, numbers, lists or objects (a UUID as str)"
        )


class UnportableIndexError(UsageError, TypeError):
    """The keys of an index have no JSON form, so they can't be sent to other nodes."""

    def __init__(self, index: str, key_type: type[object]) -> None:
        self.index = index
        self.key_type = key_type
        super().__init__(
            f"keys of index {index!r} are {key_type.__name__}, which has no JSON form; "
            "use str, int, UUID or another type that pydantic reads from JSON"
        )


class IncompleteEventError(UsageError, ValueError):
    """An audit event lacks the id of its subject; nothing was closed."""

    def __init__(self, event_type: str, field: str) -> None:
        self.event_type = event_type
        self.field = field
        super().__init__(f"an event {event_type!r} needs {field}; nothing was closed")


class InvalidClientError(UsageError, ValueError):
    """The settings of a broker's client would break the promises of the relay."""

    def __init__(self, client: object, detail: str) -> None:
        self.client = client
        self.detail = detail
        super().__init__(f"the relay can't use this {type(client).__name__}: {detail}")


class InvalidExpiryError(UsageError, TypeError):
    """The `expires_at` is not a number of seconds, so the credential would never expire."""

    def __init__(self, expires_at: object) -> None:
        self.expires_at = expires_at
        super().__init__(
            f"expires_at must be seconds since the epoch or None, not {expires_at!r}; "
            "for a datetime, pass .timestamp()"
        )


class InvalidKeyError(UsageError, TypeError):
    """The key has another type than the keys of the index."""

    def __init__(self, index: str, expected: type[object], key: object) -> None:
        self.index = index
        self.expected = expected
        self.key = key
        super().__init__(
            f"index {index!r} has keys of type {expected.__name__}, not {type(key).__name__}; "
            "a key of another type matches nothing, and connections would stay open"
        )


class UnknownIndexError(UsageError, LookupError):
    """The transport was built without this index."""

    def __init__(self, index: str, known: tuple[str, ...]) -> None:
        self.index = index
        self.known = known
        super().__init__(
            f"the transport has no index {index!r} (its indexes: {', '.join(known) or 'none'}); "
            "pass it to the constructor with indexes=(...)"
        )


class InvalidCloseError(UsageError, ValueError):
    """An application may not send this close code (RFC 6455 section 7.4)."""

    def __init__(self, code: object) -> None:
        self.code = code
        super().__init__(
            f"close code {code!r} may not be sent; use 1000-1003, 1007-1014 or 3000-4999"
        )


class InvalidEventFieldError(UsageError, ValueError):
    """An `id:` or `event:` has a line break or NUL (WHATWG HTML section 9.2.6), or is reserved.

    The fields of the adapter's own final event are reserved: a client would mistake the message for
    it.
    """

    def __init__(
        self, field: str, value: str, why: str = "a line break or NUL would end the field"
    ) -> None:
        self.field = field
        self.value = value
        self.why = why
        super().__init__(f"{value!r} can't be the {field!r} of an event: {why}")


class InvalidLimitError(UsageError, ValueError):
    """The limit is not above zero."""

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
            f"{origin!r} is not an origin; pass a collection of 'scheme://host[:port]' without a "
            "path, or '*' for any"
        )


class MessageNotSerializableError(UsageError, ValueError):
    """The message has no JSON form; nobody received it."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"the message can't be written as JSON, and was not sent: {detail}")


class NotAdmittedError(UsageError):
    """A connection reached the adapter without having been identified."""

    def __init__(self, connection: object) -> None:
        self.connection = connection
        super().__init__(
            f"{connection!r} was never identified and can't be served; start the server with "
            "process_request=transport.process_request(identify)"
        )


class WrongThreadError(UsageError, RuntimeError):
    """A call on another thread than the event loop's (SHP-2)."""

    def __init__(self, verb: str, owner: str = "transport", *, is_async: bool = False) -> None:
        self.verb = verb
        self.owner = owner
        self.is_async = is_async
        call = f"{owner}.{verb}" if owner else verb
        from_worker = f"anyio.from_thread.run{'' if is_async else '_sync'}({call}, ...)"
        from_other = (
            f"asyncio.run_coroutine_threadsafe({call}(...), loop)"
            if is_async
            else f"loop.call_soon_threadsafe({call}, ...)"
        )
        super().__init__(
            f"{verb}() was called on another thread than the one that serves the connections; "
            f"from a worker thread (a sync endpoint) call {from_worker}, "
            f"from any other thread {from_other}. In a test, `with TestClient(app) as client:` "
            "keeps all requests on one thread; in a sync view of Django, use "
            "asgiref.sync.async_to_sync"
        )


class HandleError(GatecastError):
    """A handle did not accept a frame; raised by `ConnectionHandle.send`."""


class HandleClosedError(HandleError):
    """The peer is gone, or the handle was closed."""

    def __init__(self) -> None:
        super().__init__("the connection is closed; nothing more can be sent to it")


class SlowConsumerError(HandleError):
    """The outbox of this peer is full: one of its two bounds would be exceeded (BKP-2)."""

    def __init__(self, waiting_messages: int, waiting_bytes: int) -> None:
        self.waiting_messages = waiting_messages
        self.waiting_bytes = waiting_bytes
        super().__init__(
            f"the peer does not keep up: {waiting_messages} messages ({waiting_bytes} bytes) wait "
            "for it; raise the limits of the outbox if they are too low"
        )


class AdmissionError(GatecastError):
    """The connection is refused; it was not registered."""


class AdmissionRevokedError(AdmissionError):
    """A revocation landed between the check of the credential and the registration (REV-6)."""

    def __init__(self) -> None:
        super().__init__(
            "the credential was revoked while it was being checked; refuse the connection"
        )


class AdmissionExpiredError(AdmissionError):
    """The admission has ended or timed out, so a revocation may have been missed (REV-6)."""

    def __init__(self) -> None:
        super().__init__(
            "the admission is no longer open, so a revocation may have been missed; "
            "refuse the connection and let the client try again"
        )


class CredentialExpiredError(AdmissionError):
    """The credential has expired (REV-8)."""

    def __init__(self, expires_at: float) -> None:
        self.expires_at = expires_at
        super().__init__(f"the credential expired at {expires_at}; ask the client to refresh it")


class CapReachedError(AdmissionError):
    """The cap of one key of an index is reached."""

    def __init__(self, index: str, limit: int) -> None:
        self.index = index
        self.limit = limit
        super().__init__(
            f"there are {limit} connections under this key of {index!r} already; close one of "
            'them first, or use when_reached="close_oldest"'
        )


class DrainingError(AdmissionError):
    """The transport is draining and admits no more connections (LIF-2)."""

    def __init__(self) -> None:
        super().__init__("the server is shutting down; let the client connect to another one")


class FencedError(AdmissionError):
    """The node has not caught up with the log, so it can't know what was revoked (CLU-3)."""

    def __init__(self) -> None:
        super().__init__(
            "this node does not know what was revoked on others; let the client retry later"
        )


class RelayError(GatecastError):
    """The relay failed; nothing is wrong with the call."""


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
            f"the relay's log does not continue from {position!r}: it was trimmed, lost or "
            "replaced; revocations in the gap are unknown"
        )


class RevocationNotDurableError(RelayError):
    """This node has closed its own connections; the others may not get the revocation (CLU-1)."""

    def __init__(self, closed: int, detail: str) -> None:
        self.closed = closed
        self.detail = detail
        super().__init__(
            f"{closed} connections were closed on this node, but the revocation may not reach the "
            f"others; retry it: {detail}"
        )
