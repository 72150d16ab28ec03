"""Reads the printed fields of a document in two ways: by captions that are known, and by the tagger, which needs none.

Separate from the machine readable zone so that each can testify against the other. What is printed in the zone decides
only between two readings of the print, never what the print says.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from rapidfuzz import fuzz, process

from kyc.checks import agrees
from kyc.document import Box, FieldReading, TextLine
from kyc.field_values import field_value, month_first
from kyc.labels import CAPTIONS, compact
from kyc.layout_tagger import LayoutTagger, Span
from kyc.mrz_zone import levelled
from kyc.names import transliterate

CAPTION_SIMILARITY = 86.0
"""rapidfuzz ratio, 0 to 100: one wrong letter in eight passes, as small captions are read worst."""
SHORT_CAPTION = 5
MAX_GAP_BELOW = 2.2
MAX_GAP_RIGHT = 12.0
MAX_GAP_INSIDE = 1.5
"""Heights between two boxes of one value."""
SURE_TAG = 0.6
"""The tagger's probability from which it is believed against the captions."""
DOUBT = 0.7
"""What remains of the confidence of a field that the two ways read differently and nothing else decides."""


def read_visual(
    text_lines: Sequence[TextLine],
    as_of: date,
    tagger: LayoutTagger | None = None,
    printed: Mapping[str, FieldReading] | None = None,
) -> Mapping[str, FieldReading]:
    """The printed fields (lines of the machine readable zone left out by the caller), by captions and by `tagger`.

    Each says its source: `caption`, `layout` or `caption+layout`. Where the two differ, the one that the fields
    `printed` in the zone support is taken, captions first; else the surer one, with less confidence.
    """
    captioned = read_fields(text_lines, as_of)
    if tagger is None:
        return captioned
    return combine(captioned, tagged_fields(text_lines, tagger.tag(text_lines), as_of), printed or {})


def combine(
    captioned: Mapping[str, FieldReading],
    tagged: Mapping[str, FieldReading],
    printed: Mapping[str, FieldReading],
) -> Mapping[str, FieldReading]:
    """One reading of each field from the two ways of reading it."""
    fields: dict[str, FieldReading] = {}
    for name in dict.fromkeys((*captioned, *tagged)):
        ours, theirs = captioned.get(name), tagged.get(name)
        if ours is None or theirs is None:
            only = ours or theirs
            if only is not None:
                fields[name] = only
        elif agrees(name, ours.value, theirs.value):
            fields[name] = replace(ours, source="caption+layout", confidence=max(ours.confidence, theirs.confidence))
        else:
            known = printed.get(name)
            supported = [each for each in (ours, theirs) if known is not None and agrees(name, known.value, each.value)]
            surer = theirs if theirs.confidence >= SURE_TAG else ours
            fields[name] = supported[0] if supported else replace(surer, confidence=surer.confidence * DOUBT)
    return fields


# --- by the tagger ---------------------------------------------------------------------------------------------------


def tagged_fields(text_lines: Sequence[TextLine], spans: Sequence[Span], as_of: date) -> Mapping[str, FieldReading]:
    """The fields that tagged spans amount to: what belongs together joined, the surest that can be a value kept."""
    american = month_first(line.text for line in text_lines)
    level = levelled(text_lines)
    fields: dict[str, FieldReading] = {}
    for name in dict.fromkeys(span.name for span in spans):
        own = sorted((span for span in spans if span.name == name), key=lambda s: (level[s.line].box.top, s.start))
        for group in _groups(name, own, level):
            text = " ".join(text_lines[span.line].text[span.start : span.end].strip() for span in group)
            value = field_value(name, text, as_of, month_first=american)
            if value is None:
                continue
            sure = min(span.confidence * text_lines[span.line].confidence for span in group)
            box = _around([_part(text_lines[span.line], span) for span in group])
            if name not in fields or sure > fields[name].confidence:
                fields[name] = FieldReading(value, "layout", sure, box)
    return fields


def _groups(name: str, spans: Sequence[Span], level: Sequence[TextLine]) -> list[list[Span]]:
    """Spans of one value: side by side on one line of print, and for an address also below each other."""
    groups: list[list[Span]] = []
    for span in spans:
        box = _part(level[span.line], span)
        for group in groups:
            last = _part(level[group[-1].line], group[-1])
            height = max(1, min(last.bottom - last.top, box.bottom - box.top))
            beside = _level(last, box) and -height < box.left - last.right < MAX_GAP_INSIDE * height
            below = -0.5 * height < box.top - last.bottom < MAX_GAP_INSIDE * height and _share(last, box) > 0.3
            if beside or (below and name == "address"):
                group.append(span)
                break
        else:
            groups.append([span])
    return groups


