"""A challenger is compared on what the champion decided, and only where two people approved it as one."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from typer.testing import CliRunner

from clearance import trust
from clearance.challenger import NothingToCompare, compare_models
from clearance.cli import app
from clearance.keyring import KeyName, Keyring, create_missing_keys
from clearance.settings import REPOSITORY, Settings
from clearance.trust import CUSTOMER_RISK, ApprovedModels, approve_shipped, approved_models, read_private_key
from explain.approval import Role
from explain.bands import band, band_finding
from explain.record import DecisionKind, sha256_hex
from explain.registry import Artifact, ModelNotLoaded
from explain.trees import TreeModel
from store.decisions import append_decision, register_model
from store.records import evidence_bytes
from store.subjects import create_subject, destroy_key
from vault import contexts
from vault.envelope import new_data_key, seal
from vault.keys import FileKeyProvider

CUTS = {"low": 0.0, "medium": 0.05, "high": 0.2}
YOUNG = "customer_risk_young"


@pytest.fixture
def settings(lone_world: Any, tmp_path: Path) -> Settings:
    """A deployment with the shipped models approved, and a challenger of a tenth of the trees beside them."""
    create_missing_keys(tmp_path / "secrets")
    shutil.copytree(REPOSITORY / "models", tmp_path / "models")
    made = Settings(
        home=tmp_path, database_url=lone_world.url, models=tmp_path / "models", model_trust=tmp_path / "model-trust"
    )
    approved = approved_models(made)
    approve_shipped(approved, tmp_path / "secrets")
    young = tmp_path / "models" / YOUNG
    shutil.copytree(tmp_path / "models" / CUSTOMER_RISK, young)
    text = (young / "model.txt").read_text()
    cut = text.index("Tree=6\n")
    (young / "model.txt").write_text(_with_fewer_trees(text, cut))
    card = json.loads((young / "card.json").read_text())
    card |= {"version": "young", "sha256": sha256_hex((young / "model.txt").read_bytes())}
    (young / "card.json").write_text(json.dumps(card))
    return made


def _with_fewer_trees(text: str, cut: int) -> str:
    sizes = next(line for line in text.splitlines() if line.startswith("tree_sizes="))
    kept = "tree_sizes=" + " ".join(sizes.removeprefix("tree_sizes=").split()[:6])
    return text[:cut].replace(sizes, kept) + text[text.index("end of trees") :]


def approve_challenger(settings: Settings) -> ApprovedModels:
    approved = approved_models(settings)
    for person in trust.EMBEDDED_APPROVERS:
        approved.approve(YOUNG, read_private_key(settings.secrets_folder / person), Role.CHALLENGER)
    return approved


async def decide(world: Any, settings: Settings, champion: Artifact, rows: Sequence[Sequence[float]]) -> list[UUID]:
    """The champion's stored decisions on these rows, each about a person of its own."""
    keys = FileKeyProvider(Keyring(settings.secrets_folder).path(KeyName.MASTER))
    model, subjects = TreeModel.from_text(champion.content), []
    async with world.as_role("clearance_worker") as conn:
        await register_model(conn, champion.ref, champion.format, champion.content, champion.card)
    for row in rows:
        subject_id, key = uuid4(), new_data_key()
        explanation = model.explanation(tuple(row))
        score = model.score(explanation.output)
        decision = world.decision(
            kind=DecisionKind.ONBOARDING_RISK,
            subject_id=subject_id,
            model=champion.ref,
            explanation=explanation,
            score=score,
            outcome=band(score, CUTS),
            findings=(band_finding(score, CUTS, "house rule"),),
        )
        sealed = seal(key, evidence_bytes(decision), contexts.decision_evidence(decision.decision_id))
        async with world.as_role("clearance_worker") as conn:
            await create_subject(conn, world.tenant_id, subject_id, keys.wrap(world.tenant_id, key))
            await append_decision(conn, decision, key=f"w/{decision.decision_id}", sealed_evidence=sealed)
        subjects.append(subject_id)
    return subjects


async def test_both_score_the_same_stored_rows(lone_world: Any, settings: Settings) -> None:
    approved = approve_challenger(settings)
    champion = approved.champion(CUSTOMER_RISK)
    features = len(TreeModel.from_text(champion.content).feature_names)
    dice = np.random.default_rng(3)
    rows = dice.uniform(0.0, 4.0, (30, features)).tolist()
    people = await decide(lone_world, settings, champion, rows)
    async with lone_world.as_role("clearance_retention") as conn:
        await destroy_key(conn, people[0])

    result = await compare_models(settings, CUSTOMER_RISK, YOUNG)
    assert result.rows == 29  # an erased person's features are gone
    assert sum(result.bands.values()) == 29
    young = TreeModel.from_text((settings.models / YOUNG / "model.txt").read_bytes())
    old = TreeModel.from_text(champion.content)
    expected = [young.score(young.explanation(tuple(row)).output) - old.score(old.explanation(tuple(row)).output)
                for row in rows[1:]]  # fmt: skip
    assert result.mean_difference == pytest.approx(np.mean(expected))
    assert result.largest_difference == pytest.approx(np.abs(expected).max())
    assert (await compare_models(settings, CUSTOMER_RISK, YOUNG, limit=10)).rows == 10


async def test_a_challenger_that_nobody_approved_is_not_run(lone_world: Any, settings: Settings) -> None:
    with pytest.raises(ModelNotLoaded):
        await compare_models(settings, CUSTOMER_RISK, YOUNG)
    # To decide is another role than to run beside.
    approve_challenger(settings)
    with pytest.raises(ModelNotLoaded):
        await compare_models(settings, YOUNG, CUSTOMER_RISK)
    with pytest.raises(NothingToCompare):
        await compare_models(settings, CUSTOMER_RISK, YOUNG)


def test_the_command_says_what_is_missing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearance.cli.models.read_settings", lambda: settings)
    done = CliRunner().invoke(app, ["models", "compare", CUSTOMER_RISK, YOUNG])
    assert done.exit_code == 1
    assert YOUNG in done.output
