"""Approval by two people: unsigned, altered, half-approved or revoked models never load."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from explain.approval import Approval, ModelNotApproved, Role, Trust, approve, revoke
from explain.record import sha256_hex
from explain.registry import ModelNotLoaded, lineup, load, load_approved, read_approvals, write_approvals

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = {name: Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n, name in enumerate(("ada", "bob", "eve"), 1)}
PUBLIC = {name: key.public_key().public_bytes_raw() for name, key in KEYS.items()}
TRUST = Trust({name: PUBLIC[name] for name in ("ada", "bob")})


def model(folder: Path, content: bytes = b"tree", version: str = "1", name: str = "m") -> Path:
    folder.mkdir(exist_ok=True)
    card = {
        "name": name,
        "version": version,
        "format": "lightgbm_text",
        "file": "model.txt",
        "sha256": sha256_hex(content),
    }
    (folder / "card.json").write_text(json.dumps(card))
    (folder / "model.txt").write_bytes(content)
    return folder


def signed(folder: Path, *people: str, role: Role = Role.CHAMPION) -> Path:
    artifact = load(folder)
    more = [approve(KEYS[name], name, role, artifact.ref.sha256, artifact.card_sha256, NOW) for name in people]
    write_approvals(folder, [*read_approvals(folder), *more])
    return folder


def test_two_people_make_a_model_usable(tmp_path: Path) -> None:
    artifact = load_approved(signed(model(tmp_path), "ada", "bob"), TRUST, Role.CHAMPION)
    assert artifact.approvers == ("ada", "bob")


@pytest.mark.parametrize("people", [(), ("ada",), ("ada", "ada"), ("ada", "eve"), ("eve",)])
def test_fewer_than_two_trusted_people_are_not_enough(tmp_path: Path, people: tuple[str, ...]) -> None:
    with pytest.raises(ModelNotLoaded, match="of 2 people"):
        load_approved(signed(model(tmp_path), *people), TRUST, Role.CHAMPION)


def test_two_names_with_one_key_are_one_person(tmp_path: Path) -> None:
    folder = model(tmp_path)
    artifact = load(folder)
    digests = (artifact.ref.sha256, artifact.card_sha256)
    write_approvals(folder, [approve(KEYS["ada"], n, Role.CHAMPION, *digests, NOW) for n in ("ada", "alias")])
    with pytest.raises(ModelNotLoaded, match="1 of 2"):
        load_approved(folder, Trust({"ada": PUBLIC["ada"], "alias": PUBLIC["ada"]}), Role.CHAMPION)


def test_an_altered_model_does_not_load_even_with_a_matching_card(tmp_path: Path) -> None:
    signed(model(tmp_path), "ada", "bob")
    model(tmp_path, b"another tree")
    with pytest.raises(ModelNotLoaded, match="0 of 2"):
        load_approved(tmp_path, TRUST, Role.CHAMPION)


def test_an_altered_card_does_not_load(tmp_path: Path) -> None:
    signed(model(tmp_path), "ada", "bob")
    card = json.loads((tmp_path / "card.json").read_text())
    (tmp_path / "card.json").write_text(json.dumps({**card, "data": "real customers"}))
    with pytest.raises(ModelNotLoaded, match="0 of 2"):
        load_approved(tmp_path, TRUST, Role.CHAMPION)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Approval)])
def test_every_part_of_an_approval_is_signed(tmp_path: Path, name: str) -> None:
    signed(model(tmp_path), "ada", "bob")
    ada, bob = read_approvals(tmp_path)
    other = {
        "approver": "bob", "role": Role.CHALLENGER, "approved_at": NOW.replace(hour=13), "signature": bob.signature,
        "model_sha256": "0" * 64, "card_sha256": "0" * 64,
    }  # fmt: skip
    write_approvals(tmp_path, [dataclasses.replace(ada, **{name: other[name]}), bob])
    with pytest.raises(ModelNotLoaded, match="1 of 2"):
        load_approved(tmp_path, TRUST, Role.CHAMPION)


def test_a_revoked_model_never_loads(tmp_path: Path) -> None:
    folder = signed(model(tmp_path), "ada", "bob")
    digest = load(folder).ref.sha256
    trust = dataclasses.replace(TRUST, revocations=(revoke(KEYS["bob"], "bob", digest, "drifted", NOW),))
    with pytest.raises(ModelNotLoaded, match="revoked on 2026-03-01: drifted"):
        load_approved(folder, trust, Role.CHAMPION)


def test_a_forged_or_damaged_revocation_stops_everything(tmp_path: Path) -> None:
    folder = signed(model(tmp_path), "ada", "bob")
    real = revoke(KEYS["bob"], "bob", "f" * 64, "other model", NOW)
    for wrong in (
        dataclasses.replace(real, model_sha256="e" * 64),
        dataclasses.replace(real, reason="x"),
        revoke(KEYS["eve"], "eve", "f" * 64, "spite", NOW),
    ):
        with pytest.raises(ModelNotLoaded, match="does not verify"):
            load_approved(folder, dataclasses.replace(TRUST, revocations=(wrong,)), Role.CHAMPION)
    assert load_approved(folder, dataclasses.replace(TRUST, revocations=(real,)), Role.CHAMPION)


def test_an_approval_as_challenger_does_not_let_it_decide(tmp_path: Path) -> None:
    folder = signed(model(tmp_path), "ada", "bob", role=Role.CHALLENGER)
    assert load_approved(folder, TRUST, Role.CHALLENGER)
    with pytest.raises(ModelNotLoaded):
        load_approved(folder, TRUST, Role.CHAMPION)


def test_a_lineup_has_one_champion_and_at_most_one_challenger(tmp_path: Path) -> None:
    old = signed(model(tmp_path / "old", b"1"), "ada", "bob")
    new = signed(model(tmp_path / "new", b"2", "2"), "ada", "bob", role=Role.CHALLENGER)
    draft = model(tmp_path / "draft", b"3", "3")

    both = lineup([old, new, draft], TRUST)

    assert (both.champion.ref.version, both.challenger and both.challenger.ref.version) == ("1", "2")
    assert lineup([old, draft], TRUST).challenger is None
    with pytest.raises(ModelNotLoaded, match="0 champions"):
        lineup([new, draft], TRUST)
    with pytest.raises(ModelNotLoaded, match="2 champions"):
        lineup([old, signed(new, "ada", "bob")], TRUST)


def test_a_challenger_of_another_model_is_refused(tmp_path: Path) -> None:
    old = signed(model(tmp_path / "old", b"1"), "ada", "bob")
    other = signed(model(tmp_path / "other", b"2", name="n"), "ada", "bob", role=Role.CHALLENGER)
    with pytest.raises(ModelNotLoaded, match="same model"):
        lineup([old, other], TRUST)


def test_broken_approvals_are_refused(tmp_path: Path) -> None:
    model(tmp_path)
    for broken in ("{", "[{}]", '[{"approver": "ada", "role": "king"}]', "3"):
        (tmp_path / "approvals.json").write_text(broken)
        with pytest.raises(ModelNotApproved, match="broken"):
            read_approvals(tmp_path)
        with pytest.raises(ModelNotLoaded, match="broken"):
            load_approved(tmp_path, TRUST, Role.CHAMPION)
