"""The pieces of a page that a reading rests on: each where the reading says, none where it says nothing."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from kyc.document import Box, DocumentType
from kyc.evidence import PAGE_SIDE, crops
from kyc.geometry import NotAnImage, grey, load
from kyc.reader import read_document
from kyc.specimens import SCAN, draw_document, invent_document

AS_OF = date(2026, 11, 22)


def test_a_reading_yields_page_zone_portrait_and_fields() -> None:
    spec = invent_document(401, AS_OF, type=DocumentType.TD3, capture=replace(SCAN, longest=1000))
    image = draw_document(replace(spec, quarter_turns=1), 401).image_bytes
    reading = read_document(image, AS_OF)

    pieces = crops(image, reading)

    kinds = [piece.kind for piece in pieces]
    assert kinds[:3] == ["page", "zone", "portrait"]
    assert "mrz:number" in [piece.field for piece in pieces]
    shapes = {piece.kind: load(piece.content).shape for piece in pieces if piece.kind != "field"}
    assert max(shapes["page"][:2]) <= PAGE_SIDE
    assert shapes["zone"][1] > 4 * shapes["zone"][0]
    assert sum(len(piece.content) for piece in pieces) < 1_000_000
    assert crops(image, reading) == pieces


def test_a_reading_without_anything_yields_the_picture_alone() -> None:
    plain = cv2.imencode(".png", np.full((90, 120, 3), 180, np.uint8))[1].tobytes()
    reading = replace(read_document(plain, AS_OF), page=(), portrait=None, mrz=None, fields={}, visual={})

    pieces = crops(plain, reading)

    assert [(piece.kind, piece.field) for piece in pieces] == [("page", "")]
    assert abs(float(grey(load(pieces[0].content)).mean()) - 180) < 3


def test_a_box_beyond_the_edge_is_cut_at_it() -> None:
    plain = cv2.imencode(".png", np.full((90, 120, 3), 180, np.uint8))[1].tobytes()
    reading = replace(read_document(plain, AS_OF), page=(), portrait=Box(100, 60, 400, 300))

    assert load(crops(plain, reading)[1].content).shape[:2] <= (90, 120)


def test_bytes_that_are_no_image_are_refused() -> None:
    plain = cv2.imencode(".png", np.full((90, 120, 3), 180, np.uint8))[1].tobytes()
    with pytest.raises(NotAnImage):
        crops(b"x", read_document(plain, AS_OF))
