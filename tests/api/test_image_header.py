"""Headers tell enough to refuse what would hurt a decoder, and to say what to send instead."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.image_header import MAX_BYTES, ImageHeader, ImageRefused, inspect_image
from tests.api import images


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (images.png(), ImageHeader("image/png", 60, 40, 1)),
        (images.jpeg(), ImageHeader("image/jpeg", 60, 40, 1)),
        (images.jpeg(comment=b"x" * 60_000), ImageHeader("image/jpeg", 60, 40, 1)),
        (images.gif(), ImageHeader("image/gif", 60, 40, 1)),
        (images.webp_lossy(), ImageHeader("image/webp", 60, 40, 1)),
        (images.webp_lossless(), ImageHeader("image/webp", 60, 40, 1)),
        (images.webp_extended(), ImageHeader("image/webp", 60, 40, 1)),
        (images.tiff(), ImageHeader("image/tiff", 60, 40, 1)),
        (images.tiff(order=">", pages=3), ImageHeader("image/tiff", 60, 40, 3)),
        (images.pdf(), ImageHeader("application/pdf", 0, 0, 0)),
    ],
)
def test_the_header_of_every_format_is_read(content: bytes, header: ImageHeader) -> None:
    assert inspect_image(content) == header


@pytest.mark.parametrize(
    "bomb",
    [
        images.png_claiming(50_000, 50_000),
        images.jpeg(50_000, 50_000),
        images.gif(50_000, 50_000),
        images.gif(10, 50_000, frame_width=50_000),
        images.webp_lossless(16_384, 16_384),
        images.webp_extended(50_000, 50_000),
        images.tiff(50_000, 50_000),
        images.png_claiming(2**31 - 1, 1),
    ],
)
def test_a_bomb_is_refused_by_its_header(bomb: bytes) -> None:
    with pytest.raises(ImageRefused) as refused:
        inspect_image(bomb)
    assert refused.value.code == "DOCUMENT_DIMENSIONS"
    assert "Scale" in refused.value.advice


def test_fifty_megapixels_are_taken_and_one_more_row_is_not() -> None:
    assert inspect_image(images.png_claiming(10_000, 5_000)).width == 10_000
    with pytest.raises(ImageRefused, match="50 million"):
        inspect_image(images.png_claiming(10_000, 5_001))


@pytest.mark.parametrize(
    "moving",
    [images.animated_png(2), images.gif(frames=2), images.webp_extended(animated=True), images.tiff(pages=11)],
)
def test_more_frames_than_a_document_has_are_refused(moving: bytes) -> None:
    with pytest.raises(ImageRefused) as refused:
        inspect_image(moving)
    assert refused.value.code == "DOCUMENT_FRAMES"


def test_ten_pages_of_a_tiff_are_taken() -> None:
    assert inspect_image(images.tiff(pages=10)).frames == 10


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "DOCUMENT_EMPTY"),
        (b"\0", "DOCUMENT_NOT_AN_IMAGE"),
        (b"hello, I am text", "DOCUMENT_NOT_AN_IMAGE"),
        (b"BM" + bytes(60), "DOCUMENT_NOT_AN_IMAGE"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "DOCUMENT_NOT_AN_IMAGE"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "DOCUMENT_FORMAT_NOT_READ"),
        (images.png() + bytes(MAX_BYTES), "DOCUMENT_TOO_LARGE"),
        (images.png_claiming(0, 40), "DOCUMENT_HEADER_BROKEN"),
        (images.tiff(loop=True), "DOCUMENT_HEADER_BROKEN"),
        (images.pdf()[:-7], "DOCUMENT_HEADER_BROKEN"),
        (images.jpeg()[:2] + b"\xff\xda" + bytes(20), "DOCUMENT_HEADER_BROKEN"),
    ],
)
def test_what_is_no_readable_image_is_refused_with_advice(content: bytes, code: str) -> None:
    with pytest.raises(ImageRefused) as refused:
        inspect_image(content)
    assert refused.value.code == code
    assert refused.value.advice.endswith(".")


@pytest.mark.parametrize(
    "disguised",
    [
        images.jpeg(comment=b"%PDF-1.7 objects follow"),
        images.jpeg(comment=b"<script>alert(1)</script>"),
        images.ending_as_zip(images.png()),
        images.ending_as_zip(images.pdf()),
    ],
)
def test_a_file_that_is_two_things_is_refused(disguised: bytes) -> None:
    with pytest.raises(ImageRefused) as refused:
        inspect_image(disguised)
    assert refused.value.code == "DOCUMENT_DISGUISED"


_WHOLE = [
    images.png(),
    images.jpeg(),
    images.gif(),
    images.webp_lossy(),
    images.webp_lossless(),
    images.webp_extended(),
    images.tiff(pages=2),
]


@given(st.sampled_from(_WHOLE), st.data())
def test_a_file_cut_anywhere_or_with_a_changed_byte_is_read_or_refused_but_never_breaks(
    whole: bytes, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(whole)))
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    for content in (whole[:cut], changed, changed[:cut]):
        try:
            header = inspect_image(content)
        except ImageRefused:
            continue
        assert header.media_type == "application/pdf" or header.width * header.height > 0


def test_a_chain_of_tiff_directories_ends() -> None:
    # Eleven directories are enough to refuse; the twelfth, which points into nothing, is never looked at.
    content = images.tiff(pages=12)
    broken = content[:-4] + struct.pack("<I", 2**31)
    with pytest.raises(ImageRefused, match="frames"):
        inspect_image(broken)
