"""Gatecast: who a live connection belongs to, what it may see, and when it ends.

The core: a registry of connections, revocation and broadcast, generic over the identity type and
free of I/O. Adapters in `gatecast_adapters` make transports of real servers.
"""

from gatecast.admission import Admission
from gatecast.caps import Cap
from gatecast.close_codes import CloseCode
from gatecast.connection import Connection
from gatecast.connections import TransportOptions
from gatecast.drops import DroppedConnection, OnDrop
from gatecast.errors import (
    AdmissionError,
    AdmissionExpiredError,
    AdmissionRevokedError,
    CapReachedError,
    CredentialExpiredError,
    DrainingError,
    DuplicateHandleError,
    DuplicateIdError,
    DuplicateTransportError,
    GatecastError,
    HandleClosedError,
    HandleError,
    IncompleteEventError,
    InvalidCloseError,
    InvalidEventFieldError,
    InvalidExpiryError,
    InvalidKeyError,
    InvalidLimitError,
    InvalidMessageError,
    InvalidOriginError,
    MessageNotSerializableError,
    NotAdmittedError,
    SlowConsumerError,
    UnknownIndexError,
    UnknownTransportError,
    UsageError,
    WrongThreadError,
)
from gatecast.frame import Frame
from gatecast.group import GroupMember, TransportGroup
from gatecast.guard import AuditEvent, AuditEventType, RevocationGuard
from gatecast.host import Host
from gatecast.identity import ConnectionIdentity, HasAccount, HasApiToken, HasExpiry, HasSession
from gatecast.ids import AccountId, ApiTokenId, ConnectionId, TokenHash
from gatecast.index import ACCOUNT, API_TOKEN, SESSION, Index
from gatecast.jsonrpc import (
    JsonrpcErrorCode,
    JsonrpcErrorObject,
    JsonrpcErrorResponse,
    JsonrpcMessage,
    JsonrpcMessageFromClientToServer,
    JsonrpcMessageFromServerToClient,
    JsonrpcNotification,
    JsonrpcRequest,
    JsonrpcRequestId,
    JsonrpcResponse,
    JsonrpcResponseOrError,
    JsonrpcServerErrorCode,
    error_response,
    notification,
    request,
    response,
)
from gatecast.jsonrpc_parsing import parse_client_message
from gatecast.outbox import Outbox, OutboxLimits
from gatecast.ports import (
    ConnectionHandle,
    FilterableBroadcastTransport,
    FlushableHandle,
    Revocable,
    Transport,
    TransportSendOptions,
    is_filterable_broadcast_transport,
)
from gatecast.predicates import Predicate
from gatecast.transport import ConnectionTransport
from gatecast.transports import Transports

__all__ = [
    "ACCOUNT",
    "API_TOKEN",
    "SESSION",
    "AccountId",
    "Admission",
    "AdmissionError",
    "AdmissionExpiredError",
    "AdmissionRevokedError",
    "ApiTokenId",
    "AuditEvent",
    "AuditEventType",
    "Cap",
    "CapReachedError",
    "CloseCode",
    "Connection",
    "ConnectionHandle",
    "ConnectionId",
    "ConnectionIdentity",
    "ConnectionTransport",
    "CredentialExpiredError",
    "DrainingError",
    "DroppedConnection",
    "DuplicateHandleError",
    "DuplicateIdError",
    "DuplicateTransportError",
    "FilterableBroadcastTransport",
    "FlushableHandle",
    "Frame",
    "GatecastError",
    "GroupMember",
    "HandleClosedError",
    "HandleError",
    "HasAccount",
    "HasApiToken",
    "HasExpiry",
    "HasSession",
    "Host",
    "IncompleteEventError",
    "Index",
    "InvalidCloseError",
    "InvalidEventFieldError",
    "InvalidExpiryError",
    "InvalidKeyError",
    "InvalidLimitError",
    "InvalidMessageError",
    "InvalidOriginError",
    "JsonrpcErrorCode",
    "JsonrpcErrorObject",
    "JsonrpcErrorResponse",
    "JsonrpcMessage",
    "JsonrpcMessageFromClientToServer",
    "JsonrpcMessageFromServerToClient",
    "JsonrpcNotification",
    "JsonrpcRequest",
    "JsonrpcRequestId",
    "JsonrpcResponse",
    "JsonrpcResponseOrError",
    "JsonrpcServerErrorCode",
    "MessageNotSerializableError",
    "NotAdmittedError",
    "OnDrop",
    "Outbox",
    "OutboxLimits",
    "Predicate",
    "Revocable",
    "RevocationGuard",
    "SlowConsumerError",
    "TokenHash",
    "Transport",
    "TransportGroup",
    "TransportOptions",
    "TransportSendOptions",
    "Transports",
    "UnknownIndexError",
    "UnknownTransportError",
    "UsageError",
    "WrongThreadError",
    "error_response",
    "is_filterable_broadcast_transport",
    "notification",
    "parse_client_message",
    "request",
    "response",
]
