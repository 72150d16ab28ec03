"""Connections to Temporal and what a namespace must have before anything runs in it."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import ConnectConfig, RPCError, RPCStatusCode, ServiceClient

from clearance.keyring import KeyName, Keyring
from clearance.settings import SecretEmpty, Settings
from workflows.codec import PayloadKeys, encrypting_converter

RETENTION = timedelta(days=30)
"""How long Temporal keeps a closed history. The record of a decision is the ledger, not the history."""

CLIENT_EXIT_SECONDS = 0.3
"""A Temporal client process can crash while it exits, after its work is done: let the client go and wait this long."""

SEARCH_ATTRIBUTES = ("ClearanceTenant", "ClearanceState", "ClearanceRiskRating", "ClearanceCaseId")
"""What operators can search by. Nothing personal; filings have none of their own outside their namespace."""


async def connect(settings: Settings, keys: Keyring) -> Client:
    """The client of the main namespace: payloads under the payload key."""
    token = temporal_token(settings.temporal_token_file)
    return await _connect(settings.temporal_address, settings.temporal_namespace, keys.secret(KeyName.PAYLOAD), token)


async def connect_filing(settings: Settings, keys: Keyring) -> Client:
    """The client of the filing namespace: payloads under a key of its own."""
    token = temporal_token(settings.filing_temporal_token_file or settings.temporal_token_file)
    key = keys.secret(KeyName.FILING_PAYLOAD)
    return await _connect(settings.temporal_address, settings.filing_namespace, key, token)


def temporal_token(path: Path | None) -> dict[str, str]:
    """What every call to Temporal carries: the token of `path`, nothing where there is none. Raises `SecretEmpty`."""
    if path is None:
        return {}
    token = path.read_text(encoding="utf-8").strip()
    if not token:
        raise SecretEmpty(f"{path} is empty: run deploy/make-secrets.sh")
    return {"authorization": f"Bearer {token}"}


def payload_keys(key: bytes) -> PayloadKeys:
    """A payload key under the id that payloads name it by."""
    key_id = sha256(key).hexdigest()[:12]
    return PayloadKeys(current=key_id, keys={key_id: key})


async def _connect(address: str, namespace: str, key: bytes, metadata: Mapping[str, str]) -> Client:
    converter = encrypting_converter(payload_keys(key))
    return await Client.connect(address, namespace=namespace, data_converter=converter, rpc_metadata=metadata)


async def provision_namespaces(
    address: str, namespaces: tuple[str, ...], metadata: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Register namespaces and search attributes where they are missing; safe to repeat."""
    service = await ServiceClient.connect(ConnectConfig(target_host=address, rpc_metadata=metadata))
    for namespace in namespaces:
        try:
            await service.workflow_service.register_namespace(
                RegisterNamespaceRequest(
                    namespace=namespace,
                    workflow_execution_retention_period=Duration(seconds=int(RETENTION.total_seconds())),
                )
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
        await _add_search_attributes(service, namespace)
    del service
    await asyncio.sleep(CLIENT_EXIT_SECONDS)


async def _add_search_attributes(service: ServiceClient, namespace: str) -> None:
    """A namespace that was just registered takes a moment to be seen by every part of the server."""
    for attempt in range(60):
        try:
            present = await service.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=namespace)
            )
            missing = [name for name in SEARCH_ATTRIBUTES if name not in present.custom_attributes]
            if missing:
                await service.operator_service.add_search_attributes(
                    AddSearchAttributesRequest(
                        namespace=namespace,
                        search_attributes=dict.fromkeys(missing, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD),
                    )
                )
            return
        except RPCError as error:
            if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE) or attempt == 59:
                raise
            await asyncio.sleep(0.25)
