"""A cluster takes calls of policies over its identity, and keys of the type that an index says."""

from typing import assert_type

from gatecast import (
    ACCOUNT,
    SESSION,
    AccountId,
    ApiTokenId,
    ConnectionIdentity,
    TokenHash,
    notification,
)
from gatecast.cluster.cluster import Cluster
from gatecast.cluster.policies import Policies, Policy, PolicyCall
from gatecast.cluster.receipts import Receipt
from gatecast.connections.guard import AuditEvent
from gatecast.messages.jsonrpc import JsonrpcMessageFromServerToClient
from gatecast.ports.relay import Relay
from gatecast_adapters.event_loop import RUNTIME
from gatecast_adapters.memory import MemoryTransport
from tests.typing.samples import COUNTRY, SERIAL, Device, Serial, Visitor

HELLO = notification("hello")
POLICIES: Policies[ConnectionIdentity] = Policies()
DEVICE_POLICIES: Policies[Device] = Policies()


@POLICIES.register("members-of")
def members_of(
    identity: ConnectionIdentity,
    message: JsonrpcMessageFromServerToClient,
    room: str,
    *,
    guests: bool = False,
) -> bool:
    return guests or room == "lobby"


@DEVICE_POLICIES.register("is")
def is_device(device: Device, message: JsonrpcMessageFromServerToClient, serial: str) -> bool:
    return device.serial == serial


def a_policy_keeps_the_parameters_of_its_rule() -> None:
    assert_type(members_of("lobby"), PolicyCall[ConnectionIdentity])
    assert_type(members_of(room="lobby", guests=True), PolicyCall[ConnectionIdentity])
    assert_type(is_device("a"), PolicyCall[Device])
    members_of()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    members_of(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    members_of("lobby", True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    members_of("lobby", other=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def a_rule_takes_an_identity_and_a_message_and_returns_a_bool() -> None:
    @POLICIES.register("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    def text(identity: ConnectionIdentity, message: JsonrpcMessageFromServerToClient) -> str:
        return "yes"

    @POLICIES.register("of devices")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    def of_devices(device: Device, message: JsonrpcMessageFromServerToClient) -> bool:
        return True

    @POLICIES.register("of anything")
    def of_anything(identity: object, message: JsonrpcMessageFromServerToClient) -> bool:
        return True

    assert_type(of_anything, Policy[ConnectionIdentity, []])


async def a_message_is_sent_by_a_call_of_a_policy(
    cluster: Cluster[ConnectionIdentity], visitors: Cluster[Visitor]
) -> None:
    assert_type(await cluster.broadcast_filtered(HELLO, members_of("lobby")), None)
    await visitors.broadcast_filtered(HELLO, members_of("lobby"))
    await cluster.broadcast_filtered(HELLO, lambda _: True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportUnknownLambdaType]
    await cluster.broadcast_filtered(HELLO, members_of)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await cluster.broadcast_filtered(HELLO, is_device("a"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def a_credential_is_revoked_by_an_id_of_its_own_kind(
    cluster: Cluster[ConnectionIdentity],
    token_hash: TokenHash,
    account_id: AccountId,
    api_token_id: ApiTokenId,
) -> None:
    assert_type(await cluster.close_sockets_for_session(token_hash), int)
    assert_type(await cluster.close_sockets_for_account(account_id), int)
    assert_type(await cluster.close_sockets_for_token(api_token_id), int)
    await cluster.close_sockets_for_session(api_token_id)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await cluster.close_sockets_for_session(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await cluster.close_sockets_for_account(token_hash)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await cluster.close_sockets_for_token(token_hash)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def a_key_is_of_the_type_that_the_index_says(
    cluster: Cluster[ConnectionIdentity], token_hash: TokenHash, account_id: AccountId
) -> None:
    assert_type(await cluster.revoke(SESSION, token_hash), int)
    assert_type(await cluster.revoke_and_wait(ACCOUNT, account_id, deadline=1), Receipt)
    assert_type(await cluster.send_by(SESSION, token_hash, HELLO), None)
    assert_type(await cluster.send_to_account(account_id, HELLO), None)
    await cluster.revoke(SESSION, account_id)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    await cluster.revoke_and_wait(COUNTRY, 31)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    await cluster.send_by(ACCOUNT, token_hash, HELLO)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


async def a_receipt_says_what_came_of_a_revocation(
    cluster: Cluster[ConnectionIdentity], event: AuditEvent
) -> None:
    assert_type(await cluster.revoke_by_event(event), int)
    receipt = await cluster.revoke_by_event_and_wait(event)
    assert_type(receipt.total, int)
    assert_type(receipt.complete, bool)
    assert_type(receipt.closed.get(cluster.node_id), int | None)


def a_cluster_is_over_the_identities_of_its_transports(
    relay: Relay,
    devices: MemoryTransport[Device],
    visitors: MemoryTransport[Visitor],
    serial: Serial,
) -> None:
    assert_type(Cluster(relay, devices, runtime=RUNTIME, policies=DEVICE_POLICIES), Cluster[Device])
    Cluster[ConnectionIdentity](relay, visitors, runtime=RUNTIME, policies=POLICIES)
    Cluster[Device](relay, visitors, runtime=RUNTIME)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Cluster[Device](relay, devices, runtime=RUNTIME, policies=POLICIES)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Cluster[Device](relay, devices, runtime=RUNTIME, indexes=(SERIAL,))
    Cluster[Device](relay, devices, runtime=RUNTIME, indexes=(COUNTRY,))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Cluster[Device](devices, devices, runtime=RUNTIME)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
