"""Which of two looks at one zone is believed."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from kyc.document import DocumentType
from kyc.locator import Located, Place
from kyc.mrz_zone import Zone, ZoneLine
from kyc.recogniser import LineRecogniser
from kyc.specimens.documents import Defect, draw_document, draw_flat, invent_document
from kyc.text import RapidReader
from kyc.upright import Upright
from kyc.zone_lines import InkLines
from kyc.zone_looks import Look
from kyc.zone_reading import ZoneReader

AS_OF = date(2026, 11, 22)


def _quad(box: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    left, top, right, bottom = (float(value) for value in box)
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def test_lines_that_need_no_repair_are_believed_where_no_check_digit_speaks_for_either() -> None:
    spec = invent_document(77, AS_OF, type=DocumentType.TD1, defect=Defect.CHECK_DIGIT)
    page = draw_flat(spec, 77, side="back")
    boxes = np.array(page.mrz_boxes, np.float64)
    sign = (boxes[2, 2] - boxes[2, 0]) / 31
    cut = boxes + np.array([1.5 * sign, 0, 0, 0])
    text = tuple(ZoneLine("", 0.5, _quad(box)) for box in cut)
    corners = _quad(np.array([boxes[0, 0], boxes[0, 1], boxes[-1, 2], boxes[-1, 3]]))
    ink = InkLines(tuple(_quad(box) for box in boxes), 30)
    look = Look(Place(corners, 0.9), ink, 30, -0.01)
    upright = Upright(page.image, 0, (), Zone(text, 30), look, Located(None, (), 0.0, 0.0, 0.0))

    read = ZoneReader(LineRecogniser(), RapidReader()).read(upright, AS_OF)

    assert read is not None
    assert not read.reading.valid
    assert list(read.reading.lines) == draw_document(spec, 77).truth["lines"]
