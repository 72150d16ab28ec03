"""The key files of a deployment: which there are, how they are made, how they are read.

Each file holds 32 random bytes, readable by its owner only. Services read just the ones they need, so in
production each gets just those mounted.
"""

import os
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class KeyName(StrEnum):
    """The keys by purpose; the file is called the same."""

    MASTER = "master"
    """Wraps the subjects' data keys, one derived key a tenant."""
    PAYLOAD = "payload"
    """Encrypts Temporal payloads."""
    FILING_MASTER = "filing-master"
    FILING_PAYLOAD = "filing-payload"
    TOKEN = "token"  # noqa: S105 (the name of a key file)
    """Ed25519: signs the built-in issuer's JWTs."""
    ASSERTION = "assertion"
    """Ed25519: signs the officers' single-purpose assertions."""
    LEDGER = "ledger"
    """Ed25519: signs receipts and checkpoints."""
    FILING_LEDGER = "filing-ledger"
    """Ed25519: signs the checkpoints of the filings' ledger."""
    IDEMPOTENCY = "idempotency"
    """HMAC key for Idempotency-Keys."""


class KeyMissing(Exception):
    """A key file is not there. Run `clearance provision`, or mount the secret."""


class Keyring:
    """Reads keys from a folder on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def secret(self, name: KeyName) -> bytes:
        path = self.folder / name.value
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise KeyMissing(f"{path} is missing: run `clearance provision` or mount the secret") from error

    def path(self, name: KeyName) -> Path:
        return self.folder / name.value

    @cached_property
    def token(self) -> Ed25519PrivateKey:
        return self._signer(KeyName.TOKEN)

    @cached_property
    def assertion(self) -> Ed25519PrivateKey:
        return self._signer(KeyName.ASSERTION)

    @cached_property
    def ledger(self) -> Ed25519PrivateKey:
        return self._signer(KeyName.LEDGER)

    @cached_property
    def filing_ledger(self) -> Ed25519PrivateKey:
        return self._signer(KeyName.FILING_LEDGER)

    def _signer(self, name: KeyName) -> Ed25519PrivateKey:
        return read_signer(self.path(name))


def read_signer(path: Path) -> Ed25519PrivateKey:
    """The key of a file of 32 bytes. Raises `KeyMissing`, and `ValueError` for other contents."""
    try:
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except FileNotFoundError as error:
        raise KeyMissing(f"{path} is missing: run `clearance provision` or mount the secret") from error


def create_key(path: Path) -> bool:
    """Make a key file, readable by its owner only, on the disk when this returns; False where one is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(32))
        file.flush()
        os.fsync(file.fileno())
    return True


def public_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def create_missing_keys(folder: Path) -> tuple[KeyName, ...]:
    """Make the key files that are not there yet; answers which were made. Existing ones are never touched."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tuple(name for name in KeyName if create_key(folder / name.value))
