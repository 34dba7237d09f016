"""The port for groups and clusters: what they ask of each of their transports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from gatecast.connections._broadcaster import Broadcaster
from gatecast.connections._departing import CutOff, DepartingTogether, Interruption
from gatecast.connections._home_thread import Call, HomeThread
from gatecast.connections._predicates import Withholding
from gatecast.connections._revoker import Revoker
from gatecast.connections._roster import Roster
from gatecast.connections.recipients import AllBut, Recipients, Satisfying, Selection
from gatecast.errors import DuplicateMemberError
from gatecast.messages.frame import Frame
from gatecast.ports.ending import Ending
from gatecast.ports.gate import Gate
from gatecast.ports.handle import ConnectionHandle
from gatecast.ports.runtime import Runtime

__all__ = [
    "Begun",
    "Chosen",
    "CutOff",
    "HasMember",
    "JointMember",
    "Member",
    "TransportMember",
    "cut_off_on_each",
    "deliver",
    "revoke_on",
]

THandle = TypeVar("THandle", bound=ConnectionHandle)
TIdentity = TypeVar("TIdentity")
TIdentity_co = TypeVar("TIdentity_co", covariant=True)
TMember = TypeVar("TMember")


class Begun(Protocol):
    """A frame that has its place in the order, and is not sent yet."""

    def finish(self) -> int:
        """Send it, after everything that was begun before (BRD-3); return how many accepted."""
        ...


class Chosen(Protocol):
    """The chosen connections, before anything is sent to them."""

    def begin(self, frame: Frame) -> Begun:
        """Take the next place in the order for `frame`."""
        ...


class Member(Protocol[TIdentity_co]):
    """What a group or a cluster asks of a transport, one step at a time.

    Each step may call back into the app. So a group takes each step on all its members before it
    takes the next step on any.
    """

    @property
    def runtime(self) -> Runtime | None:
        """Its clock, thread and event loop; `None` for a group without members."""
        ...

    @property
    def leaves(self) -> Sequence[Member[TIdentity_co]]:
        """Its transports, including those of nested groups."""
        ...

    def is_ready(self) -> bool:
        """Whether there is at least one connection (REG-4)."""
        ...

    def get_connection_count(self) -> int:
        """How many connections are registered (REG-4)."""
        ...

    def check_thread(self, call: Call) -> None:
        """Raise `WrongThreadError` for `call` on any thread but that of the connections."""
        ...

    def prepare(self, frame: Frame) -> None:
        """Raise now what sending `frame` would raise, so that it reaches all or nobody."""
        ...

    def choose(self, recipients: Recipients[TIdentity_co]) -> Chosen:
        """Choose the connections that `recipients` names; raises `InvalidKeyError`.

        An index that a transport does not have matches nothing there.
        """
        ...

    def cut_off(self, selection: Selection[TIdentity_co], ending: Ending) -> CutOff:
        """Forget what `selection` names, so that no message reaches it any more (REV-2)."""
        ...

    def fence(self) -> CutOff:
        """Forget every connection and end every open admission (CLU-3)."""
        ...

    def require_free(self) -> None:
        """Raise `TransportInUseError` if a cluster has it."""
        ...

    def attach_gate(self, gate: Gate) -> None:
        """Ask `gate` from now on; raises as `require_free`, and then has changed nothing."""
        ...


class HasMember(Protocol[TIdentity_co]):
    """A transport, or a group of them."""

    @property
    def member(self) -> Member[TIdentity_co]:
        """Itself, as groups, guards and clusters see it."""
        ...


class TransportMember(Generic[THandle, TIdentity]):
    """One transport as a member."""

    __slots__ = ("_broadcaster", "_home", "_revoker", "_roster", "runtime")

    def __init__(
        self,
        runtime: Runtime,
        home: HomeThread,
        roster: Roster[THandle, TIdentity],
        revoker: Revoker[THandle, TIdentity],
        broadcaster: Broadcaster[THandle, TIdentity],
    ) -> None:
        self.runtime: Runtime | None = runtime
        self._home = home
        self._roster = roster
        self._revoker = revoker
        self._broadcaster = broadcaster

    @property
    def leaves(self) -> Sequence[Member[TIdentity]]:
        """As `Member.leaves`: itself."""
        return (self,)

    def is_ready(self) -> bool:
        """As `Member.is_ready`."""
        return len(self._roster.registry) > 0

    def get_connection_count(self) -> int:
        """As `Member.get_connection_count`."""
        return len(self._roster.registry)

    def check_thread(self, call: Call) -> None:
        """As `Member.check_thread`."""
        self._home.check(call)

    def prepare(self, frame: Frame) -> None:
        """As `Member.prepare`."""
        self._broadcaster.prepare(frame)

    def choose(self, recipients: Recipients[TIdentity]) -> Chosen:
        """As `Member.choose`."""
        return self._broadcaster.choose(recipients)

    def cut_off(self, selection: Selection[TIdentity], ending: Ending) -> CutOff:
        """As `Member.cut_off`."""
        return self._revoker.cut_off(selection, ending)

    def fence(self) -> CutOff:
        """As `Member.fence`."""
        return self._revoker.fence()

    def require_free(self) -> None:
        """As `Member.require_free`."""
        self._roster.require_free()

    def attach_gate(self, gate: Gate) -> None:
        """As `Member.attach_gate`."""
        self._roster.attach_gate(gate)


class JointMember(Generic[TIdentity]):
    """Several members as one; raises `DuplicateMemberError` for a transport that is in it twice."""

    def __init__(self, name: str, members: Sequence[Member[TIdentity]]) -> None:
        self._members = members
        leaves = [leaf for member in members for leaf in member.leaves]
        if len({id(leaf) for leaf in leaves}) < len(leaves):
            raise DuplicateMemberError(name)
        self._leaves = leaves

    @property
    def runtime(self) -> Runtime | None:
        """As `Member.runtime`: that of the first member."""
        return next((each.runtime for each in self._members if each.runtime is not None), None)

    @property
    def leaves(self) -> Sequence[Member[TIdentity]]:
        """As `Member.leaves`."""
        return self._leaves

    def is_ready(self) -> bool:
        """As `Member.is_ready`: whether any member is."""
        return any(member.is_ready() for member in self._members)

    def get_connection_count(self) -> int:
        """As `Member.get_connection_count`, of all members."""
        return sum(member.get_connection_count() for member in self._members)

    def check_thread(self, call: Call) -> None:
        """As `Member.check_thread`."""
        for member in self._members:
            member.check_thread(call)

    def prepare(self, frame: Frame) -> None:
        """Raise what any member would raise on sending `frame`."""
        for member in self._members:
            member.prepare(frame)

    def choose(self, recipients: Recipients[TIdentity]) -> Chosen:
        """Choose in every member; a predicate that fails is logged once for all (BRD-5).

        A predicate that calls back finds this message in progress in none of them.
        """
        asked, withholding = _withholding(recipients)
        chosen = [member.choose(asked) for member in self._members]
        if withholding is not None:
            withholding.log_doubts()
        return _JointChoice(chosen)

    def cut_off(self, selection: Selection[TIdentity], ending: Ending) -> CutOff:
        """Cut off in every member, even if one raises (REV-5)."""
        return cut_off_on_each(self._members, lambda member: member.cut_off(selection, ending))

    def fence(self) -> CutOff:
        """As `Member.fence`, for all members."""
        return cut_off_on_each(self._members, lambda member: member.fence())

    def require_free(self) -> None:
        """As `Member.require_free`, for all members."""
        for member in self._members:
            member.require_free()

    def attach_gate(self, gate: Gate) -> None:
        """As `Member.attach_gate`, for all members."""
        self.require_free()
        for member in self._members:
            member.attach_gate(gate)


class _JointChoice:
    """What was chosen in several members."""

    __slots__ = ("_chosen",)

    def __init__(self, chosen: Sequence[Chosen]) -> None:
        self._chosen = chosen

    def begin(self, frame: Frame) -> Begun:
        # In every member before anything is sent: a handle that calls back finds the message in
        # progress in all of them, so all connections get messages in the same order (BRD-3).
        return _JointBegun([chosen.begin(frame) for chosen in self._chosen])


class _JointBegun:
    """What was begun in several members."""

    __slots__ = ("_begun",)

    def __init__(self, begun: Sequence[Begun]) -> None:
        self._begun = begun

    def finish(self) -> int:
        return sum(begun.finish() for begun in self._begun)


def deliver(member: Member[TIdentity], frame: Frame, recipients: Recipients[TIdentity]) -> int:
    """Send `frame` to `recipients` of `member`; return how many accepted."""
    member.prepare(frame)
    return member.choose(recipients).begin(frame).finish()


def revoke_on(
    members: Iterable[Member[TIdentity]],
    call: Call,
    selection: Selection[TIdentity],
    ending: Ending = Ending.REVOKED,
) -> int:
    """Close what `selection` names on all of `members`, for the verb that an app called.

    If one of them belongs to another thread, the others still revoke (REV-5).
    """

    def cut_off(member: Member[TIdentity]) -> CutOff:
        member.check_thread(call)
        return member.cut_off(selection, ending)

    return cut_off_on_each(members, cut_off).close()


def cut_off_on_each(members: Iterable[TMember], cut_off: Callable[[TMember], CutOff]) -> CutOff:
    """Call `cut_off` for each of `members`; what is returned closes the handles of all (REV-2).

    If one raises, in either step, the others still close (REV-5). The first error is raised when
    all handles are closed, with the others as notes.
    """
    interruption = Interruption()
    cut_offs: list[CutOff] = []
    for member in members:
        try:
            cut_offs.append(cut_off(member))
        except BaseException as error:  # noqa: BLE001  # raised in the end
            interruption.keep(error)
    return DepartingTogether(cut_offs, interruption)


def _withholding(
    recipients: Recipients[TIdentity],
) -> tuple[Recipients[TIdentity], Withholding[TIdentity] | None]:
    """`recipients` with a predicate that collects its failures, if it has a predicate."""
    if isinstance(recipients, Satisfying):
        withholding = Withholding(recipients.predicate)
        return Satisfying(withholding), withholding
    if isinstance(recipients, AllBut):
        of, withholding_of = _withholding(recipients.of)
        return AllBut(recipients.connection_id, of), withholding_of
    return recipients, None
