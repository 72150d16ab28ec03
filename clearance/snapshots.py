"""Engine states on disk, one file a tenant: sealed under the tenant's key, whole or not at all.

A snapshot only ever saves time: what is lost, damaged or does not fit is made again from the stored transactions.
"""

import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from aml.snapshots import Contents, SnapshotUnusable, pack, unpack
from vault import contexts
from vault.envelope import SealBroken, open_sealed, seal

_KIND = "partition"
_TITLE = b"clearance sealed snapshot 1\n"
_HEAD = struct.Struct(">16sI")
_LENGTH = struct.Struct(">Q")
_PIECE = 64 * 1024 * 1024
"""Bytes sealed at once: AES-GCM takes at most 2 GiB, and a piece is what memory holds twice."""


class SnapshotFolder:
    """Reads and writes the snapshots of a folder. Its functions wait for the disk: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, tenant_id: UUID) -> Path:
        return self._folder / f"{tenant_id}.snapshot"

    def write(self, tenant_id: UUID, data_key: bytes, contents: Contents) -> int:
        """Replace the tenant's snapshot and return its size in bytes. Killed at any time, the one before is there."""
        packed = memoryview(pack(_KIND, contents.arrays, contents.texts, contents.facts))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.path(tenant_id)
        fresh = path.with_suffix(".new")
        pieces = -(-len(packed) // _PIECE)
        written = secrets.token_bytes(16)
        fresh.touch(mode=0o600)
        with fresh.open("wb") as file:
            file.write(_TITLE + _HEAD.pack(written, pieces))
            for piece in range(pieces):
                context = contexts.engine_snapshot(tenant_id, written, piece, pieces)
                sealed = seal(data_key, bytes(packed[piece * _PIECE : (piece + 1) * _PIECE]), context)
                file.write(_LENGTH.pack(len(sealed)) + sealed)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        fresh.replace(path)
        return size

    def read(self, tenant_id: UUID, data_key: bytes) -> Contents | None:
        """The tenant's snapshot, None where there is none.

        Raises `SnapshotUnusable` when it is damaged or does not open with the key.
        """
        try:
            content = self.path(tenant_id).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SnapshotUnusable(f"the snapshot cannot be read: {error.strerror}") from error
        return unpack(b"".join(_opened(memoryview(content), tenant_id, data_key)), _KIND)

    def remove(self, tenant_id: UUID) -> None:
        """For one that no key opens any more."""
        self.path(tenant_id).unlink(missing_ok=True)


def _opened(content: memoryview, tenant_id: UUID, data_key: bytes) -> Iterator[bytes]:
    if content[: len(_TITLE)] != _TITLE:
        raise SnapshotUnusable("this is no sealed snapshot of version 1")
    at = len(_TITLE)
    try:
        written, pieces = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        for piece in range(pieces):
            (length,) = _LENGTH.unpack_from(content, at)
            at += _LENGTH.size
            context = contexts.engine_snapshot(tenant_id, written, piece, pieces)
            yield open_sealed(data_key, bytes(content[at : at + length]), context)
            at += length
    except (struct.error, SealBroken) as error:
        raise SnapshotUnusable("the snapshot is damaged, or sealed under another key") from error
