"""The decoding child is bounded: bombs, hangs and broken files end it, not the worker."""

import io
import os
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from activities import decoding
from activities.decoding import decode


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 220, 240)).save(out, "PNG")
    return out.getvalue()


def bomb() -> bytes:
    """A small PNG that claims to be 60,000 by 60,000 pixels."""
    content = bytearray(png(64, 64))
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    return bytes(content)


async def test_an_image_gives_its_page() -> None:
    decoded = await decode(png(640, 480))
    assert decoded.problem == ""
    with Image.open(io.BytesIO(decoded.pages[0])) as page:
        assert (page.size, page.mode) == ((640, 480), "RGB")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "EMPTY_FILE"),
        (b"no image at all" * 50, "NOT_AN_IMAGE"),
        (png(640, 480)[:900], "DAMAGED_IMAGE"),
        (bomb(), "TOO_LARGE"),
        (b"%PDF-1.7\nnothing", "DAMAGED_PDF"),
    ],
)
async def test_a_bad_file_is_a_problem_with_a_code(content: bytes, problem: str) -> None:
    decoded = await decode(content)
    assert decoded.pages == ()
    assert decoded.problem == problem


async def test_a_child_that_hangs_is_killed() -> None:
    started = time.monotonic()
    decoded = await decode(png(640, 480), wall_seconds=0.01)
    assert decoded.problem == "TOO_DEMANDING"
    assert time.monotonic() - started < 5
    assert not _children()


async def test_nothing_of_the_file_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding.tempfile, "tempdir", str(tmp_path))
    await decode(png(64, 64))
    assert list(tmp_path.iterdir()) == []


def _children() -> list[str]:
    """Living processes that this one started to decode."""
    own = str(os.getpid())
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rsplit(")", 1)[1].split()
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if words[1] == own and b"kyc.decode" in command:
            found.append(stat.parent.name)
    return found
