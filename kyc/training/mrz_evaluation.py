"""Measures the exported line recogniser on lines it never saw and writes its model card:
`python -m kyc.training.mrz_evaluation models/mrz`. Needs no torch.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

from kyc.mrz import ALPHABET
from kyc.mrz_decoding import BLANK, best_path
from kyc.recogniser import LineRecogniser, Scores
from kyc.training.mrz_lines import draw_sample

FIRST_SEED = 900_000_000_000
"""Far from every seed that training uses."""


def evaluate(model: Path, count: int) -> dict[str, object]:
    """Share of lines exact, greedy and with the length known, and of signs wrong with the length known."""
    recogniser = LineRecogniser(model)
    greedy_exact = known_exact = wrong = signs = 0
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        sample = draw_sample(seed)
        scores = recogniser.score_strip(sample.strip)
        greedy_exact += greedy(scores) == sample.text
        text = "".join(sign.sign for sign in best_path(scores, [ALPHABET] * len(sample.text)))
        known_exact += text == sample.text
        wrong += sum(a != b for a, b in zip(text, sample.text, strict=True))
        signs += len(sample.text)
    return {
        "set": f"{count} generated lines from seed {FIRST_SEED}, damage as in training, without grammar",
        "exact_lines_greedy": round(greedy_exact / count, 4),
        "exact_lines_of_known_length": round(known_exact / count, 4),
        "wrong_signs_of_known_length": round(wrong / signs, 5),
    }


def greedy(scores: Scores) -> str:
    best = np.asarray(scores).argmax(1).tolist()
    kept = [c for c, before in zip(best, [BLANK, *best[:-1]], strict=True) if c not in (before, BLANK)]
    return "".join(ALPHABET[c] for c in kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    model = options.folder / "lines.onnx"
    content = model.read_bytes()
    run = json.loads((options.folder / "run.json").read_text(encoding="utf-8"))
    card = {
        "name": "mrz-lines",
        "version": "2",
        "format": "onnx",
        "file": model.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "data": "Lines drawn by kyc.training.mrz_lines (OCR-B, DejaVu Sans Mono; synthetic damage). Nothing real.",
        "training": {**run, "lines_seen": run["stop"] * 32, "command": "python -m kyc.training.mrz_recogniser"},
        "evaluation": evaluate(model, options.count),
        "limits": "Latin zones only, no Ñ. Evaluated on generated lines; benchmarks/documents.py has documents.",
    }
    (options.folder / "card.json").write_text(
        json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
