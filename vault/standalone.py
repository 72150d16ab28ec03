"""A sealed value that carries its own wrapped data key: for what belongs to no subject, such as a filed report.

Separate from `envelope` because that knows no key provider.
"""

from uuid import UUID

from vault.envelope import new_data_key, open_sealed, seal
from vault.keys import KeyProvider

_LENGTH_BYTES = 2


def seal_standalone(keys: KeyProvider, tenant_id: UUID, content: bytes, context: bytes) -> bytes:
    """The wrapped key's length (two bytes, big endian), the wrapped key, and the content sealed under the key."""
    data_key = new_data_key()
    wrapped = keys.wrap(tenant_id, data_key)
    return len(wrapped).to_bytes(_LENGTH_BYTES, "big") + wrapped + seal(data_key, content, context)


def open_standalone(keys: KeyProvider, tenant_id: UUID, sealed: bytes, context: bytes) -> bytes:
    """The content. Raises `vault.envelope.SealBroken`."""
    end = _LENGTH_BYTES + int.from_bytes(sealed[:_LENGTH_BYTES], "big")
    data_key = keys.unwrap(tenant_id, sealed[_LENGTH_BYTES:end])
    return open_sealed(data_key, sealed[end:], context)
