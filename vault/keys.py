"""Keys: tenants' wrapping keys from a provider, and the Ed25519 keys that sign. Files in the embedded default.

A key management service takes the provider's place by the same two methods.
"""

import os
import secrets
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.envelope import KEY_BYTES, open_sealed, seal

_WRAP_CONTEXT = b"clearance/data-key/v1"


class KeyFileBroken(Exception):
    """The key file does not hold 32 bytes. Restore it from backup: what it wrapped cannot be opened without it."""


class KeyProvider(Protocol):
    """Wraps data keys under a tenant's key. Raises `vault.envelope.SealBroken` for what it did not wrap."""

    def wrap(self, tenant_id: UUID, data_key: bytes) -> bytes: ...

    def unwrap(self, tenant_id: UUID, wrapped: bytes) -> bytes: ...


class FileKeyProvider:
    """Tenant keys by HKDF-SHA256 from a 32-byte master key in a file, made (mode 0600) where it is absent."""

    def __init__(self, path: Path) -> None:
        self._master = _read_or_create(path)

    def wrap(self, tenant_id: UUID, data_key: bytes) -> bytes:
        return seal(self._tenant_key(tenant_id), data_key, _WRAP_CONTEXT)

    def unwrap(self, tenant_id: UUID, wrapped: bytes) -> bytes:
        return open_sealed(self._tenant_key(tenant_id), wrapped, _WRAP_CONTEXT)

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for a purpose of the whole service, such as the HMAC of idempotency keys."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"clearance/purpose/v1/" + purpose.encode()).derive(
            self._master
        )

    def _tenant_key(self, tenant_id: UUID) -> bytes:
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"clearance/tenant/v1/" + tenant_id.bytes).derive(self._master)


class Ed25519Signer:
    """Signs with an Ed25519 key; `key_id` is the first 16 hex digits of the public key."""

    def __init__(self, private_key: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = self.public_key.hex()[:16]

    @classmethod
    def from_file(cls, path: Path) -> "Ed25519Signer":
        """From 32 raw bytes, made (mode 0600) where the file is absent."""
        return cls(_read_or_create(path))

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def verify_signature(public_key: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _read_or_create(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
    content = path.read_bytes()
    if len(content) != KEY_BYTES:
        raise KeyFileBroken(f"{path} holds {len(content)} bytes, not {KEY_BYTES}")
    return content
