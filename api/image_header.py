"""What an upload says about itself in its first bytes: format, dimensions, frames; nothing is decoded.

Separate because the API must refuse what would hurt a decoder (bombs, disguises) without loading one; what only
decoding reveals is found later, in a child process with limits.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_PAGES = 10
"""Of a TIFF: as many pages as are read of a PDF."""

_SNIFFED = 1024
"""PDF readers accept a header anywhere in the first 1024 bytes (ISO 32000-1, note 13); browsers sniff as far."""


class ImageRefused(Exception):
    """The upload is no image that can be read safely; `code` says what is wrong, `advice` what the sender can do."""

    def __init__(self, code: str, detail: str, advice: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.advice = code, detail, advice


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """`width` and `height` in pixels, of the largest frame; all three 0 for a PDF, whose pages only decoding counts."""

    media_type: str
    width: int
    height: int
    frames: int


def inspect_image(content: bytes) -> ImageHeader:
    """The header of a JPEG, PNG, WebP, TIFF, GIF or PDF that is safe to hand to the decoder. Raises `ImageRefused`."""
    if not content:
        raise ImageRefused("DOCUMENT_EMPTY", "The file has no content.", "Send the file again.")
    if len(content) > MAX_BYTES:
        raise ImageRefused(
            "DOCUMENT_TOO_LARGE",
            f"The file has {len(content)} bytes; {MAX_BYTES} are allowed.",
            "Send a smaller image: 2000 pixels on the long side are enough for a document page.",
        )
    read = next((reader for magic, reader in _READERS if magic.match(content)), None)
    if read is None:
        raise _not_an_image(content)
    try:
        header = read(content)
    except (struct.error, IndexError) as error:
        raise _broken() from error
    _refuse_disguise(content, header.media_type)
    if header.media_type == "application/pdf":
        return header
    if header.width < 1 or header.height < 1:
        raise _broken()
    if header.width * header.height > MAX_PIXELS:
        raise ImageRefused(
            "DOCUMENT_DIMENSIONS",
            f"The image is {header.width} × {header.height} pixels; {MAX_PIXELS // 1_000_000} million are allowed.",
            "Scale the image down: 2000 pixels on the long side are enough for a document page.",
        )
    if header.frames > (MAX_PAGES if header.media_type == "image/tiff" else 1):
        raise ImageRefused(
            "DOCUMENT_FRAMES",
            f"The file has {header.frames} or more frames.",
            f"Send a still image, or a TIFF or PDF of at most {MAX_PAGES} pages.",
        )
    return header


def media_type(content: bytes) -> str:
    """By the first bytes alone, for images of our own making; `application/octet-stream` where they say nothing."""
    for magic, kind in _NORMALISED.items():
        if content.startswith(magic):
            return kind
    return "application/octet-stream"


_NORMALISED = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def _broken() -> ImageRefused:
    return ImageRefused(
        "DOCUMENT_HEADER_BROKEN",
        "The file ends or breaks off inside its header.",
        "Save the image again and send that.",
    )


def _not_an_image(content: bytes) -> ImageRefused:
    if content[4:8] == b"ftyp":
        return ImageRefused(
            "DOCUMENT_FORMAT_NOT_READ",
            "HEIC, AVIF and video files are not read.",
            "Send a JPEG: on an iPhone choose Settings, Camera, Formats, Most Compatible, or export the photo as JPEG.",
        )
    return ImageRefused(
        "DOCUMENT_NOT_AN_IMAGE",
        "The file is none of JPEG, PNG, WebP, TIFF, GIF or PDF.",
        "Photograph or scan the document and send the image as JPEG, PNG or PDF.",
    )


# --- One reader a format ---------------------------------------------------------------------------------------------


def _png(content: bytes) -> ImageHeader:
    """PNG, third edition (W3C), sections 5 and 11: IHDR comes first; `acTL` before IDAT makes it animated."""
    if content[12:16] != b"IHDR":
        raise _broken()
    width, height = struct.unpack_from(">II", content, 16)
    frames, at = 1, 8
    while True:
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"acTL":
            frames = max(1, struct.unpack_from(">I", content, at + 8)[0])
        if kind in (b"IDAT", b"IEND"):
            return ImageHeader("image/png", width, height, frames)
        at += 12 + length


_JPEG_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_JPEG_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg(content: bytes) -> ImageHeader:
    """JPEG (ITU-T T.81, annex B): the frame header carries the dimensions."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise _broken()
        while content[at] == 0xFF:
            at += 1
        marker = content[at]
        at += 1
        if marker in _JPEG_STANDALONE:
            continue
        if marker in (0xD9, 0xDA):
            raise _broken()
        if marker in _JPEG_FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", content, at + 3)
            return ImageHeader("image/jpeg", width, height, 1)
        at += max(2, struct.unpack_from(">H", content, at)[0])


