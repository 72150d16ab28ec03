"""What `clearance models` does: train, list, approve and revoke the models of a deployment."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from aml.labels import LabelsUnfit, read_labels
from clearance.settings import Settings
from clearance.trust import (
    CUSTOMER_RISK,
    SCREENING,
    TRANSACTIONS,
    ApprovedModels,
    KeyNotTrusted,
    approved_models,
    read_private_key,
)
from explain.approval import Role
from explain.registry import ModelNotLoaded, load

Train = Callable[[Path, Callable[[str], object]], Mapping[str, Any]]


def print_models(settings: Settings, console: Console) -> int:
    """One row a model folder; the exit code: 0 where each loads, 1 where one does not."""
    standing = approved_models(settings).standing()
    table = Table("model", "version", "digest", "role", "approved by", "figures", box=None, pad_edge=False)
    for each in standing:
        if each.artifact is None:
            table.add_row(each.folder, "", "", "[red]does not load[/red]", "", "")
            continue
        ref, role = each.artifact.ref, each.role or "[red]does not load[/red]"
        approvers = ", ".join(each.approvers) or "nobody"
        table.add_row(ref.name, ref.version, ref.sha256[:12], role, approvers, figures(each.artifact.card))
    console.print(table)
    for each in standing:
        if each.problem:
            console.print(each.problem, style="red", markup=False)
    return 1 if any(each.problem for each in standing) else 0


def figures(card: Mapping[str, Any]) -> str:
    """The card's first figures, measured on what the model had not seen where there is such a part."""
    parts = [card.get(name) for name in ("unseen_world", "evaluation")]
    measured: Mapping[str, Any] = next((part for part in parts if isinstance(part, Mapping)), card)
    numbers = {name: value for name, value in measured.items() if type(value) is float}
    return ", ".join(f"{name} {value:g}" for name, value in list(numbers.items())[:3])


def approve_folders(
    settings: Settings, folders: list[Path], key: Path, role: str, console: Console, errors: Console
) -> int:
    """Sign each folder's model and card; 0, or 1 where one was refused, which leaves the others signed."""
    approved = approved_models(settings)
    if role not in list(Role):
        errors.print(f"no such role: {role}; there are {', '.join(Role)}")
        return 2
    try:
        for folder in folders:
            place = folder.resolve()
            if place.parent != approved.models:
                errors.print(f"{folder} is not in {approved.models}, which the services load from", markup=False)
                return 1
            approval = approved.approve(place.name, read_private_key(key), Role(role))
            console.print(
                f"{place.name} {approval.model_sha256[:12]} approved as {role} by {approval.approver}: "
                f"{_state(approved, place.name)}"
            )
    except (KeyNotTrusted, ModelNotLoaded) as error:
        errors.print(str(error), markup=False)
        return 1
    return 0


def _state(approved: ApprovedModels, name: str) -> str:
    problem = next(each.problem for each in approved.standing() if each.folder == name)
    return problem or "it loads now"


def revoke(settings: Settings, model: str, key: Path, reason: str, console: Console, errors: Console) -> int:
    """Revoke by folder or digest; 0, or 1 where it was refused."""
    approved = approved_models(settings)
    try:
        digest = model if re.fullmatch("[0-9a-f]{64}", model) else load(Path(model)).ref.sha256
        revocation = approved.revoke(digest, read_private_key(key), reason)
    except (KeyNotTrusted, ModelNotLoaded) as error:
        errors.print(str(error), markup=False)
        return 1
    console.print(f"{digest} revoked by {revocation.approver}: restart the services that use it")
    return 0


def train(
    settings: Settings,
    which: str,
    out: Path | None,
    console: Console,
    errors: Console,
    labels: Path | None = None,
    label_weight: float = 1.0,
) -> int:
    """Train one of `TRAINABLE`, the model of transactions on dispositions too; the exit code."""
    if which not in TRAINABLE:
        errors.print(f"no such model: {which}; there are {', '.join(TRAINABLE)}")
        return 2
    name, make = TRAINABLE[which]
    folder = out or settings.models / name
    if labels is not None:
        if which != "aml":
            errors.print(f"officers' dispositions train the model of transactions, aml, not {which}")
            return 2
        try:
            make = _with_labels(labels, label_weight)
        except (OSError, UnicodeDecodeError, LabelsUnfit) as error:
            errors.print(f"{labels}: {error}", markup=False, soft_wrap=True)
            return 1
    make(folder, console.print)
    artifact = load(folder)
    console.print(
        f"{artifact.ref.name} {artifact.ref.version} {artifact.ref.sha256} written to {folder}", soft_wrap=True
    )
    console.print("It decides nothing before two people run `clearance models approve` on it.")
    return 0


def _train_aml(folder: Path, say: Callable[[str], object]) -> Mapping[str, Any]:
    from aml.training import make_model

    return make_model(folder, say)


def _with_labels(path: Path, weight: float) -> Train:
    """Raises `LabelsUnfit`, before anything is generated."""
    from aml.features import FEATURES

    with path.open(encoding="utf-8") as file:
        labels = read_labels(file, FEATURES, weight)

    def make(folder: Path, say: Callable[[str], object]) -> Mapping[str, Any]:
        from aml.training import make_model

        say(f"{len(labels.confirmed)} dispositions, {int(labels.confirmed.sum())} of them confirmed, from {path}")
        return make_model(folder, say, labels)

    return make


def _train_customer_risk(folder: Path, say: Callable[[str], object]) -> Mapping[str, Any]:
    from aml.customer_risk_training import train as make_model

    return make_model(folder)


def _train_screening(folder: Path, say: Callable[[str], object]) -> Mapping[str, Any]:
    from aml.screening.training import make_model

    return make_model(folder / "scorer.json")


TRAINABLE: dict[str, tuple[str, Train]] = {
    "aml": (TRANSACTIONS, _train_aml),
    "customer-risk": (CUSTOMER_RISK, _train_customer_risk),
    "screening": (SCREENING, _train_screening),
}
"""By the command's word: the folder, and what trains it."""
