"""Gatecast: who a live connection belongs to, what it may see, and when it ends.

The core: a registry of connections, revocation and broadcast, generic over the identity type and
free of I/O. Adapters in `gatecast_adapters` make transports of real servers.
"""

from gatecast.close_codes import CloseCode
from gatecast.cluster._cluster_node import ClusterHealth
from gatecast.cluster._envelopes import NodeId
from gatecast.cluster._node import NodeState
from gatecast.cluster.cluster import Cluster
from gatecast.cluster.policies import Policies, Policy, PolicyCall
from gatecast.cluster.receipts import Receipt
from gatecast.cluster.reports import ClusterReport, ClusterReportKind, OnReport
from gatecast.connections._predicates import Predicate
from gatecast.connections.admission import Admission
from gatecast.connections.caps import Cap
from gatecast.connections.connection import Connection
from gatecast.connections.directory import Transports
from gatecast.connections.drops import DroppedConnection, OnDrop
from gatecast.connections.group import TransportGroup
from gatecast.connections.guard import AuditEvent, AuditEventType, RevocationGuard
from gatecast.connections.member import GroupMember
from gatecast.connections.options import TransportOptions
from gatecast.connections.transport import ConnectionTransport
from gatecast.errors import (
    AdmissionError,
    AdmissionExpiredError,
    AdmissionRevokedError,
    CapReachedError,
    CredentialExpiredError,
    DrainingError,
    DuplicateHandleError,
    DuplicateIdError,
    DuplicateIndexError,
    DuplicatePolicyError,
    DuplicateTransportError,
    FencedError,
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
    InvalidPolicyArgumentError,
    MessageNotSerializableError,
    NotAdmittedError,
    RelayError,
    RelayGapError,
    RelayUnavailableError,
    RevocationNotDurableError,
    SlowConsumerError,
    UnknownIndexError,
    UnknownPolicyError,
    UnknownTransportError,
    UnnamedPolicyError,
    UnportableIndexError,
    UsageError,
    WrongThreadError,
)
from gatecast.identity.ids import AccountId, ApiTokenId, ConnectionId, TokenHash
from gatecast.identity.index import ACCOUNT, API_TOKEN, SESSION, Index
from gatecast.identity.types import (
    ConnectionIdentity,
    HasAccount,
    HasApiToken,
    HasExpiry,
    HasSession,
)
from gatecast.messages.frame import Frame
from gatecast.messages.jsonrpc import (
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
from gatecast.messages.jsonrpc_parsing import parse_client_message
from gatecast.ports.outbox import Outbox, OutboxLimits
from gatecast.ports.ports import (
    ConnectionHandle,
    FilterableBroadcastTransport,
    FlushableHandle,
    Revocable,
    Transport,
    TransportSendOptions,
    is_filterable_broadcast_transport,
)
from gatecast.ports.relay import Position, Relay, RelayBatch
from gatecast.ports.runtime import Host

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
    "Cluster",
    "ClusterHealth",
    "ClusterReport",
    "ClusterReportKind",
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
    "DuplicateIndexError",
    "DuplicatePolicyError",
    "DuplicateTransportError",
    "FencedError",
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
    "InvalidPolicyArgumentError",
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
    "NodeId",
    "NodeState",
    "NotAdmittedError",
    "OnDrop",
    "OnReport",
    "Outbox",
    "OutboxLimits",
    "Policies",
    "Policy",
    "PolicyCall",
    "Position",
    "Predicate",
    "Receipt",
    "Relay",
    "RelayBatch",
    "RelayError",
    "RelayGapError",
    "RelayUnavailableError",
    "Revocable",
    "RevocationGuard",
    "RevocationNotDurableError",
    "SlowConsumerError",
    "TokenHash",
    "Transport",
    "TransportGroup",
    "TransportOptions",
    "TransportSendOptions",
    "Transports",
    "UnknownIndexError",
    "UnknownPolicyError",
    "UnknownTransportError",
    "UnnamedPolicyError",
    "UnportableIndexError",
    "UsageError",
    "WrongThreadError",
    "error_response",
    "is_filterable_broadcast_transport",
    "notification",
    "parse_client_message",
    "request",
    "response",
]
