"""Looks at the places that may be a machine readable zone, from either end, with the line recogniser alone: which of
them is one, which way it is read, and where its lines stand. It needs no text reader and costs a fraction of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kyc.geometry import Image, Quad, turn_point
from kyc.locator import Place
from kyc.mrz import ALPHABET, begins_lawfully
from kyc.mrz_decoding import BLANK
from kyc.recogniser import SLACK, LineRecogniser, Scores
from kyc.zone_lines import InkLines, ink_lines

LENGTHS = {3: (30,), 2: (36, 44)}
COUNT_TOLERANCE = 0.12
WAYS = 10
"""Ways of seeing lines in the ink of a place that are tried, from each end."""
STRETCH = 0.35
"""Share of its length by which a place is drawn out at either end when nothing in it begins as a zone does."""
MOST_MISSING = 10
"""Signs by which the lines of the surest look are drawn out when none begins as a zone does: what lies beside a page
hides where its print begins."""
SURE = -0.3
"""Mean log-probability a step: zones read from their beginning stay above -0.1, from their end below -0.07, other print
below -0.3 (generated pictures)."""


@dataclass(frozen=True, slots=True)
class Look:
    """A place read one way: its lines, how many signs each has, and how sure the recogniser was."""

    place: Place
    lines: InkLines
    length: int
    sureness: float
    lawful: bool = True
    """Whether the first line begins with a document's code and an issuing state, as it was read without any grammar."""

    def turned(self, degrees: int, width: int, height: int) -> "Look":
        """The same in a picture of the given size turned clockwise by `degrees`."""
        quads = tuple(tuple(turn_point(x, y, degrees, width, height) for x, y in quad) for quad in self.lines.quads)
        return replace(self, place=self.place.turned(degrees, width, height), lines=replace(self.lines, quads=quads))


def look_closely(image: Image, places: Sequence[Place], recogniser: LineRecogniser) -> tuple[Look, ...]:
    """Every way of reading the places that gives as many signs as a format has, surest first."""
    looks: list[Look] = []
    for seen in places:
        found = _ways(image, seen, recogniser)
        if not any(look.lawful for look in found):
            # What the locator saw may be a part of the zone only.
            found += _ways(image, seen.stretched(STRETCH), recogniser)
        if found and not any(look.lawful for look in found):
            found += _completed(image, max(found, key=lambda look: look.sureness), recogniser)
        looks += found
    return tuple(sorted(looks, key=lambda look: (not look.lawful, -look.sureness)))


def _ways(image: Image, seen: Place, recogniser: LineRecogniser) -> list[Look]:
    looks = []
    for place in (seen, seen.reversed):
        for lines in ink_lines(image, place.corners)[:WAYS]:
            scores = recogniser.read(image, lines.quads, lines.length)
            length = _counted(scores)
            if length is not None and length != lines.length:
                scores = recogniser.read(image, lines.quads, length)
                length = _counted(scores)
            if length is not None and (sureness := _sureness(scores)) > SURE:
                looks.append(Look(place, lines, length, sureness, begins_lawfully(_greedy(scores[0]))))
    return looks


def _completed(image: Image, look: Look, recogniser: LineRecogniser) -> list[Look]:
    """The look with as many signs before and after it as it lacks of a format, where it then begins as a zone does."""
    count = _signs(recogniser.read(image, look.lines.quads, look.length))
    pitch = 1 / (count * (1 + SLACK / look.lines.length))
    looks = []
    for length in LENGTHS[len(look.lines.quads)]:
        missing = length - round(count)
        # One more than is missing: perspective may have the first signs wider than the rest.
        for before in range(missing + 1 if 0 < missing <= MOST_MISSING else 0, 0, -1):
            quads = tuple(_drawn_out(quad, before * pitch, (missing - before) * pitch) for quad in look.lines.quads)
            scores = recogniser.read(image, quads, length)
            sureness, lawful = _sureness(scores), begins_lawfully(_greedy(scores[0]))
            if lawful and sureness > SURE and _counted(scores) == length:
                looks.append(Look(look.place, InkLines(quads, length), length, sureness))
    return looks


def _drawn_out(quad: Quad, before: float, after: float) -> tuple[tuple[float, float], ...]:
    """The quadrilateral with so many of its lengths more along reading, at its beginning and at its end."""
    a, b, c, d = (np.asarray(corner) for corner in quad)
    top, bottom = b - a, c - d
    moved = (a - top * before, b + top * after, c + bottom * after, d - bottom * before)
    return tuple((float(x), float(y)) for x, y in moved)


def _counted(scores: Sequence[Scores]) -> int | None:
    """The format's length nearest to the number of signs seen; `None` when it is none's."""
    count = _signs(scores)
    length = min(LENGTHS[len(scores)], key=lambda n: abs(n - count))
    return length if abs(length - count) <= COUNT_TOLERANCE * length else None


def _signs(scores: Sequence[Scores]) -> float:
    """How many a line has, by the median."""
    return float(np.median([len(_greedy(row)) for row in scores]))


def _greedy(row: Scores) -> str:
    """The likeliest sign of every step, repetitions and blanks left out."""
    best = np.asarray(row).argmax(1)
    before = np.concatenate([[BLANK], best[:-1]])
    return "".join(ALPHABET[sign] for sign in best[(best != BLANK) & (best != before)])


def _sureness(scores: Sequence[Scores]) -> float:
    """Mean log-probability of the likeliest class a step."""
    return float(np.mean([np.asarray(row).max(1).mean() for row in scores]))
