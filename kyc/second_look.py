"""Looks again, more closely, at print that did not repeat a field of the machine readable zone: line by line and word
by word, and asks what the reader of print thought possible there.

Why word by word: beside letters that the reader does not know (Cyrillic, Greek) it drops Latin ones too, as all of a
line is read in one breath; cut off from them they are read.
"""

import itertools
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from kyc.confirmation import stands_in
from kyc.dates import MONTHS
from kyc.document import Box, TextLine
from kyc.geometry import Image, cut, grey
from kyc.names import transliterate
from kyc.print_signs import ALIKE, ANY, GAP, Scores, SignTable, cost, fold, sign_table
from kyc.text import DETECTION_SIDE, MAX_LINES, STRIP_HEIGHT, RapidReader

LIMIT = 4.0
"""Nats that a value may be less likely than what was read, all its signs together. On development documents a digit
that was altered costs 6 and more; docs/documents.md has the counts."""
LIMIT_A_SIGN = 0.6
"""The same for each of a short value's signs: three letters stand somewhere by chance."""
LINES = 6
"""Lines looked at for each field, likeliest first."""
FEW = 2
"""Missing fields up to which their print was probably not found; beyond, it could not be read."""
MAX_ENLARGED = 3.0
NARROWEST = 0.25
"""Of a line's height: the least width of a sign."""
SHORTEST_DATE = 6
MARGIN = 0.06
WHOLE = math.inf
GAPS = (WHOLE, 0.28, 0.15)
"""How wide gaps must be to divide words, in heights of a strip: lines are looked at whole, then in smaller pieces."""
INK = 0.35
"""Of the darkest columns' contrast: what counts as ink."""


@dataclass
class SecondLook:
    """Uses the reader of print that the first look used."""

    text: RapidReader

    @cached_property
    def _table(self) -> SignTable:
        return sign_table(self.text.alphabet())

    def repeated(
        self,
        image: Image,
        lines: Sequence[TextLine],
        wanted: Mapping[str, str],
        area: Box | None = None,
        cut: Collection[str] = (),
    ) -> tuple[str, ...]:
        """Which of the `wanted` values (field to value, as the zone has it) stand in those lines of the upright
        `image` after all; or, where no more than `FEW` are missing, in lines that are found in its `area` at a larger
        size. Where one does not, a person looks anyway: no further one is looked for. Of names in `cut` the zone has
        the beginning alone."""
        found = self._in_lines(image, lines, wanted, cut)
        left = {name: value for name, value in wanted.items() if name not in found}
        if not left or area is None or len(wanted) > FEW:
            return found
        further = self._lines(image, area)
        stands = tuple(name for name, value in left.items() if stands_in(further, name, value, cut=name in cut))
        left = {name: value for name, value in left.items() if name not in stands}
        return (*found, *stands, *self._in_lines(image, further, left, cut))

    def _lines(self, image: Image, area: Box) -> list[TextLine]:
        """The print of an area, searched in two halves side by side as large as they can be."""
        middle, lap = (area.left + area.right) // 2, round(0.06 * (area.right - area.left))
        quads = []
        for left, right in ((area.left, middle + lap), (middle - lap, area.right)):
            part = image[area.top : area.bottom, max(0, left) : right]
            if min(part.shape[:2]) < STRIP_HEIGHT:
                continue
            size = min(MAX_ENLARGED, DETECTION_SIDE / max(part.shape[:2]))
            way = cv2.INTER_CUBIC if size > 1 else cv2.INTER_AREA
            for quad in self.text.find(cast(Image, cv2.resize(part, None, fx=size, fy=size, interpolation=way))):
                quads.append(tuple((x / size + max(0, left), y / size + area.top) for x, y in quad))
        return [line for quad in quads[:MAX_LINES] if (line := self.text.read_quad(image, quad)) is not None]

    def _in_lines(
        self, image: Image, lines: Sequence[TextLine], wanted: Mapping[str, str], cut: Collection[str]
    ) -> tuple[str, ...]:
        seen: dict[tuple[int, float], _View | None] = {}
        found = []
        for name, value in wanted.items():
            patterns = writings(name, value)
            for gap, at in itertools.product(GAPS, _likeliest(lines, name, value)):
                key = (at, gap)
                if key not in seen:
                    seen[key] = self._view(image, lines[at], gap)
                view = seen[key]
                if patterns and view is not None and view.says(name, patterns, cut=name in cut):
                    found.append(name)
                    break
            if name not in found:
                break
        return tuple(found)

    def _view(self, image: Image, line: TextLine, gap: float) -> "_View | None":
        """A line read in pieces that gaps of this width divide; with the narrowest, dividers do so too."""
        strip = cut(image, line.quad, STRIP_HEIGHT, margin=MARGIN)
        if strip.shape[0] > 1.5 * strip.shape[1]:
            return None
        places = word_places(strip, gap)
        if gap == min(GAPS):
            whole = self.text.probabilities(strip)
            pixels = (strip.shape[1] + 8) / len(whole)
            places = _cut_at(places, [float(at + 0.5) * pixels for at in np.flatnonzero(self._table.dividers(whole))])
        read = [self.text.probabilities(strip[:, left:right]) for left, right in places]
        return _View([_Word.of(each, self._table) for each in read]) if read else None


@dataclass(frozen=True, slots=True)
class _Word:
    scores: Scores
    digits: NDArray[np.bool_]
    dividers: NDArray[np.bool_]

    @classmethod
    def of(cls, probabilities: Scores, table: SignTable) -> "_Word":
        return cls(table.folded(probabilities), table.digits(probabilities), table.dividers(probabilities))


