"""The portrait's border: what is printed into the paper runs out into it, what is stuck upon it is cut, and neither is
said where the picture does not show it."""

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from kyc.acceptance import AcceptanceParameters, acceptance_facts, acceptance_table
from kyc.document import BorderCheck, Box, DocumentType, GhostCheck, to_json
from kyc.faces import Face, FaceMatch
from kyc.geometry import Image
from kyc.portrait_border import CUT, MERGED, Side, check_border, sides
from kyc.reader import read_document
from kyc.specimens import SCAN, Defect, draw_document, invent_document
from kyc.specimens.borders import Border, mount
from kyc.specimens.layouts import font
from tests.unit.kyc.test_second_look import reading

AS_OF = date(2026, 11, 22)
FACE = Face(Box(150, 190, 290, 330), 1.0)


def page(border: Border, *, blur: float = 0.8, tone: int = 90, scale: float = 1.0, turn: float = 0.0) -> Image:
    """Print on pale paper beside a portrait that is darker than it, four corners at (80, 90) and (360, 450), in a
    picture with some grain."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    rng = np.random.default_rng(3)
    canvas = np.full((640, 1000, 3), (228, 232, 225), np.uint8)
    spots = cv2.resize(rng.normal(0, 9, (24, 18, 3)).astype(np.float32), (280, 360), interpolation=cv2.INTER_CUBIC)
    photo = np.clip(np.array([tone, tone - 15, tone + 10]) + spots, 0, 255).astype(np.uint8)
    mount(canvas, photo, 80, 90, border, 5, 12)
    picture = Pillow.fromarray(canvas)
    draw = ImageDraw.Draw(picture)
    for row, text in enumerate(("ERIKSSON HILL", "LTH 40172 IN", "UTOPIA MILL FELT", "12 APR 1974", "HELENE TILL")):
        draw.text((470, 90 + 80 * row), text, font=font("DejaVuSans-Bold", 38), fill=(35, 30, 30))
    taken = np.asarray(picture, np.float32)
    if turn:
        matrix = cv2.getRotationMatrix2D((220.0, 270.0), turn, 1.0)
        taken = np.asarray(cv2.warpAffine(taken, matrix, (1000, 640), borderMode=cv2.BORDER_REPLICATE), np.float32)
    taken = np.asarray(cv2.GaussianBlur(taken, (0, 0), blur), np.float32) + rng.normal(0, 2, taken.shape)
    if scale != 1.0:
        taken = np.asarray(cv2.resize(taken, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float64)
    return np.clip(taken, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("blur", [0.6, 1.2, 1.8])
@pytest.mark.parametrize("border", [Border.FADED, Border.STEPPED, Border.PATTERNED])
def test_what_runs_out_into_the_paper_is_merged(border: Border, blur: float) -> None:
    check = check_border(page(border, blur=blur), [FACE])

    assert (check.result, check.reason) == ("merged", "")
    assert check.share is not None
    assert check.share <= MERGED
    assert check.sides >= 2


@pytest.mark.parametrize("blur", [0.6, 1.2, 1.7])
@pytest.mark.parametrize("border", [Border.HARD, Border.STUCK])
def test_a_full_step_is_a_cut_however_sharp_the_picture_is(border: Border, blur: float) -> None:
    check = check_border(page(border, blur=blur), [FACE])

    assert check.result == "cut"
    assert check.share is not None
    assert check.share >= CUT


@pytest.mark.parametrize("turn", [-2.5, 2.0])
def test_a_picture_that_is_not_level_shows_the_same(turn: float) -> None:
    assert check_border(page(Border.HARD, turn=turn), [FACE]).result == "cut"
    assert check_border(page(Border.STEPPED, turn=turn), [FACE]).result == "merged"


@pytest.mark.parametrize("turn", [-2.5, 2.0])
def test_all_sides_are_turned_as_the_picture_is(turn: float) -> None:
    found = sides_of(page(Border.STEPPED, turn=turn))

    assert len(found) >= 3
    assert all(abs(side.turn + turn) <= 1.0 for side in found), "OpenCV turns anticlockwise"


@pytest.mark.parametrize(
    ("turns", "result"),
    [((-3.3, 3.3), "not_measured"), ((-2.0, 2.0), "merged"), ((8.3, 9.1), "not_measured"), ((5.0, 8.0), "merged")],
)
def test_lines_that_do_not_stand_square_are_no_sides_of_one_portrait(
    monkeypatch: pytest.MonkeyPatch, turns: tuple[float, float], result: str
) -> None:
    """Nor those that are turned as far as lines are looked for, in a picture made level."""
    found = [Side(name, 0.55, 45, 210.0, 0.005, turn) for name, turn in zip(("left", "bottom"), turns, strict=True)]
    monkeypatch.setattr("kyc.portrait_border.sides", lambda *_: found)

    assert check_border(page(Border.STEPPED), [FACE]).result == result


@pytest.mark.parametrize("border", [Border.HARD, Border.STUCK, Border.FADED])
def test_blur_never_makes_a_border_merged(border: Border) -> None:
    check = check_border(page(border, blur=5.0), [FACE])

    assert (check.result, check.reason) == ("not_measured", "BLURRED")


@pytest.mark.parametrize(("border", "result"), [(Border.FADED, "merged"), (Border.HARD, "cut"), (Border.STUCK, "cut")])
def test_a_dim_picture_of_a_pale_portrait_shows_the_same(border: Border, result: str) -> None:
    dim = (page(border, tone=165).astype(np.float32) * 0.45).astype(np.uint8)

    assert check_border(dim, [FACE]).result == result


@pytest.mark.parametrize(
    ("border", "result"), [(Border.FADED, "merged"), (Border.STEPPED, "merged"), (Border.HARD, "cut")]
)
def test_a_line_of_large_print_above_the_portrait_is_none_of_its_sides(border: Border, result: str) -> None:
    image = page(border)
    cv2.putText(image, "REPUBLIC", (70, 62), cv2.FONT_HERSHEY_DUPLEX, 1.9, (60, 30, 30), 5, cv2.LINE_AA)
    top = [side for side in sides_of(image) if side.name == "top"]

    assert check_border(image, [FACE]).result == result
    assert all((side.share <= MERGED) == (result == "merged") for side in top)


def sides_of(image: Image) -> list[Side]:
    found = sides(image, FACE.box, (), 0.0)
    assert not isinstance(found, str), found
    return found


@pytest.mark.parametrize("border", [Border.HARD, Border.STEPPED])
def test_a_side_is_measured_along_a_bend(border: Border) -> None:
    image = page(border)
    y, x = np.mgrid[0:640, 0:1000].astype(np.float32)
    bent = cv2.remap(image, x + 4 * np.sin(y / 110), y + 3 * np.sin(x / 120), cv2.INTER_CUBIC)

    assert check_border(np.asarray(bent, np.uint8), [FACE]).result == ("cut" if border is Border.HARD else "merged")


@pytest.mark.parametrize("tone", [222, 230])
def test_a_photograph_of_the_papers_tone_is_not_measured(tone: int) -> None:
    check = check_border(page(Border.FADED, tone=tone), [FACE])

    assert check.result == "not_measured"
    assert check.reason in ("TOO_PALE", "NO_BORDER_FOUND")


def test_a_small_portrait_is_not_measured() -> None:
    small = Face(Box(*(round(0.28 * v) for v in (150, 190, 290, 330))), 1.0)
    check = check_border(page(Border.FADED, scale=0.28), [small])

    assert (check.result, check.reason) == ("not_measured", "PORTRAIT_TOO_SMALL")


def test_without_print_the_blur_is_not_known_and_without_a_face_there_is_nothing_to_measure() -> None:
    blank = np.full((640, 1000, 3), 230, np.uint8)
    blank[90:450, 80:360] = 90

    assert check_border(blank, [FACE]).reason == "TOO_LITTLE_PRINT"
    assert check_border(blank, []).reason == "NO_PORTRAIT"


@pytest.mark.parametrize(
    ("proof", "border", "ghost", "outcome"),
    [
        ("print", "merged", "not_compared", "accept"),
        ("print", "merged", "different", "refer"),
        ("print", "cut", "not_compared", "refer"),
        ("print", "not_measured", "not_compared", "refer"),
        ("print", "cut", "same", "accept"),
        ("ghost", "merged", "not_compared", "refer"),
        ("none", "cut", "not_compared", "accept"),
    ],
)
def test_a_border_proves_the_portrait_where_it_is_asked_for(proof: str, border: str, ghost: str, outcome: str) -> None:
    parameters = AcceptanceParameters(portrait_proof=proof)  # type: ignore[arg-type]
    seen = replace(reading(), ghost_check=GhostCheck(ghost), border_check=BorderCheck(border))  # type: ignore[arg-type]

    for selfie in (None, FaceMatch("match", 0.2)):  # who swaps a portrait brings the selfie that fits it
        facts = acceptance_facts(seen, (), parameters, selfie)
        assert acceptance_table(parameters).outcome(facts) == outcome


@pytest.mark.parametrize(
    ("border", "defect", "result"),
    [(Border.STUCK, Defect.SWAPPED_PORTRAIT, "cut"), (Border.STEPPED, None, "merged")],
)
def test_the_reading_carries_what_the_border_shows(border: Border, defect: Defect | None, result: str) -> None:
    spec = invent_document(78_500_000, AS_OF, type=DocumentType.TD3, capture=SCAN, defect=defect)
    drawn = draw_document(replace(spec, border=border), 78_500_000)
    seen = read_document(drawn.image_bytes, AS_OF)

    assert seen.border_check.result == result
    assert to_json(seen)["border_check"]["result"] == result
    facts = acceptance_facts(seen, (), AcceptanceParameters(portrait_proof="print"))
    assert facts["portrait_proven"] is (result == "merged" or seen.ghost_check.result == "same")


def test_borders_leave_all_else_of_a_document_as_it_was() -> None:
    spec = invent_document(78_500_000, AS_OF, type=DocumentType.TD3, capture=SCAN)
    hard, faded = (draw_document(replace(spec, border=each), 78_500_000) for each in (Border.HARD, Border.FADED))

    assert draw_document(spec, 78_500_000).image_bytes == hard.image_bytes != faded.image_bytes
    assert hard.truth == faded.truth


def test_a_face_at_the_pictures_edge_or_off_the_outline_is_no_fault() -> None:
    image = page(Border.FADED)
    places = [Box(0, 0, 140, 140), Box(860, 500, 1000, 640), Box(300, 0, 700, 380), Box(-40, 560, 100, 700)]
    outlines = [(), ((5.0, 5.0), (990.0, 9.0), (985.0, 630.0), (8.0, 620.0))]
    outlines.append(((500.0, 300.0), (620.0, 310.0), (610.0, 420.0), (490.0, 410.0)))
    for face in (FACE.box, *places):
        for outline in outlines:
            assert check_border(image, [Face(face, 1.0)], outline, 0.9).result in ("merged", "cut", "not_measured")
    assert check_border(image, [FACE], outlines[2], 0.9).result == "merged", "an outline without the face is not used"
