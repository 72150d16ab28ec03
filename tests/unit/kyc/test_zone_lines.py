"""The lines of ink in a zone: found between frames and beside the table, each along its own slope."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from kyc.document import DocumentType
from kyc.geometry import load
from kyc.locator import PageLocator
from kyc.mrz_decoding import decode_zone
from kyc.recogniser import LineRecogniser
from kyc.specimens import PHONE, draw_document, invent_document
from kyc.specimens.documents import draw_flat
from kyc.specimens.photograph import photograph
from kyc.zone_looks import look_closely

AS_OF = date(2026, 11, 22)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [DocumentType.TD3, DocumentType.TD2, DocumentType.TD1])
def test_a_frame_around_the_zone_is_no_sign_of_it(kind: DocumentType, seed: int) -> None:
    spec = invent_document(900 + seed, AS_OF, type=kind)
    page = draw_flat(spec, 900 + seed)
    boxes = np.array(page.mrz_boxes)
    margin = int(boxes[0, 3] - boxes[0, 1]) // 4
    top_left = (int(boxes[:, 0].min()) - margin // 2, int(boxes[:, 1].min()) - margin)
    bottom_right = (int(boxes[:, 2].max()) + margin // 2, int(boxes[:, 3].max()) + margin)
    cv2.rectangle(page.image, top_left, bottom_right, (90, 90, 90), 3)
    image = load(photograph(page.image, replace(PHONE, turn=18.0, margin=0.15), seed).jpeg)
    recogniser = LineRecogniser()

    look = look_closely(image, PageLocator().find(image).zones, recogniser)[0]
    zone = decode_zone(recogniser.read(image, look.lines.quads, look.length), look.length, AS_OF)

    assert look.lawful
    assert list(zone.lines) == draw_document(spec, 900 + seed).truth["lines"]
