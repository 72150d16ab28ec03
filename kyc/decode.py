"""Turns an uploaded file into normalised RGB pages, in a process of its own: `python -m kyc.decode IN OUTDIR`.

Separate because it is the only code that opens a stranger's bytes with a native decoder. It limits its own memory and
CPU time before it looks at them, so that a bomb ends this process and nothing else.
"""

import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MEMORY_BYTES = 512 * 2**20
CPU_SECONDS = 10
MAX_PIXELS = 50_000_000
MAX_SIDE = 4096
"""Pages are scaled down to this: at 300 dpi an open passport has 3000 pixels, and reading gains nothing beyond."""
MIN_SIDE = 32
MAX_PDF_PAGES = 10
PDF_DPI = 200
PDF_MAX_INCHES = 30.0
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")

EXIT_OK, EXIT_UNREADABLE, EXIT_USAGE = 0, 3, 2


class DocumentUnreadable(Exception):
    """The file gives no page. `code` is for machines, the text says what the applicant can do."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(advice)
        self.code = code
        self.advice = advice


def limit_process() -> None:
    """Set this process's own limits: 512 MB of address space, 10 s of CPU, no core file, no file over 64 MB."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 2**20, 64 * 2**20))


def decode_file(source: Path, folder: Path) -> dict[str, Any]:
    """Write `page-N.png` (RGB, 8 bit, upright by EXIF) into `folder` for every page of `source`.

    Returns the metadata, which is also written as `result.json`: format, pages (file, width, height, scale), frames,
    EXIF software and dates where present (they matter for tamper checks). Raises `DocumentUnreadable`.
    """
    with source.open("rb") as file:
        head = file.read(1024)
    if not head:
        raise DocumentUnreadable("EMPTY_FILE", "The file is empty. Send the photo or scan again.")
    if b"%PDF-" in head[:1024]:
        meta, pages = _pdf(source)
    else:
        meta, pages = _image(source)
    written = []
    for number, (page, extra) in enumerate(pages, start=1):
        name = f"page-{number}.png"
        page.save(folder / name, format="PNG", compress_level=1)
        written.append({"file": name, "width": page.width, "height": page.height, **extra})
    if not written:
        raise DocumentUnreadable("NO_PAGES", "The file has no pages. Send a photo or a scan of the document.")
    return {**meta, "pages": written}


def _image(source: Path) -> tuple[dict[str, Any], Iterator[tuple[Any, dict[str, Any]]]]:
    from PIL import Image, ImageFile, UnidentifiedImageError

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        image = Image.open(source, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DocumentUnreadable(
            "NOT_AN_IMAGE", "The file is no JPEG, PNG, WebP, TIFF or PDF. Send a photo or scan in one of these formats."
        ) from error
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()
    meta = {
        "format": image.format,
        "mode": image.mode,
        "frames": int(getattr(image, "n_frames", 1)),
        "original_width": image.width,
        "original_height": image.height,
        "exif": _exif(image),
    }

    def pages() -> Iterator[tuple[Any, dict[str, Any]]]:
        try:
            image.seek(0)
            # JPEG decodes straight to a half or a quarter, which keeps a 50 MP photo within the memory limit.
            image.draft("RGB", (MAX_SIDE * 3 // 4, MAX_SIDE * 3 // 4))
            yield _normalise(image)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_large() from error
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, ZeroDivisionError) as error:
            raise DocumentUnreadable(
                "DAMAGED_IMAGE", "The image is damaged or incomplete. Send the original file again."
            ) from error
        finally:
            image.close()

    return meta, pages()


def _normalise(image: Any) -> tuple[Any, dict[str, Any]]:
    """Upright, three channels of 8 bit, no transparency, at most `MAX_SIDE` long."""
    import numpy as np
    from PIL import Image, ImageOps

    original = max(image.size)
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        values = np.asarray(image, dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        if image.mode.startswith("I;16") or high > 255:
            # 16-bit scans often use a part of the range; stretching keeps the print's contrast.
            values = (values - low) * (255.0 / max(high - low, 1.0))
        page = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "L")
        page.info = image.info
        image = page
    if max(image.size) > MAX_SIDE:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(ground, image)
    page = image.convert("RGB")
    if min(page.size) < MIN_SIDE:
        raise DocumentUnreadable("TOO_SMALL", "The image is too small to hold a document. Send a larger photo.")
    page.info = {}
    return page, {"scale": max(page.size) / original}


def _exif(image: Any) -> dict[str, str]:
    """Software and dates, as text: what a later tamper check may look at. Damaged EXIF counts as none."""
    names = {305: "software", 306: "modified", 271: "make", 272: "model", 274: "orientation"}
    try:
        tags = image.getexif()
        return {name: str(tags[tag])[:100] for tag, name in names.items() if tag in tags}
    except (OSError, SyntaxError, ValueError, KeyError, TypeError):
        return {}


def _pdf(source: Path) -> tuple[dict[str, Any], Iterator[tuple[Any, dict[str, Any]]]]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(source)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        code = "ENCRYPTED_PDF" if "assword" in str(error) else "DAMAGED_PDF"
        raise DocumentUnreadable(
            code, "The PDF cannot be opened. Send it without a password, or a photo of the document."
        ) from error
    meta = {"format": "PDF", "mode": "RGB", "frames": count, "exif": {}}

    def pages() -> Iterator[tuple[Any, dict[str, Any]]]:
        for index in range(min(count, MAX_PDF_PAGES)):
            try:
                page = document[index]
                inches = max(page.get_size()) / 72
                scale = PDF_DPI / 72 * min(1.0, PDF_MAX_INCHES / max(inches, 0.01))
                scale = min(scale, MAX_SIDE / max(page.get_size()))
                yield _normalise(page.render(scale=scale).to_pil())
            except pypdfium2.PdfiumError as error:
                raise DocumentUnreadable(
                    "DAMAGED_PDF", f"Page {index + 1} of the PDF is damaged. Send a photo of the document."
                ) from error

    return meta, pages()


def _too_large() -> DocumentUnreadable:
    return DocumentUnreadable(
        "TOO_LARGE", "The image has more than 50 million pixels. Send it in the resolution of a phone photo."
    )


def main(arguments: list[str]) -> int:
    """Decode one file. Exit 0 with `result.json` written; 3 with `error` and `advice` in it; a killed process (memory,
    time) leaves none, and the caller reports the file as too demanding."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m kyc.decode FILE FOLDER\n")
        return EXIT_USAGE
    # Threaded BLAS reserves address space a core; the limit is for the image.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    source, folder = Path(arguments[0]), Path(arguments[1])
    limit_process()
    result: dict[str, Any]
    try:
        result, status = decode_file(source, folder), EXIT_OK
    except DocumentUnreadable as error:
        result, status = {"error": error.code, "advice": error.advice}, EXIT_UNREADABLE
    except MemoryError:
        result = {"error": "TOO_DEMANDING", "advice": "The file needs too much memory. Send a photo as JPEG."}
        status = EXIT_UNREADABLE
    (folder / "result.json").write_text(json.dumps(result, sort_keys=True), encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
