"""A report's lines as a PDF to print, or to upload where an authority takes no data; made by PDFium."""

import ctypes
import io
import textwrap
from collections.abc import Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from anyascii import anyascii

_WIDTH, _HEIGHT, _MARGIN = 595, 842, 56  # A4 in points
_SIZE, _LEADING, _COLUMNS = 10.0, 14.0, 92


def pdf_of(lines: Sequence[str]) -> bytes:
    """One line of text a line, broken where it is too long. PDF's own fonts know Latin letters: others are transcribed,
    and the line says what was written in the report's data."""
    wrapped = [part for line in lines for part in (textwrap.wrap(_latin(line), _COLUMNS) or [""])]
    a_page = int((_HEIGHT - 2 * _MARGIN) // _LEADING)
    document = pdfium.PdfDocument.new()
    font = raw.FPDFText_LoadStandardFont(document.raw, b"Helvetica")
    for start in range(0, max(len(wrapped), 1), a_page):
        page = document.new_page(_WIDTH, _HEIGHT)
        for number, line in enumerate(wrapped[start : start + a_page]):
            if not line:
                continue
            text = raw.FPDFPageObj_CreateTextObj(document.raw, font, ctypes.c_float(_SIZE))
            encoded = ctypes.create_string_buffer((line + "\0").encode("utf-16-le"))
            raw.FPDFText_SetText(text, ctypes.cast(encoded, raw.FPDF_WIDESTRING))
            raw.FPDFPageObj_Transform(text, 1, 0, 0, 1, _MARGIN, _HEIGHT - _MARGIN - _LEADING * (number + 1))
            raw.FPDFPage_InsertObject(page.raw, text)
        raw.FPDFPage_GenerateContent(page.raw)
        page.close()
    content = io.BytesIO()
    document.save(content)
    raw.FPDFFont_Close(font)
    document.close()
    return content.getvalue()


def _latin(line: str) -> str:
    try:
        line.encode("cp1252")
    except UnicodeEncodeError:
        return str(anyascii(line))
    return line