def _part(line: TextLine, span: Span) -> Box:
    """The part of a line's box that a span covers, as if all signs were equally wide."""
    box, long = line.box, max(1, len(line.text))
    wide = box.right - box.left
    return Box(box.left + wide * span.start // long, box.top, box.left + wide * span.end // long, box.bottom)


def _around(boxes: Sequence[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


# --- by captions -----------------------------------------------------------------------------------------------------


def read_fields(text_lines: Sequence[TextLine], as_of: date) -> Mapping[str, FieldReading]:
    """The captioned fields among lines of print (those of the machine readable zone left out by the caller)."""
    originals, text_lines = text_lines, levelled(text_lines)
    american = month_first(line.text for line in text_lines)
    captions = {index: caption for index, line in enumerate(text_lines) if (caption := _caption(line.text))}
    fields: dict[str, FieldReading] = {}
    for index, (name, similarity, rest) in captions.items():
        for text, place in _candidates(index, rest, text_lines, captions):
            value = field_value(name, text, as_of, month_first=american)
            if value is None:
                continue
            line = originals[place]
            reading = FieldReading(value, "caption", line.confidence * similarity / 100, line.box)
            if name not in fields or reading.confidence > fields[name].confidence:
                fields[name] = reading
            break
    return fields


def _caption(text: str) -> tuple[str, float, str] | None:
    """Field, similarity and what follows on the line, when the line is a caption or begins with one."""
    text = re.sub(r"^\s*\(?\d{1,2}[.)]\s*", "", text)
    whole = transliterate(text)
    if not whole or whole.isdigit():
        return None
    parts = [whole, *re.split(r"[/·|•]| - ", text)] if re.search(r"[/·|•]| - ", text) else [whole]
    found = max((near for part in parts if (near := _nearest(compact(part)))), key=lambda near: near[1], default=None)
    if found is not None:
        return *found, ""
    words = whole.split()
    for count in range(min(4, len(words) - 1), 0, -1):
        first = "".join(words[:count])
        found = _nearest(first) if len(first) >= SHORT_CAPTION else None
        if found is not None:
            return *found, " ".join(text.split()[count:]) if len(text.split()) > count else ""
    return None


def _nearest(text: str) -> tuple[str, float] | None:
    """The field whose caption a text without spaces is, and how alike the two are."""
    if len(text) < 3:
        return None
    if text in CAPTIONS:
        return CAPTIONS[text], 100.0
    if len(text) <= SHORT_CAPTION:
        return None
    found = process.extractOne(text, CAPTIONS.keys(), scorer=fuzz.ratio, score_cutoff=CAPTION_SIMILARITY)
    return None if found is None or len(found[0]) <= SHORT_CAPTION else (CAPTIONS[found[0]], float(found[1]))


def _candidates(
    index: int, rest: str, lines: Sequence[TextLine], captions: Mapping[int, object]
) -> list[tuple[str, int]]:
    """Where a caption's value may stand, likeliest first: the rest of its line, the line below, the line to its right.
    Each as text and index of the line."""
    own = lines[index].box
    height = max(own.bottom - own.top, 1)
    found: list[tuple[float, int]] = []
    for other, line in enumerate(lines):
        if other == index or other in captions:
            continue
        box = line.box
        gap = box.top - own.bottom
        if -0.5 * height < gap < MAX_GAP_BELOW * height and _share(own, box) > 0.3 and box.top > own.top:
            found.append((gap + 0.3 * abs(box.left - own.left), other))
        elif _level(own, box) and 0 < box.left - own.right + height < MAX_GAP_RIGHT * height:
            found.append((0.8 * height + (box.left - own.right), other))
    nearest = [(lines[other].text, other) for _, other in sorted(found)[:3]]
    return ([(rest, index)] if rest else []) + nearest


def _share(a: Box, b: Box) -> float:
    overlap = min(a.right, b.right) - max(a.left, b.left)
    return overlap / max(1, min(a.right - a.left, b.right - b.left))


def _level(a: Box, b: Box) -> bool:
    overlap = min(a.bottom, b.bottom) - max(a.top, b.top)
    return overlap > 0.5 * min(a.bottom - a.top, b.bottom - b.top)
