"""The decoding child on honest and hostile files: pages or a named error, never a traceback, within its limits."""

import io
import json
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

REPO = Path(__file__).resolve().parents[3]


def decode(tmp_path: Path, content: bytes) -> tuple[int, dict[str, object], Path, str]:
    source, folder = tmp_path / "upload", tmp_path / "out"
    source.write_bytes(content)
    folder.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "kyc.decode", str(source), str(folder)],
        cwd=REPO, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    result = folder / "result.json"
    return run.returncode, json.loads(result.read_text()) if result.exists() else {}, folder, run.stderr


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


def picture(mode: str = "RGB", size: tuple[int, int] = (320, 200)) -> Image.Image:
    ramp = np.tile(np.linspace(0, 255, size[0]).astype(np.uint8), (size[1], 1))
    return Image.fromarray(ramp, "L").convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "JPEG"), ("CMYK", "JPEG"), ("L", "PNG"), ("RGBA", "PNG"), ("P", "GIF")]
)
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str, kind: str) -> None:
    status, result, folder, errors = decode(tmp_path, encoded(picture(mode), kind))

    assert status == 0, errors
    page = opened(folder / "page-1.png")
    assert (page.mode, page.size) == ("RGB", (320, 200))
    assert result["format"] == kind


def test_sixteen_bits_keep_their_contrast(tmp_path: Path) -> None:
    values = np.tile(np.linspace(1000, 5000, 320).astype(np.uint16), (200, 1))
    status, _, folder, errors = decode(tmp_path, encoded(Image.fromarray(values), "PNG"))

    assert status == 0, errors
    page = np.asarray(opened(folder / "page-1.png"))
    assert page.min() < 10
    assert page.max() > 245


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    status, _, folder, errors = decode(tmp_path, encoded(picture(), "JPEG", exif=exif))

    assert status == 0, errors
    assert opened(folder / "page-1.png").size == (200, 320)


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (100, 80), colour) for colour in ("white", "black", "white")]
    status, result, folder, errors = decode(
        tmp_path, encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    )

    assert status == 0, errors
    assert result["frames"] == 3
    assert len(list(folder.glob("page-*.png"))) == 1


def test_a_pdf_gives_its_first_ten_pages(tmp_path: Path) -> None:
    pages = [picture() for _ in range(12)]
    status, result, folder, errors = decode(tmp_path, encoded(pages[0], "PDF", save_all=True, append_images=pages[1:]))

    assert status == 0, errors
    assert len(list(folder.glob("page-*.png"))) == 10
    assert result["frames"] == 12


def test_a_fifty_megapixel_photo_fits_the_memory_limit(tmp_path: Path) -> None:
    status, result, folder, errors = decode(tmp_path, encoded(picture(size=(8160, 6100)), "JPEG", quality=60))

    assert status == 0, (result, errors)
    assert max(opened(folder / "page-1.png").size) <= 4096


def bomb(side: int) -> bytes:
    """A small PNG that claims and holds side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(side // 8 + 1)) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b"not an image at all", "NOT_AN_IMAGE"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 200, "NOT_AN_IMAGE"),
        (b"%PDF-1.7\nnothing follows", "DAMAGED_PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "NOT_AN_IMAGE"),
        (bomb(20_000), "TOO_LARGE"),
        (encoded(Image.new("RGB", (1, 1)), "PNG"), "TOO_SMALL"),
        (encoded(picture(), "PNG")[:-200], "DAMAGED_IMAGE"),
        (encoded(picture(), "JPEG")[:-800], "DAMAGED_IMAGE"),
    ],
    ids=["empty", "text", "jpeg-head", "pdf-head", "svg", "bomb", "1x1", "cut-png", "cut-jpeg"],
)
def test_hostile_files_get_a_named_error_and_advice(tmp_path: Path, content: bytes, code: str) -> None:
    started = time.monotonic()

    status, result, folder, errors = decode(tmp_path, content)

    assert status == 3, (result, errors)
    assert result["error"] == code
    assert str(result["advice"]).endswith(".")
    assert "Traceback" not in errors
    assert not list(folder.glob("page-*.png"))
    assert time.monotonic() - started < 15


def test_a_polyglot_is_decoded_as_what_its_head_says(tmp_path: Path) -> None:
    status, result, _, errors = decode(tmp_path, encoded(picture(), "PNG") + b"PK\x03\x04" + b"<script>" * 50)

    assert status == 0, errors
    assert result["format"] == "PNG"


def test_the_child_limits_itself(tmp_path: Path) -> None:
    code = (
        "import resource, kyc.decode as d; d.limit_process();"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True).stdout

    assert out.split() == [str(512 * 2**20), "10"]
