"""Rows in Postgres' binary COPY format, from values that are known to be plain.

Separate because it is the one place that knows the format: psycopg looks every value's type up, which for a row a
transaction costs more than making the row.
"""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import LiteralString

from store.connection import Connection

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_length = struct.Struct(">i").pack
_eight = struct.Struct(">iq").pack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_TEXT = 25
"""The object identifier of the type text."""

NULL = _length(-1)


class _Lengths(dict[int, bytes]):
    """The four bytes in front of a field of that many, made once: a look is a third of a call."""

    def __missing__(self, count: int) -> bytes:
        made = _length(count)
        if len(self) < 100_000:
            self[count] = made
        return made


lengths = _Lengths()


def data(value: bytes) -> bytes:
    """A field of bytes, or one whose binary form these are."""
    return lengths[len(value)] + value


def text(value: str | None) -> bytes:
    return NULL if value is None else data(value.encode())


def texts(values: Iterable[str]) -> bytes:
    """A field of text[]."""
    fields = [text(value) for value in values]
    head = struct.pack(">iiiii", 1, 0, _TEXT, len(fields), 1) if fields else struct.pack(">iii", 0, 0, _TEXT)
    return data(head + b"".join(fields))


def instant(value: datetime) -> bytes:
    """A field of timestamptz, from an instant with its time zone."""
    since = value - _EPOCH
    return _eight(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


async def copy_rows(conn: Connection, statement: LiteralString, rows: Iterable[bytes]) -> None:
    """Send rows (each with its number of fields in front) by `COPY … FROM STDIN (FORMAT binary)`. An item of `rows` may
    be many rows."""
    async with conn.cursor().copy(statement) as copy:
        await copy.write(_SIGNATURE)
        for block in rows:
            await copy.write(block)
        await copy.write(_END)
