"""Which way up a document is read: what the zone's look says counts only where it begins as a zone does."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kyc import upright
from kyc.document import DocumentType
from kyc.geometry import Image, load
from kyc.locator import CLUTTER, Located, PageLocator
from kyc.recogniser import LineRecogniser
from kyc.specimens import SCAN, draw_document, invent_document
from kyc.text import RapidReader
from kyc.zone_looks import Look, look_closely

AS_OF = date(2026, 11, 22)


def test_a_doubtful_look_from_the_wrong_end_does_not_turn_the_page_upside_down(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(invent_document(62_010, AS_OF, type=DocumentType.MRVB, capture=SCAN))
    image = load(draw_document(spec, 62_010).image_bytes)
    locator, recogniser = PageLocator(), LineRecogniser()
    true = look_closely(image, locator.find(image).zones, recogniser)[0]
    quads = tuple(tuple(quad[at] for at in (2, 3, 0, 1)) for quad in reversed(true.lines.quads))
    wrong = replace(
        true, place=true.place.reversed, lines=replace(true.lines, quads=quads), sureness=-0.25, lawful=False
    )

    def looks(*_: object) -> tuple[Look, ...]:
        return (wrong, replace(true, sureness=-0.26, lawful=False))

    monkeypatch.setattr(upright, "look_closely", looks)
    page = upright.bring_upright(image, [locator], RapidReader(), recogniser)

    assert page.rotation == 0
    assert page.look is not None
    assert np.allclose(page.look.lines.quads, true.lines.quads)
    assert any(spec.number in line.text.replace(" ", "") for line in page.lines)


class Blind(PageLocator):
    """Sees nothing."""

    def find(self, image: Image) -> Located:
        return Located(None, (), 0.0, 0.0, 0.0)


class Never(PageLocator):
    def find(self, image: Image) -> Located:
        raise AssertionError("a locator was asked although another had found a zone")


def test_a_further_locator_is_asked_where_the_first_sees_no_zone() -> None:
    spec = invent_document(62_010, AS_OF, type=DocumentType.MRVB, capture=SCAN)
    image = load(draw_document(spec, 62_010).image_bytes)

    page = upright.bring_upright(image, [Blind(), PageLocator(CLUTTER), Never()], RapidReader(), LineRecogniser())

    assert page.look is not None
    assert page.look.lawful
    assert page.located.page is not None


def test_a_lawful_look_settles_the_way_up() -> None:
    spec = invent_document(62_010, AS_OF, type=DocumentType.MRVB, capture=SCAN)
    image = np.ascontiguousarray(np.rot90(load(draw_document(spec, 62_010).image_bytes), 2))

    page = upright.bring_upright(image, [PageLocator(), Never()], RapidReader(), LineRecogniser())

    assert page.rotation == 180
    assert page.look is not None
    assert page.look.lawful
