"""What keeps state beyond a process: arrays, texts and facts in our own format, which says what it is and is whole.

A line with the format's name and version, a line with the SHA-256 of the rest, then a zip of arrays as numpy writes
them. Nothing in it is ever executed (no pickle). Apart from what is kept, because engines and runs keep theirs alike.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1
_NAME = b"clearance snapshot"
_DIGEST = 64


class SnapshotUnusable(ValueError):
    """A snapshot that is damaged, of another kind, or made by other code or parameters. Begin without it: state can
    always be rebuilt from the transactions."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What was packed under a kind."""

    arrays: Mapping[str, NDArray[Any]]
    texts: Mapping[str, list[str]]
    facts: Mapping[str, Any]


def pack(
    kind: str,
    arrays: Mapping[str, NDArray[Any]],
    texts: Mapping[str, Sequence[str]],
    facts: Mapping[str, Any],
) -> bytes:
    """The bytes of a snapshot; the same contents give the same bytes. `facts` are JSON."""
    parts: dict[str, NDArray[Any]] = {f"array.{name}": array for name, array in arrays.items()}
    for name, strings in texts.items():
        encoded = [text.encode() for text in strings]
        parts[f"text.{name}"] = np.frombuffer(b"".join(encoded), np.uint8)
        parts[f"ends.{name}"] = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    stated = json.dumps({"kind": kind, "facts": facts}, sort_keys=True)
    parts["stated"] = np.frombuffer(stated.encode(), np.uint8)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.ascontiguousarray(part), allow_pickle=False)
    content = body.getvalue()
    return b"%s %d\n%s\n" % (_NAME, VERSION, hashlib.sha256(content).hexdigest().encode()) + content


def unpack(snapshot: bytes, kind: str) -> Contents:
    """Raises `SnapshotUnusable` when the bytes are not a whole snapshot of this kind and version."""
    title = b"%s %d\n" % (_NAME, VERSION)
    if not snapshot.startswith(title):
        raise SnapshotUnusable(f"this is no snapshot of version {VERSION}")
    digest = snapshot[len(title) : len(title) + _DIGEST]
    content = memoryview(snapshot)[len(title) + _DIGEST + 1 :]
    if hashlib.sha256(content).hexdigest().encode() != digest:
        raise SnapshotUnusable("the snapshot is damaged: its content does not match its digest")
    parts = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            with archive.open(name) as entry:
                parts[name] = np.lib.format.read_array(entry, allow_pickle=False)
    stated = json.loads(parts.pop("stated").tobytes())
    if stated["kind"] != kind:
        raise SnapshotUnusable(f"the snapshot is of a {stated['kind']}, not of a {kind}")
    return Contents(
        {name.removeprefix("array."): part for name, part in parts.items() if name.startswith("array.")},
        {
            name.removeprefix("text."): _strings(part.tobytes(), parts[f"ends.{name.removeprefix('text.')}"])
            for name, part in parts.items()
            if name.startswith("text.")
        },
        stated["facts"],
    )


def _strings(content: bytes, ends: NDArray[Any]) -> list[str]:
    starts = [0, *ends.tolist()]
    return [content[start:end].decode() for start, end in pairwise(starts)]
