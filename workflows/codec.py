"""How payloads look outside this service: AES-256-GCM under a named key, failures included, and nothing in clear.

Separate because every client and worker must use the same converter, and a codec server opens payloads with it.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

ENCODING = b"binary/clearance-aes256gcm"
KEY_ID = "clearance-key-id"
WORKFLOW_ID = "clearance-workflow-id"
"""Of which workflow a payload is: what tells whose it is where it names nobody, such as a summary."""
_NONCE_BYTES = 12
_KEY_BYTES = 32


class PlaintextRefused(Exception):
    """A payload came in clear. Someone wrote to the namespace without the codec: find out who, trust nothing of it."""


class PayloadKeyUnknown(Exception):
    """A payload names a key that this process does not hold. Add the retired key to the configuration."""


class PayloadForged(Exception):
    """A payload does not open under the key it names: it was altered, or belongs to another namespace."""


@dataclass(frozen=True, slots=True)
class PayloadKeys:
    """AES-256 keys by id. `current` encrypts; the others still open what they once closed."""

    current: str
    keys: Mapping[str, bytes]

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"the current payload key {self.current!r} is not among the keys")
        if any(len(key) != _KEY_BYTES for key in self.keys.values()):
            raise ValueError(f"a payload key has {_KEY_BYTES} bytes")


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Encrypts whole payloads, metadata included; the key's id and the workflow's are authenticated with them."""

    def __init__(self, keys: PayloadKeys) -> None:
        self._current = keys.current
        self._workflow_id = ""
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.keys.items()}

    def with_context(self, context: SerializationContext) -> "EncryptionCodec":
        """The codec of one workflow's payloads."""
        of_one = copy(self)
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            of_one._workflow_id = context.workflow_id or ""
        return of_one

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._closed(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises `PlaintextRefused`, `PayloadKeyUnknown` or `PayloadForged`."""
        return [self._opened(payload) for payload in payloads]

    def _closed(self, payload: Payload) -> Payload:
        nonce = urandom(_NONCE_BYTES)
        key_id, workflow_id = self._current.encode(), self._workflow_id.encode()
        told = _authenticated(key_id, workflow_id)
        sealed = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), told)
        whose = {WORKFLOW_ID: workflow_id} if workflow_id else {}
        return Payload(metadata={"encoding": ENCODING, KEY_ID: key_id, **whose}, data=nonce + sealed)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            raise PlaintextRefused("a payload that is not encrypted")
        key_id = payload.metadata.get(KEY_ID, b"")
        cipher = self._ciphers.get(key_id.decode(errors="replace"))
        if cipher is None:
            raise PayloadKeyUnknown(key_id.decode(errors="replace"))
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            told = _authenticated(key_id, payload.metadata.get(WORKFLOW_ID, b""))
            return Payload.FromString(cipher.decrypt(nonce, sealed, told))
        except (InvalidTag, ValueError) as error:
            raise PayloadForged("a payload that does not open") from error


def _authenticated(key_id: bytes, workflow_id: bytes) -> bytes:
    """Payloads from before workflows were named have none, and open as they were closed."""
    return ENCODING + b"\n" + key_id + (b"\n" + workflow_id if workflow_id else b"")


def encrypting_converter(keys: PayloadKeys) -> DataConverter:
    """The converter of every client: pydantic's types, encrypted payloads, encrypted failure messages and traces."""
    return replace(
        pydantic_data_converter,
        payload_codec=EncryptionCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
