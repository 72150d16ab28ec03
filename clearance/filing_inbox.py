"""The key pair of the filing side's inbox: the investigations seal outcomes to its public half and cannot open them.

The private half is derived from the filing master key, which only filing services are given; the public half is a file
that every worker may read.
"""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clearance.keyring import KeyMissing, KeyName, Keyring
from vault.keys import FileKeyProvider

PUBLIC_FILE = "filing-inbox.pub"


def inbox_key(keys: Keyring) -> bytes:
    """The private half, 32 raw bytes: for filing services."""
    path = keys.path(KeyName.FILING_MASTER)
    if not path.exists():
        raise KeyMissing(f"{path} is missing: run `clearance provision` or mount the secret")
    return FileKeyProvider(path).derive("filing-inbox")


def publish_inbox(keys: Keyring) -> bytes:
    """Write the public half beside the keys and return it. Again writes the same."""
    public = X25519PrivateKey.from_private_bytes(inbox_key(keys)).public_key().public_bytes_raw()
    path = keys.folder / PUBLIC_FILE
    draft = path.with_name(f".{PUBLIC_FILE}.{os.getpid()}")
    draft.write_bytes(public)
    draft.replace(path)
    return public


def inbox_public_key(keys: Keyring) -> bytes:
    """The public half, 32 raw bytes: for whoever seals outcomes. Made from the master key where that is at hand."""
    path: Path = keys.folder / PUBLIC_FILE
    if path.exists():
        return path.read_bytes()
    return publish_inbox(keys)
