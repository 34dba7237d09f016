"""Gatecast: who a live connection belongs to, what it may see, and when it ends.

The core: a registry of connections, revocation and broadcast, generic over the identity type and
free of I/O. Adapters in `gatecast_adapters` make transports of real servers.
"""

from gatecast.admission import Admission
from gatecast.caps import Cap
from gatecast.close_codes import CloseCode
from gatecast.cluster import Cluster
from gatecast.cluster_node import ClusterHealth
from gatecast.cluster_reports import ClusterReport, ClusterReportKind, OnReport
from gatecast.connection import Connection
from gatecast.drops import DroppedConnection, OnDrop
from gatecast.envelopes import NodeId
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
from gatecast.frame import Frame
from gatecast.group import TransportGroup
from gatecast.group_member import GroupMember
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
from gatecast.node import NodeState
from gatecast.outbox import Outbox, OutboxLimits
from gatecast.policies import Policies, Policy, PolicyCall
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
from gatecast.receipts import Receipt
from gatecast.relay import Position, Relay, RelayBatch
from gatecast.transport import ConnectionTransport
from gatecast.transport_options import TransportOptions
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
