"""Barcodes: an AAMVA licence written by zxing-cpp is read back, also when it is small."""

import cv2
import numpy as np
import pytest
import zxingcpp

from kyc.barcode import aamva_fields, find_barcodes
from kyc.geometry import Image

LICENCE = (
    "@\n\x1e\rANSI 636014090002DL00410278ZC03190024DL"
    "DCSERIKSSON\nDACANNA\nDADMARIA\nDAQD1234567\nDBB08121974\nDBA04152031\nDBD04152023\nDBC2\nDCGUSA\n"
    "DAG2570 24TH STREET\nDAIZENITH\nDAJCA\nDAK958180000\r"
)


def symbol(text: str, kind: object, scale: int) -> Image:
    barcode = zxingcpp.create_barcode(text, kind)
    drawn = np.array(zxingcpp.write_barcode_to_image(barcode, scale=scale))
    canvas = np.full((drawn.shape[0] + 120, drawn.shape[1] + 120), 255, np.uint8)
    canvas[60 : 60 + drawn.shape[0], 60 : 60 + drawn.shape[1]] = drawn
    return np.asarray(cv2.cvtColor(canvas, cv2.COLOR_GRAY2BGR), np.uint8)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_licence_gives_its_fields(scale: int) -> None:
    found = find_barcodes(symbol(LICENCE, zxingcpp.BarcodeFormat.PDF417, scale))

    assert len(found) == 1
    fields = {name: reading.value for name, reading in aamva_fields(found[0]).items()}
    assert fields == {
        "surname": "ERIKSSON",
        "given_names": "ANNA MARIA",
        "number": "D1234567",
        "birth_date": "1974-08-12",
        "expiry_date": "2031-04-15",
        "issue_date": "2023-04-15",
        "sex": "F",
        "issuer": "USA",
        "address": "2570 24TH STREET, ZENITH, CA, 958180000",
    }


def test_a_qr_code_is_no_licence() -> None:
    found = find_barcodes(symbol("https://example.test", zxingcpp.BarcodeFormat.QRCode, 4))

    assert found[0].text == "https://example.test"
    assert aamva_fields(found[0]) == {}


def test_an_empty_page_has_no_barcode() -> None:
    assert find_barcodes(np.full((200, 300, 3), 255, np.uint8)) == ()


def test_a_small_smeared_code_on_a_page_is_read_enlarged() -> None:
    """At the picture's own size nothing is found; a page with hardly any edges is enlarged as well."""
    code = symbol("CLEARANCE 2026", zxingcpp.BarcodeFormat.QRCode, 8)[60:-60, 60:-60]
    side = round(code.shape[0] / 8 * 1.7)
    page = np.full((500, 760, 3), 236, np.uint8)
    page[400 : 400 + side, 650 : 650 + side] = cv2.resize(code, (side, side), interpolation=cv2.INTER_AREA)
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), 0.8), np.uint8)
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    grey_page = np.ascontiguousarray(page[:, :, 0])

    assert zxingcpp.read_barcodes(grey_page, formats=formats) == []
    found = find_barcodes(page)

    assert [barcode.text for barcode in found] == ["CLEARANCE 2026"]
    assert abs(found[0].box.left - 650) < 8
    assert abs(found[0].box.top - 400) < 8
