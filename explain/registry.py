"""Models on disk: a folder with a card and the model's native bytes, loaded only where the bytes have the card's
digest.

Separate from the readers of the formats, so that no path around the check exists: what this returns was verified.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from explain.approval import Approval, ModelNotApproved, Role, Trust, check_approvals
from explain.record import ModelRef, canonical_json, sha256_hex

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
    card_sha256: str = ""
    approvers: tuple[str, ...] = ()
    """Who approved it; empty where only the digest was checked."""


@dataclass(frozen=True, slots=True)
class Lineup:
    """The approved model that decides and the one that runs beside it, if any."""

    champion: Artifact
    challenger: Artifact | None


def load(folder: Path) -> Artifact:
    """Read `card.json` and the file that it names. Raises `ModelNotLoaded` where one is missing or altered."""
    try:
        written = (folder / "card.json").read_bytes()
        card = json.loads(written)
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
    return Artifact(ref, kind, content, card, sha256_hex(written))


def load_approved(folder: Path, trust: Trust, role: Role, signed: Path | None = None) -> Artifact:
    """Like `load`, and only where enough people signed these very bytes for this role and nobody revoked them.

    `signed` is the folder that holds the approvals where it is not the model's own.
    """
    artifact = load(folder)
    try:
        approvals = read_approvals(signed or folder)
        approvers = check_approvals(approvals, trust, artifact.ref.sha256, artifact.card_sha256, role)
    except ModelNotApproved as error:
        raise ModelNotLoaded(f"{folder.name}: {error}") from error
    return Artifact(artifact.ref, artifact.format, artifact.content, artifact.card, artifact.card_sha256, approvers)


def lineup(folders: Iterable[Path], trust: Trust) -> Lineup:
    """Champion and challenger among versions of one model: exactly one approved champion, at most one challenger.

    Folders that are approved for neither stay out. Raises `ModelNotLoaded` where no or several champions are approved,
    or where the candidates are not versions of the same model.
    """
    found: dict[Role, list[Artifact]] = {role: [] for role in Role}
    refused = []
    for folder in folders:
        for role in Role:
            try:
                found[role].append(load_approved(folder, trust, role))
            except ModelNotLoaded as error:
                refused.append(f"{error} ({role})")
    champions, challengers = found[Role.CHAMPION], found[Role.CHALLENGER]
    if len(champions) != 1 or len(challengers) > 1:
        raise ModelNotLoaded(
            f"{len(champions)} champions and {len(challengers)} challengers are approved, not one and at most one: "
            f"{'; '.join(refused)}"
        )
    if any(challenger.ref.name != champions[0].ref.name for challenger in challengers):
        raise ModelNotLoaded("champion and challenger are not versions of the same model")
    return Lineup(champions[0], challengers[0] if challengers else None)


def read_approvals(folder: Path) -> tuple[Approval, ...]:
    """The approvals beside a model; none where the file is missing. Raises `ModelNotApproved` for a broken file."""
    try:
        entries = json.loads((folder / "approvals.json").read_bytes())
        return tuple(
            Approval(
                approver=str(entry["approver"]),
                role=Role(entry["role"]),
                model_sha256=str(entry["model_sha256"]),
                card_sha256=str(entry["card_sha256"]),
                approved_at=datetime.fromisoformat(entry["approved_at"]),
                signature=str(entry["signature"]),
            )
            for entry in entries
        )
    except FileNotFoundError:
        return ()
    except (KeyError, TypeError, ValueError) as error:
        raise ModelNotApproved(f"approvals.json is broken: {error!r}") from error


def write_approvals(folder: Path, approvals: Iterable[Approval]) -> None:
    """Store approvals beside their model."""
    (folder / "approvals.json").write_bytes(canonical_json([asdict(approval) for approval in approvals]))