class _View:
    """The scores of a line's pieces in a row, and where names and dates may begin and end in them."""

    def __init__(self, words: Sequence[_Word]) -> None:
        self.scores = np.concatenate([word.scores for word in words])
        # Names are whole words; dates have no further digit beside them.
        self.names = _Bounds(len(self.scores))
        self.dates = _Bounds(len(self.scores))
        at = 0
        for word in words:
            best = word.scores.argmax(1)
            signs = np.flatnonzero(best != GAP)
            for step in range(len(best)):
                before, after = signs[signs < step], signs[signs > step]
                first = not len(before) or bool(word.dividers[before[-1] : step + 1].any())
                going = len(after) > 0 and after[0] == step + 1 and best[step] == best[step + 1]
                last = not len(after) or bool(word.dividers[step : after[0] + 1].any())
                self.names.begins[at + step], self.names.ends[at + step] = first, last
                self.dates.begins[at + step] = not len(before) or not word.digits[before[-1]]
                self.dates.ends[at + step] = not going and (not len(after) or not word.digits[after[0]])
            at += len(best)

    def says(self, name: str, patterns: Sequence[str], *, cut: bool) -> bool:
        limit = min(LIMIT, LIMIT_A_SIGN * min(map(len, patterns)))
        if name == "number":
            return cost(self.scores, patterns) <= limit
        bounds = self.dates if name.endswith("_date") else self.names
        return cost(self.scores, patterns, bounds.begins, None if cut else bounds.ends) <= limit


class _Bounds:
    def __init__(self, steps: int) -> None:
        self.begins, self.ends = np.zeros(steps, bool), np.zeros(steps, bool)


def word_places(strip: Image, gap: float) -> list[tuple[int, int]]:
    """Left and right of the words of a strip: runs of ink darker than the paper around it, `gap` heights apart."""
    if gap == WHOLE:
        return [(0, strip.shape[1])]
    flat = grey(strip)
    dark = cv2.morphologyEx(flat, cv2.MORPH_BLACKHAT, np.ones((15, 15), np.uint8))
    columns = np.sort(dark[4:-4], axis=0)[-4:].mean(0).astype(np.float32)[None]
    profile = cv2.GaussianBlur(columns, (0, 0), 1.0)[0]
    low, high = np.quantile(profile, (0.05, 0.9))
    inked = np.flatnonzero(profile > low + INK * (high - low))
    if not len(inked):
        return []
    breaks = np.flatnonzero(np.diff(inked) > gap * STRIP_HEIGHT)
    runs = zip(inked[np.r_[0, breaks + 1]], inked[np.r_[breaks, len(inked) - 1]] + 1, strict=True)
    edge = round(0.4 * gap * STRIP_HEIGHT)
    return [(max(0, int(a) - edge), min(strip.shape[1], int(b) + edge)) for a, b in runs if b - a > 4]


def _cut_at(places: Sequence[tuple[int, int]], cuts: Sequence[float]) -> list[tuple[int, int]]:
    """The places divided where a divider stands in them."""
    found = []
    for left, right in places:
        edges = [left, *(round(cut) for cut in sorted(cuts) if left < cut < right), right]
        found += [(a, b) for a, b in itertools.pairwise(edges) if b - a > 4]
    return found


def _likeliest(lines: Sequence[TextLine], name: str, value: str) -> list[int]:
    """The lines where a value may stand, likeliest first: alike in signs (a date: in digits), or hardly read. Lines too
    short to hold it are left out."""
    dated = name.endswith("_date")
    wanted = value[:4] if dated else fold(value)
    needed = NARROWEST * (SHORTEST_DATE if dated else len(wanted))
    ranks = []
    for at, line in enumerate(lines):
        wide, high = math.dist(line.quad[0], line.quad[1]), max(1.0, math.dist(line.quad[0], line.quad[3]))
        if wide < needed * high:
            continue
        text = re.sub(r"\D", "", line.text) if dated else fold(line.text)
        alike = fuzz.partial_ratio(wanted, text) * min(1.0, len(text) / len(wanted)) if text else 0.0
        gaps = max(0.0, 1 - len(line.text.replace(" ", "")) * high * 0.5 / max(wide, 1.0))
        ranks.append((alike + 60 * gaps, -at))
    return [-at for _, at in sorted(ranks, reverse=True)[:LINES]]


def writings(name: str, value: str) -> tuple[str, ...]:
    """How print may write a value of the zone, in signs of `kyc.print_signs`."""
    if name.endswith("_date"):
        return _date_writings(value)
    if name == "number":
        return (fold(value),)
    plain = transliterate(value).replace(" ", "")
    found = set()
    for umlauts, thorn, sharp in itertools.product((False, True), repeat=3):
        text = re.sub(r"([AOU])E|AA", lambda pair: pair[1] or "A", plain) if umlauts else plain
        text = text.replace("TH", "P") if thorn else text
        found.add((text.replace("SS", "S") if sharp else text).translate(ALIKE))
    return tuple(sorted(found))


def _date_writings(value: str) -> tuple[str, ...]:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return ()
    numbers = {f"{day:%d%m%Y}", f"{day:%Y%m%d}", f"{day:%m%d%Y}", f"{day:%d%m%y}"}
    words = set()
    for month in {month.translate(ALIKE) for month, number in MONTHS.items() if number == day.month}:
        for number, year in itertools.product({f"{day:%d}", str(day.day)}, (f"{day:%Y}", f"{day:%y}")):
            words |= {number + month + year, number + ANY + month + year, number + month + ANY + year}
        words |= {f"{month}{day:%d%Y}", f"{day:%Y}{month}{day:%d}"}
    return tuple(sorted(numbers | words))
