"""Models on disk: a folder with a card and the model's native bytes, loaded only where the bytes have the card's
digest.

Separate from the readers of the formats, so that no path around the check exists: what this returns was verified.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explain.record import ModelRef, sha256_hex

FORMATS = ("lightgbm_text", "additive_json", "rule_table_json", "onnx")
"""Native formats only; nothing that runs code when it is read."""


class ModelNotLoaded(Exception):
    """The model must not be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified model: what to cite, its format and bytes, and the card as written."""

    ref: ModelRef
    format: str
    content: bytes
    card: Mapping[str, Any]


def load(folder: Path) -> Artifact:
    """Read `card.json` and the file that it names. Raises `ModelNotLoaded` where one is missing or altered."""
    try:
        card = json.loads((folder / "card.json").read_bytes())
    except FileNotFoundError as error:
        raise ModelNotLoaded(f"{folder.name}: no card.json beside the model") from error
    except ValueError as error:
        raise ModelNotLoaded(f"{folder.name}: card.json is not JSON") from error
    try:
        ref = ModelRef(str(card["name"]), str(card["version"]), str(card["sha256"]))
        kind, file = str(card["format"]), str(card["file"])
    except (KeyError, TypeError) as error:
        raise ModelNotLoaded(f"{folder.name}: the card lacks {error}") from error
    if kind not in FORMATS:
        raise ModelNotLoaded(f"{folder.name}: format {kind!r} is not one of {', '.join(FORMATS)}")
    if Path(file).name != file:
        raise ModelNotLoaded(f"{folder.name}: the card names a file outside its folder")
    try:
        content = (folder / file).read_bytes()
    except FileNotFoundError as error:
        raise ModelNotLoaded(f"{folder.name}: {file} is missing") from error
    digest = sha256_hex(content)
    if digest != ref.sha256:
        raise ModelNotLoaded(f"{folder.name}: {file} has digest {digest}, the card says {ref.sha256}: restore the file")
    return Artifact(ref, kind, content, card)
