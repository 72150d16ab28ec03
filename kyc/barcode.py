"""Barcodes of driving licences and cards: PDF417 by AAMVA's card design standard, QR codes as they are.

Separate because a barcode is a zone of its own with its own grammar: its fields are compared with the others'.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import cv2

from kyc.document import Box, FieldReading
from kyc.geometry import Image, grey

SCALES = (1, 2, 3)
MAX_SIDE = 4800
"""Pixels that an enlarged picture may have: a module of a finer one is seen at its own size."""
ELEMENTS = {
    "DCS": "surname",
    "DAB": "surname",
    "DAC": "given_names",
    "DCT": "given_names",
    "DAQ": "number",
    "DBB": "birth_date",
    "DBA": "expiry_date",
    "DBD": "issue_date",
    "DBC": "sex",
    "DCG": "issuer",
    "DAG": "address",
}
"""AAMVA DL/ID Card Design Standard (2020), table D.3, and the older names of the same elements."""
SEXES = {"1": "M", "2": "F", "9": "X", "M": "M", "F": "F", "X": "X"}


@dataclass(frozen=True, slots=True)
class Barcode:
    """One symbol: format as zxing-cpp names it, text, and place in the image."""

    format: str
    text: str
    box: Box


def find_barcodes(image: Image) -> tuple[Barcode, ...]:
    """PDF417 and QR symbols, searched at the image's size and, when none is found, always at two and three times it."""
    import zxingcpp

    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.PDF417, zxingcpp.BarcodeFormat.QRCode])
    flat = grey(image)
    for scale in SCALES:
        if scale > 1 and scale * max(flat.shape) > MAX_SIDE:
            break
        scaled = flat if scale == 1 else cv2.resize(flat, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        found = zxingcpp.read_barcodes(scaled, formats=formats, text_mode=zxingcpp.TextMode.Plain)
        if found:
            return tuple(Barcode(str(b.format), b.text, _box(b.position, scale)) for b in found)
    return ()


def aamva_fields(barcode: Barcode) -> Mapping[str, FieldReading]:
    """The fields of an AAMVA PDF417 symbol; empty for any other symbol."""
    if "ANSI " not in barcode.text[:30] and "AAMVA" not in barcode.text[:30]:
        return {}
    country = _element(barcode.text, "DCG") or ""
    fields: dict[str, FieldReading] = {}
    for code, name in ELEMENTS.items():
        value = _element(barcode.text, code)
        if not value or value in ("NONE", "unavl"):
            continue
        if name.endswith("_date"):
            iso = _date(value, country)
            if iso is None:
                continue
            value = iso
        elif name == "sex":
            if value not in SEXES:
                continue
            value = SEXES[value]
        elif name == "given_names":
            middle = _element(barcode.text, "DAD")
            value = " ".join(part for part in (value.replace(",", " "), middle) if part and part != "NONE")
        elif name == "address":
            parts = (value, _element(barcode.text, "DAI"), _element(barcode.text, "DAJ"), _element(barcode.text, "DAK"))
            value = ", ".join(part for part in parts if part)
        fields.setdefault(name, FieldReading(value, "barcode", 1.0, barcode.box))
    return fields


def _element(text: str, code: str) -> str | None:
    found = re.search(rf"(?:^|[\n\r\x1e]|DL|ID){code}([^\n\r\x1e]*)", text)
    return found.group(1).strip() if found else None


def _date(value: str, country: str) -> str | None:
    """AAMVA: MMDDCCYY in the United States, CCYYMMDD in Canada."""
    if not re.fullmatch(r"\d{8}", value):
        return None
    year_first = country == "CAN" or (value[:2] in ("19", "20") and int(value[4:6]) <= 12 and country != "USA")
    year, month, day = (value[:4], value[4:6], value[6:]) if year_first else (value[4:], value[:2], value[2:4])
    return f"{year}-{month}-{day}" if 1 <= int(month) <= 12 and 1 <= int(day) <= 31 else None


def _box(position: object, scale: int) -> Box:
    corners = [getattr(position, name) for name in ("top_left", "top_right", "bottom_right", "bottom_left")]
    xs, ys = [c.x // scale for c in corners], [c.y // scale for c in corners]
    return Box(min(xs), min(ys), max(xs), max(ys))
