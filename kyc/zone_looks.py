"""Looks at the places that may be a machine readable zone, from either end, with the line recogniser alone: which of
them is one, which way it is read, and where its lines stand. It needs no text reader and costs a fraction of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kyc.geometry import Image, turn_point
from kyc.locator import Place
from kyc.mrz_decoding import BLANK
from kyc.recogniser import LineRecogniser, Scores
from kyc.zone_lines import InkLines, ink_lines

LENGTHS = {3: (30,), 2: (36, 44)}
COUNT_TOLERANCE = 0.12
WAYS = 2
"""Ways of seeing lines in the ink of a place that are tried, from each end."""
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

    def turned(self, degrees: int, width: int, height: int) -> "Look":
        """The same in a picture of the given size turned clockwise by `degrees`."""
        quads = tuple(tuple(turn_point(x, y, degrees, width, height) for x, y in quad) for quad in self.lines.quads)
        return replace(self, place=self.place.turned(degrees, width, height), lines=replace(self.lines, quads=quads))


def look_closely(image: Image, places: Sequence[Place], recogniser: LineRecogniser) -> tuple[Look, ...]:
    """Every way of reading the places that gives as many signs as a format has, surest first."""
    looks = []
    for place in (end for seen in places for end in (seen, seen.reversed)):
        for lines in ink_lines(image, place.corners)[:WAYS]:
            scores = recogniser.read(image, lines.quads, lines.length)
            length = _counted(scores)
            if length is not None and length != lines.length:
                scores = recogniser.read(image, lines.quads, length)
                length = _counted(scores)
            if length is not None and (sureness := _sureness(scores)) > SURE:
                looks.append(Look(place, lines, length, sureness))
                break
    return tuple(sorted(looks, key=lambda look: -look.sureness))


def _counted(scores: Sequence[Scores]) -> int | None:
    """The format's length nearest to the number of signs seen; `None` when it is none's."""
    counts = []
    for row in scores:
        best = np.asarray(row).argmax(1)
        before = np.concatenate([[BLANK], best[:-1]])
        counts.append(int(((best != BLANK) & (best != before)).sum()))
    median = float(np.median(counts))
    length = min(LENGTHS[len(scores)], key=lambda n: abs(n - median))
    return length if abs(length - median) <= COUNT_TOLERANCE * length else None


def _sureness(scores: Sequence[Scores]) -> float:
    """Mean log-probability of the likeliest class a step."""
    return float(np.mean([np.asarray(row).max(1).mean() for row in scores]))
