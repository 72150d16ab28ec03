"""Images made by hand, byte by byte: what headers say need not be true, and no decoder is needed to write them."""

import struct
import zlib


def png(width: int = 60, height: int = 40, grey: int = 200) -> bytes:
    """A valid greyscale PNG."""
    rows = b"".join(b"\0" + bytes([grey]) * width for _ in range(height))
    return png_claiming(width, height, zlib.compress(rows))


def png_claiming(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG whose header says what it likes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def animated_png(frames: int) -> bytes:
    head, tail = png()[:33], png()[33:]
    return head + chunk(b"acTL", struct.pack(">II", frames, 0)) + tail


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(width: int = 60, height: int = 40, comment: bytes = b"") -> bytes:
    """The segments of a JPEG up to its scan, and an end marker."""
    jfif = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\1\1\0\0\1\0\1\0\0"
    said = b"\xff\xfe" + struct.pack(">H", 2 + len(comment)) + comment if comment else b""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + jfif + said + frame + b"\xff\xda" + struct.pack(">H", 2) + b"\0\xff\xd9"


def gif(width: int = 60, height: int = 40, frames: int = 1, frame_width: int | None = None) -> bytes:
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, frame_width or width, height, 0) + b"\x02\x02\x44\x01\x00"
    return screen + b"\x21\xf9\x04\0\0\0\0\0" + frame * frames + b"\x3b"


def webp_lossy(width: int = 60, height: int = 40) -> bytes:
    return _riff(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height))


def webp_lossless(width: int = 60, height: int = 40) -> bytes:
    return _riff(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14))


def webp_extended(width: int = 60, height: int = 40, animated: bool = False) -> bytes:
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _riff(b"VP8X", bytes([2 if animated else 0]) + b"\0\0\0" + canvas)


def _riff(kind: bytes, data: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(width: int = 60, height: int = 40, pages: int = 1, order: str = "<", loop: bool = False) -> bytes:
    content = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    for page in range(pages):
        after = 8 + 30 * (page + 1)
        last = page == pages - 1
        content += struct.pack(f"{order}HHHII", 2, 256, 4, 1, width)
        content += struct.pack(f"{order}HHIHH", 257, 3, 1, height, 0)
        content += struct.pack(f"{order}I", 8 if last and loop else 0 if last else after)
    return content


def pdf() -> bytes:
    return b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"


def ending_as_zip(content: bytes) -> bytes:
    """The same bytes with an empty archive's end record behind them."""
    return content + b"PK\x05\x06" + bytes(18)
