"""Documents and evidence as encrypted objects, addressed by the SHA-256 of their plaintext and named by an HMAC.

An object's name depends on the data key: two subjects with the same file have two objects, and a name tells nothing.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from vault.envelope import SealBroken, open_sealed, seal


class VaultObjectMissing(LookupError):
    """No object of that hash under that key."""


class VaultObjectCorrupt(Exception):
    """The object was altered or truncated, or does not hash to what was asked for. Restore it from backup."""


class Vault(Protocol):
    """Where objects are kept. Synchronous: call it in a thread."""

    def put(self, tenant_id: UUID, data_key: bytes, content: bytes) -> str:
        """Keep `content` sealed under `data_key`; the SHA-256 (hex) of the plaintext. Again changes nothing."""
        ...

    def get(self, tenant_id: UUID, data_key: bytes, sha256: str) -> bytes:
        """The plaintext. Raises `VaultObjectMissing` and `VaultObjectCorrupt`."""
        ...


class FilesystemVault:
    """Objects as files below `root`, written to a temporary name, synced and renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(self, tenant_id: UUID, data_key: bytes, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._root / _name(tenant_id, data_key, sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            with temporary.open("xb") as file:
                file.write(_seal(tenant_id, data_key, sha256, content))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
        return sha256

    def get(self, tenant_id: UUID, data_key: bytes, sha256: str) -> bytes:
        try:
            sealed = (self._root / _name(tenant_id, data_key, sha256)).read_bytes()
        except FileNotFoundError:
            raise VaultObjectMissing(sha256) from None
        return _open(tenant_id, data_key, sha256, sealed)


class S3Vault:
    """Objects in an S3-compatible bucket. `client` is a boto3 S3 client."""

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def put(self, tenant_id: UUID, data_key: bytes, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        # Overwriting an object with another sealing of the same plaintext is harmless: no need to look first.
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + _name(tenant_id, data_key, sha256),
            Body=_seal(tenant_id, data_key, sha256, content),
        )
        return sha256

    def get(self, tenant_id: UUID, data_key: bytes, sha256: str) -> bytes:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + _name(tenant_id, data_key, sha256))
        except self._client.exceptions.NoSuchKey:
            raise VaultObjectMissing(sha256) from None
        return _open(tenant_id, data_key, sha256, answer["Body"].read())


def open_vault(url: str) -> Vault:
    """`file:///path`, or `s3://bucket/prefix?endpoint=https://host&region=name` (credentials as boto3 finds them).

    Raises ValueError for another scheme.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FilesystemVault(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        # Imported here because it takes a third of a second and only S3 needs it.
        import boto3

        options = parse_qs(parts.query)
        client = boto3.client(
            "s3",
            endpoint_url=options.get("endpoint", [None])[0],
            region_name=options.get("region", [None])[0],
        )
        prefix = parts.path.strip("/")
        return S3Vault(client, parts.netloc, f"{prefix}/" if prefix else "")
    raise ValueError(f"a vault's URL starts with file:// or s3://, not {parts.scheme}://")


def _name(tenant_id: UUID, data_key: bytes, sha256: str) -> str:
    digest = hmac.digest(data_key, b"clearance/object-name/v1/" + tenant_id.bytes + sha256.encode(), "sha256").hex()
    return f"{tenant_id}/{digest[:2]}/{digest}"


def _context(tenant_id: UUID, sha256: str) -> bytes:
    return b"vault/" + tenant_id.bytes + bytes.fromhex(sha256)


def _seal(tenant_id: UUID, data_key: bytes, sha256: str, content: bytes) -> bytes:
    return seal(data_key, content, _context(tenant_id, sha256))


def _open(tenant_id: UUID, data_key: bytes, sha256: str, sealed: bytes) -> bytes:
    try:
        content = open_sealed(data_key, sealed, _context(tenant_id, sha256))
    except SealBroken:
        raise VaultObjectCorrupt(sha256) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise VaultObjectCorrupt(sha256)
    return content


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
