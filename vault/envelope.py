"""Sealing bytes under a data key, bound to their context: the only place that touches AES-GCM.

Separate from keys and objects because rows, evidence and vault objects are all sealed alike.
"""

import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"
_TO_PUBLIC_KEY = b"\x02"


class SealBroken(Exception):
    """The sealed bytes were altered, or belong to another key or context."""


def new_data_key() -> bytes:
    """A fresh AES-256 key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(data_key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Version byte, random nonce, AES-256-GCM ciphertext with tag (29 bytes more than the plaintext).

    `context` says what it is (`decision:<uuid>`): the seal opens only with the same one. A random 96-bit nonce is safe
    for 2^32 seals under one key (NIST SP 800-38D section 8.3).
    """
    return Sealer(data_key).seal(plaintext, context)


class Sealer:
    """Seals many values under one data key, which is set up once. Keep it no longer than the key itself."""

    __slots__ = ("_cipher",)

    def __init__(self, data_key: bytes) -> None:
        self._cipher = AESGCM(data_key)

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """As `seal`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext, context)


def open_sealed(data_key: bytes, sealed: bytes, context: bytes) -> bytes:
    """The plaintext. Raises `SealBroken`."""
    if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + 16:
        raise SealBroken("not a sealed value")
    try:
        return AESGCM(data_key).decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], context)
    except InvalidTag:
        raise SealBroken("altered, or another key or context") from None


def seal_to(public_key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Seal for the holder of an X25519 key: the sender cannot open it again. Used for what the filing side alone reads.

    Version byte, ephemeral public key, then as `seal` under HKDF-SHA256 of the shared secret.
    """
    ephemeral = X25519PrivateKey.generate()
    sent = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    return _TO_PUBLIC_KEY + sent + seal(_agreed_key(shared, sent, public_key), plaintext, context)


def open_sealed_to(private_key: bytes, sealed: bytes, context: bytes) -> bytes:
    """The plaintext of `seal_to`. Raises `SealBroken`."""
    if sealed[:1] != _TO_PUBLIC_KEY or len(sealed) < 33:
        raise SealBroken("not sealed to a public key")
    own, sent = X25519PrivateKey.from_private_bytes(private_key), sealed[1:33]
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(sent))
    except ValueError:
        raise SealBroken("not a public key of X25519") from None
    return open_sealed(_agreed_key(shared, sent, own.public_key().public_bytes_raw()), sealed[33:], context)


def new_key_pair() -> tuple[bytes, bytes]:
    """(private, public) X25519 keys, 32 raw bytes each."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def _agreed_key(shared: bytes, sent: bytes, public_key: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=sent + public_key, info=b"clearance/seal_to/v1").derive(shared)
