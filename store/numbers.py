"""Many floating-point numbers as one short text: exact, compact, and quick where there is one a transaction.

Separate because the engine writes it from whole matrices while everybody else reads it. The text is base64 of: a bit
for each number, the first in the lowest bit of the first byte, set where any bit of the number is, and a set bit behind
them; then those numbers, eight bytes each (IEEE 754, little-endian). What was written is read back bit for bit, -0.0
and NaN too.
"""

import struct
from base64 import b64decode, b64encode
from collections.abc import Sequence


def pack(numbers: Sequence[float]) -> str:
    """The text of these numbers."""
    there, kept = 1 << len(numbers), []
    for place, number in enumerate(numbers):
        eight = struct.pack("<d", number)
        if any(eight):
            there |= 1 << place
            kept.append(eight)
    return b64encode(there.to_bytes(len(numbers) // 8 + 1, "little") + b"".join(kept)).decode()


def unpack(text: str, count: int) -> tuple[float, ...]:
    """The `count` numbers of a text. Raises `ValueError` where it is not the text of so many."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise ValueError("packed numbers are not base64") from None
    width = count // 8 + 1
    there = int.from_bytes(data[:width], "little")
    kept = there.bit_count() - 1
    if there >> count != 1 or len(data) != width + 8 * kept or b64encode(data).decode() != text:
        raise ValueError(f"these are not {count} packed numbers")
    numbers = iter(struct.unpack_from(f"<{kept}d", data, width))
    return tuple([next(numbers) if bit == "1" else 0.0 for bit in f"{there:b}"[:0:-1]])
