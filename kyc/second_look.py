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
from kyc.document import Box, TextLine, box_around
from kyc.geometry import Image, cut, grey
from kyc.names import transliterate
from kyc.print_signs import ALIKE, ANY, GAP, Scores, SignTable, cost, fold, sign_table
from kyc.text import MAX_LINES, STRIP_HEIGHT, RapidReader

LIMIT = 4.0
"""Nats that a value may be less likely than what was read, all its signs together. On development documents a digit
that was altered costs 6 and more; docs/documents.md has the counts."""
LIMIT_TOGETHER = 5.0
"""Nats for all of a document's values that were looked at again. Of 112 valid development documents that were confirmed
without it one needs more; a re-typed zone in a smeared picture, whose altered year the reader misread as the zone's,
needed 6.9 for the print around it."""
LIMIT_A_SIGN = 0.6
"""The same for each of a short value's signs: three letters stand somewhere by chance."""
LINES = 6
"""Lines looked at for each field, likeliest first."""
ALIKE_ENOUGH = 50.0
"""Per cent: a line alike so much may hold the value, misread."""
UNREAD = 0.3
"""Share of a line's width without signs from which some were left out."""
SURE = 0.95
"""Confidence from which a line was read as what it says."""
SAME_PLACE = 0.8
"""What two lines both cover, of all that either does, from which they are one."""
FEW = 2
"""Missing fields up to which their print was probably not found; beyond, it could not be read."""
LARGER_SIDE = 1024
"""Of half of the page's print, in pixels, where it is searched once more: 1.4 times as large as at first where a page
lies across the picture and fills it, more where it does not. On 34 valid development documents 0.64 CPU seconds, and 6
of them confirmed; at 1,280 pixels 0.86 and 7, at 896 0.55 and 7."""
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
    """At one document, with the reader of print that the first look used."""

    text: RapidReader
    left: float = LIMIT_TOGETHER
    """Nats that the values not found yet may be less likely than what was read, together."""

    @cached_property
    def _table(self) -> SignTable:
        return sign_table(self.text.alphabet())

    def repeated(
        self, image: Image, lines: Sequence[TextLine], wanted: Mapping[str, str], cut: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Which of the `wanted` values (field to value, as the zone has it) stand in those lines of the upright
        `image` after all. Where one does not, a person looks anyway: no further one is looked for. Of names in `cut`
        the zone has the beginning alone."""
        seen: dict[int, _CloserLine] = {}
        found = []
        for name, value in wanted.items():
            patterns = writings(name, value)
            for gap, at in itertools.product(GAPS, _likeliest(lines, name, value)):
                if not patterns or (gap != WHOLE and _read_whole(lines[at])):
                    continue
                if at not in seen:
                    seen[at] = _CloserLine(self.text, self._table, image, lines[at])
                view = seen[at].view(gap)
                if view is None:
                    continue
                needed = view.needed(name, patterns, cut=name in cut)
                if needed <= min(self.left, LIMIT, LIMIT_A_SIGN * min(map(len, patterns))):
                    self.left -= needed
                    found.append(name)
                    break
            else:
                break
        return tuple(found)

    def repeated_beyond(
        self,
        image: Image,
        lines: Sequence[TextLine],
        area: Box,
        wanted: Mapping[str, str],
        cut: Collection[str] = (),
    ) -> tuple[str, ...]:
        """The same of print in the image's `area`, searched for at a larger size, but for places where `lines` say
        something else. The first of `wanted` is what `repeated` did not find in `lines`; of the others it looked for
        none."""
        likely = {at for name, value in wanted.items() for at in _likeliest(lines, name, value)}
        further = self._further(image, area, [line.box for at, line in enumerate(lines) if at not in likely])
        found = [name for name, value in wanted.items() if stands_in(further, name, value, cut=name in cut)]
        for at, (name, value) in enumerate(wanted.items()):
            if name not in found:
                found += self.repeated(image, [*further, *lines] if at else further, {name: value}, cut)
            if name not in found:
                break
        return tuple(found)

    def _further(self, image: Image, area: Box, known: Sequence[Box]) -> list[TextLine]:
        """The print of an area, searched in two halves side by side as large as they can be, and in no known place."""
        middle, lap = (area.left + area.right) // 2, round(0.06 * (area.right - area.left))
        quads = []
        for left, right in ((area.left, middle + lap), (middle - lap, area.right)):
            part = image[area.top : area.bottom, max(0, left) : right]
            if min(part.shape[:2]) < STRIP_HEIGHT:
                continue
            size = min(MAX_ENLARGED, LARGER_SIDE / max(part.shape[:2]))
            way = cv2.INTER_CUBIC if size > 1 else cv2.INTER_AREA
            for quad in self.text.find(cast(Image, cv2.resize(part, None, fx=size, fy=size, interpolation=way))):
                quads.append(tuple((x / size + max(0, left), y / size + area.top) for x, y in quad))
        new = [quad for quad in quads if all(_common(box_around(quad), box) < SAME_PLACE for box in known)]
        return [line for quad in new[:MAX_LINES] if (line := self.text.read_quad(image, quad)) is not None]


class _CloserLine:
    """A line cut out of the image: read as a whole once, and in pieces as often as there are widths of gaps."""

    def __init__(self, text: RapidReader, table: SignTable, image: Image, line: TextLine) -> None:
        self._text, self._table = text, table
        self._strip = cut(image, line.quad, STRIP_HEIGHT, margin=MARGIN)
        self._views: dict[float, _View | None] = {}

    @cached_property
    def _whole(self) -> Scores:
        return self._text.probabilities(self._strip)

    def view(self, gap: float) -> "_View | None":
        """In pieces that gaps of this width divide; with the narrowest, dividers do so too. `None` of what is no line,
        or has no ink."""
        if gap not in self._views:
            self._views[gap] = self._seen(gap)
        return self._views[gap]

    def _seen(self, gap: float) -> "_View | None":
        height, width = self._strip.shape[:2]
        if height > 1.5 * width:
            return None
        if gap == WHOLE:
            return _View([_Word.of(self._whole, self._table)])
        places = word_places(self._strip, gap)
        if gap == min(GAPS):
            pixels = (width + 8) / len(self._whole)
            dividers = np.flatnonzero(self._table.dividers(self._whole))
            places = _cut_at(places, [float(at + 0.5) * pixels for at in dividers])
        read = [self._text.probabilities(self._strip[:, left:right]) for left, right in places]
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

    def needed(self, name: str, patterns: Sequence[str], *, cut: bool) -> float:
        """Nats by which the likeliest of `patterns` is less likely here than what was read."""
        if name == "number":
            return cost(self.scores, patterns)
        bounds = self.dates if name.endswith("_date") else self.names
        return cost(self.scores, patterns, bounds.begins, None if cut else bounds.ends)


class _Bounds:
    def __init__(self, steps: int) -> None:
        self.begins, self.ends = np.zeros(steps, bool), np.zeros(steps, bool)


def word_places(strip: Image, gap: float) -> list[tuple[int, int]]:
    """Left and right of the words of a strip: runs of ink darker than the paper around it, `gap` heights apart."""
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


def _common(a: Box, b: Box) -> float:
    """What both cover, of what either does."""
    both = a.shared(b)
    return both / max(1, a.area + b.area - both)


def _cut_at(places: Sequence[tuple[int, int]], cuts: Sequence[float]) -> list[tuple[int, int]]:
    """The places divided where a divider stands in them."""
    found = []
    for left, right in places:
        edges = [left, *(round(cut) for cut in sorted(cuts) if left < cut < right), right]
        found += [(a, b) for a, b in itertools.pairwise(edges) if b - a > 4]
    return found


def _likeliest(lines: Sequence[TextLine], name: str, value: str) -> list[int]:
    """The lines where a value may stand, likeliest first: alike in signs (a date: in digits), or hardly read. Lines too
    short to hold it, or surely read as something else, are left out."""
    dated = name.endswith("_date")
    wanted = value[:4] if dated else fold(value)
    needed = NARROWEST * (SHORTEST_DATE if dated else len(wanted))
    ranks = []
    for at, line in enumerate(lines):
        wide, high = _extent(line)
        if wide < needed * high:
            continue
        text = re.sub(r"\D", "", line.text) if dated else fold(line.text)
        alike = fuzz.partial_ratio(wanted, text) * min(1.0, len(text) / len(wanted)) if text else 0.0
        if alike >= ALIKE_ENOUGH or not _read_whole(line):
            ranks.append((alike + 60 * _unread(line), -at))
    return [-at for _, at in sorted(ranks, reverse=True)[:LINES]]


def _extent(line: TextLine) -> tuple[float, float]:
    """Width and height, at least a pixel."""
    return max(1.0, math.dist(line.quad[0], line.quad[1])), max(1.0, math.dist(line.quad[0], line.quad[3]))


def _unread(line: TextLine) -> float:
    """The share of a line's width for which no sign was read."""
    wide, high = _extent(line)
    return max(0.0, 1 - len(line.text.replace(" ", "")) * high * 0.5 / wide)


def _read_whole(line: TextLine) -> bool:
    """Surely and without gaps: where it says something unlike a value, or says it in no reading of the whole, a closer
    look at its parts would find what is not there."""
    return line.confidence >= SURE and _unread(line) < UNREAD


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
