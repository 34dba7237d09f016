"""The connections of one process: registration, delivery, revocation and draining."""

from gatecast.connections._home_thread import Call
from gatecast.connections.adapter import AdapterPort
from gatecast.connections.admission import Admission
from gatecast.connections.caps import Cap
from gatecast.connections.connection import Connection
from gatecast.connections.directory import Transports
from gatecast.connections.group import TransportGroup
from gatecast.connections.guard import AuditEvent, AuditEventType, RevocationGuard
from gatecast.connections.member import Begun, Chosen, CutOff, HasMember, Member
from gatecast.connections.options import TransportOptions
from gatecast.connections.recipients import (
    EVERYONE,
    AllBut,
    Everyone,
    Matching,
    Recipients,
    Satisfying,
    Selection,
    Under,
    UnderKey,
)
from gatecast.connections.transport import ConnectionTransport

__all__ = [
    "EVERYONE",
    "AdapterPort",
    "Admission",
    "AllBut",
    "AuditEvent",
    "AuditEventType",
    "Begun",
    "Call",
    "Cap",
    "Chosen",
    "Connection",
    "ConnectionTransport",
    "CutOff",
    "Everyone",
    "HasMember",
    "Matching",
    "Member",
    "Recipients",
    "RevocationGuard",
    "Satisfying",
    "Selection",
    "TransportGroup",
    "TransportOptions",
    "Transports",
    "Under",
    "UnderKey",
]