def _gif(content: bytes) -> ImageHeader:
    """GIF89a, sections 17 to 26: frames are counted up to the second, each may not exceed what is allowed either."""
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at = 13 + _gif_colours(flags)
    frames = 0
    while content[at] != 0x3B and frames < 2:
        if content[at] == 0x2C:
            frame_width, frame_height, frame_flags = struct.unpack_from("<HHB", content, at + 5)
            width, height = max(width, frame_width), max(height, frame_height)
            frames += 1
            at += 10 + _gif_colours(frame_flags) + 1
        elif content[at] == 0x21:
            at += 2
        else:
            raise _broken()
        while content[at]:
            at += 1 + content[at]
        at += 1
    if frames == 0:
        raise _broken()
    return ImageHeader("image/gif", width, height, frames)


def _gif_colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _webp(content: bytes) -> ImageHeader:
    """WebP container (RFC 9649): lossy, lossless, or extended with a canvas and perhaps animation frames."""
    kind, body = content[12:16], 20
    if kind == b"VP8 ":
        if content[body + 3 : body + 6] != b"\x9d\x01\x2a":
            raise _broken()
        width, height = struct.unpack_from("<HH", content, body + 6)
        return ImageHeader("image/webp", width & 0x3FFF, height & 0x3FFF, 1)
    if kind == b"VP8L":
        signature, bits = struct.unpack_from("<BI", content, body)
        if signature != 0x2F:
            raise _broken()
        return ImageHeader("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 1)
    if kind != b"VP8X":
        raise _broken()
    animated = bool(struct.unpack_from("<B", content, body)[0] & 0x02)
    width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (body + 4, body + 7))
    content[body + 9]  # the canvas is there in full
    return ImageHeader("image/webp", width, height, 2 if animated else 1)


_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_SHORT = 256, 257, 3


def _tiff(content: bytes) -> ImageHeader:
    """TIFF 6.0, section 2: a chain of directories, one a page, each with its dimensions. BigTIFF is not read."""
    order = "<" if content[:2] == b"II" else ">"
    at = struct.unpack_from(f"{order}I", content, 4)[0]
    largest, frames, seen = (0, 0), 0, set[int]()
    while at and frames <= MAX_PAGES:
        if at in seen:
            raise _broken()
        seen.add(at)
        count = struct.unpack_from(f"{order}H", content, at)[0]
        size = {_TIFF_WIDTH: 0, _TIFF_HEIGHT: 0}
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", content, entry)
            if tag in size:
                size[tag] = struct.unpack_from(f"{order}{'H' if kind == _TIFF_SHORT else 'I'}", content, entry + 8)[0]
        page = (size[_TIFF_WIDTH], size[_TIFF_HEIGHT])
        if not all(page):
            raise _broken()
        largest = max(largest, page, key=lambda p: p[0] * p[1])
        frames += 1
        at = struct.unpack_from(f"{order}I", content, at + 2 + 12 * count)[0]
    return ImageHeader("image/tiff", *largest, frames)


def _pdf(content: bytes) -> ImageHeader:
    """PDF (ISO 32000-1, 7.5): a file that was cut off has no end marker."""
    if b"%%EOF" not in content[-2048:]:
        raise _broken()
    return ImageHeader("application/pdf", 0, 0, 0)


_READERS: tuple[tuple[re.Pattern[bytes], Callable[[bytes], ImageHeader]], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    (re.compile(rb"\xff\xd8\xff"), _jpeg),
    (re.compile(rb"GIF8[79]a"), _gif),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), _webp),
    (re.compile(rb"II\x2a\x00|MM\x00\x2a"), _tiff),
    (re.compile(rb"%PDF-[12]\."), _pdf),
)


# --- Files that are two things at once -------------------------------------------------------------------------------

_MARKUP = re.compile(rb"<!doctype|<html|<script|<svg|<\?php", re.IGNORECASE)
_ZIP_END = b"PK\x05\x06"


def _refuse_disguise(content: bytes, media_type: str) -> None:
    """Refuse what another program would take for something else: a PDF, an archive, or a page with scripts."""
    start = content[:_SNIFFED]
    pdf_inside = media_type != "application/pdf" and b"%PDF-" in start
    if pdf_inside or _MARKUP.search(start) or _ends_as_archive(content):
        raise ImageRefused(
            "DOCUMENT_DISGUISED",
            "The file is an image and something else at the same time.",
            "Open the image, save it under a new name as JPEG or PNG, and send that.",
        )


def _ends_as_archive(content: bytes) -> bool:
    """Whether a ZIP reader would find its end record: 22 bytes and a comment that reaches the end of the file."""
    tail = content[-(22 + 0xFFFF) :]
    at = tail.rfind(_ZIP_END)
    return at >= 0 and len(tail) - at >= 22 and struct.unpack_from("<H", tail, at + 20)[0] == len(tail) - at - 22
