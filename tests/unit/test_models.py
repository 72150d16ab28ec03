"""A model decides only with two people's approval: what is unsigned, altered or revoked loads in no service."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from clearance import trust
from clearance.cli import app
from clearance.keyring import create_missing_keys
from clearance.settings import REPOSITORY, Settings
from clearance.trust import SHIPPED, ApprovedModels, approve_shipped, read_private_key
from explain.record import sha256_hex
from explain.registry import ModelNotLoaded, load

Deployed = tuple[ApprovedModels, Path]


@pytest.fixture
def deployed(tmp_path: Path) -> Deployed:
    """The shipped models, approved as the embedded stack does it, and the folder of its secrets."""
    shutil.copytree(REPOSITORY / "models", tmp_path / "models")
    approved = ApprovedModels(tmp_path / "models", tmp_path / "model-trust")
    assert approve_shipped(approved, tmp_path / "secrets") == SHIPPED
    return approved, tmp_path / "secrets"


def unsign(approved: ApprovedModels, name: str, _: Path) -> None:
    shutil.rmtree(approved.signed(name))


def sign_once(approved: ApprovedModels, name: str, _: Path) -> None:
    path = approved.signed(name) / "approvals.json"
    path.write_text(json.dumps(json.loads(path.read_text())[:1]))


def alter_model(approved: ApprovedModels, name: str, _: Path) -> None:
    path = approved.models / name / load(approved.models / name).card["file"]
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))


def alter_model_and_card(approved: ApprovedModels, name: str, _: Path) -> None:
    card = dict(load(approved.models / name).card)
    path = approved.models / name / card["file"]
    path.write_bytes(path.read_bytes() + b" ")
    (approved.models / name / "card.json").write_text(json.dumps({**card, "sha256": sha256_hex(path.read_bytes())}))


def alter_card(approved: ApprovedModels, name: str, _: Path) -> None:
    card = dict(load(approved.models / name).card)
    (approved.models / name / "card.json").write_text(json.dumps({**card, "data": "real customers"}))


def revoke(approved: ApprovedModels, name: str, secrets: Path) -> None:
    digest = load(approved.models / name).ref.sha256
    approved.revoke(digest, read_private_key(secrets / trust.EMBEDDED_APPROVERS[0]), "it drifted")


def distrust(approved: ApprovedModels, name: str, _: Path) -> None:
    (approved.folder / f"{trust.EMBEDDED_APPROVERS[1]}.pub").unlink()


DAMAGE = [unsign, sign_once, alter_model, alter_model_and_card, alter_card, revoke, distrust]


def test_what_is_shipped_loads_with_its_approvers(deployed: Deployed) -> None:
    for name in SHIPPED:
        assert deployed[0].champion(name).approvers == trust.EMBEDDED_APPROVERS


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_not_approved_as_it_is_does_not_load(
    deployed: Deployed, name: str, damage: Callable[[ApprovedModels, str, Path], None]
) -> None:
    damage(deployed[0], name, deployed[1])
    with pytest.raises(ModelNotLoaded):
        deployed[0].champion(name)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", [name for name in SHIPPED if name != trust.TRANSACTIONS])
async def test_a_worker_does_not_start_with_a_model_that_is_not_approved(
    deployed: Deployed, tmp_path: Path, name: str, damage: Callable[[ApprovedModels, str, Path], None]
) -> None:
    from clearance.worker import Parts, build_workers

    nothing: Any = None
    parts = Parts(nothing, nothing, nothing, b"", deployed[0], tmp_path, tmp_path)
    damage(deployed[0], name, deployed[1])
    with ThreadPoolExecutor(1) as readers, pytest.raises(ModelNotLoaded):
        build_workers(nothing, parts, readers)


@pytest.mark.parametrize("damage", [None, unsign, alter_model_and_card, revoke])
async def test_an_engine_does_not_start_with_a_model_that_is_not_approved(
    deployed: Deployed, tmp_path: Path, database: Any, damage: Callable[[ApprovedModels, str, Path], None] | None
) -> None:
    from clearance.http import serve_engine
    from clearance.stack import Ports

    approved, secrets = deployed
    settings = Settings(
        home=tmp_path,
        models=approved.models,
        database_url=database.url,
        secrets=secrets,
        engine_port=Ports.free().engine,
    )
    create_missing_keys(settings.secrets_folder)
    if damage is None:
        async with serve_engine(settings) as ready:
            assert await ready()
        return
    damage(approved, trust.TRANSACTIONS, secrets)
    with pytest.raises(ModelNotLoaded):
        async with serve_engine(settings):
            pass


def test_the_embedded_stack_approves_once_and_does_not_undo_a_revocation(deployed: Deployed) -> None:
    approved, secrets = deployed
    assert approve_shipped(approved, secrets) == ()
    revoke(approved, trust.SCREENING, secrets)
    approve_shipped(approved, secrets)
    with pytest.raises(ModelNotLoaded, match="revoked"):
        approved.champion(trust.SCREENING)


def test_the_approvers_keys_are_for_their_owner_only(deployed: Deployed) -> None:
    for name in trust.EMBEDDED_APPROVERS:
        assert (deployed[1] / name).stat().st_mode & 0o777 == 0o600


# --- The commands ---------------------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment whose trust folder knows two people; their keys and a stranger's lie beside it."""
    shutil.copytree(REPOSITORY / "models", tmp_path / "models")
    (tmp_path / "model-trust").mkdir()
    for person in ("ada", "bob", "eve"):
        key = Ed25519PrivateKey.generate()
        (tmp_path / f"{person}.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        if person != "eve":
            (tmp_path / "model-trust" / f"{person}.pub").write_text(key.public_key().public_bytes_raw().hex() + "\n")
    monkeypatch.setenv("CLEARANCE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CLEARANCE_MODEL_TRUST", str(tmp_path / "model-trust"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def command(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["models", *map(str, arguments)])
    return done.exit_code, done.output


def approve(office: Path, person: str, *names: str) -> tuple[int, str]:
    return command("approve", *(office / "models" / name for name in names), "--key", office / f"{person}.pem")


def test_a_model_loads_after_the_second_person_approved_it(office: Path) -> None:
    code, said = approve(office, "ada", *SHIPPED)
    assert code == 0
    assert "1 of 2 people" in said
    code, said = command("list")
    assert (code, said.count("does not load")) == (1, len(SHIPPED))
    assert approve(office, "ada", trust.SCREENING)[1].count("1 of 2 people") == 1
    assert "it loads now" in approve(office, "bob", *SHIPPED)[1]
    code, said = command("list")
    assert code == 0
    assert said.count("champion") == len(SHIPPED)
    assert said.count("ada, bob") == len(SHIPPED)
    assert load(REPOSITORY / "models" / "customer_risk").ref.sha256[:12] in said
    assert "average_precision" in said


def test_a_stranger_neither_approves_nor_revokes(office: Path) -> None:
    code, said = approve(office, "eve", trust.SCREENING)
    assert (code, "no .pub file" in said) == (1, True)
    code, _ = command("revoke", office / "models" / "screening", "--key", office / "eve.pem", "--reason", "spite")
    assert code == 1
    assert not (office / "model-trust" / "revocations.json").exists()


def test_one_person_revokes_for_good(office: Path) -> None:
    for person in ("ada", "bob"):
        approve(office, person, *SHIPPED)
    code, _ = command(
        "revoke", office / "models" / "screening", "--key", office / "bob.pem", "--reason", "missed too much"
    )
    assert code == 0
    approve(office, "ada", trust.SCREENING)
    assert "missed too much" in approve(office, "bob", trust.SCREENING)[1]
    code, said = command("list")
    assert (code, said.count("champion")) == (1, len(SHIPPED) - 1)


def test_a_challenger_does_not_decide(office: Path) -> None:
    folder = office / "models" / trust.SCREENING
    for person in ("ada", "bob"):
        command("approve", folder, "--key", office / f"{person}.pem", "--role", "challenger")
    assert "challenger" in command("list")[1]
    with pytest.raises(ModelNotLoaded, match="champion"):
        ApprovedModels(office / "models", office / "model-trust").champion(trust.SCREENING)
    assert command("approve", folder, "--key", office / "ada.pem", "--role", "king")[0] == 2


def test_only_models_that_services_load_are_approved(office: Path, tmp_path: Path) -> None:
    shutil.copytree(office / "models" / "screening", office / "elsewhere" / "screening")
    code, said = command("approve", office / "elsewhere" / "screening", "--key", office / "ada.pem")
    assert (code, "is not in" in said) == (1, True)


def test_a_trained_model_is_written_with_its_card_and_waits_for_approval(office: Path) -> None:
    code, said = command("train", "customer-risk", "--out", office / "trained")
    assert code == 0, said
    assert load(office / "trained").ref.name == "customer_risk"
    assert "approve" in said
    assert command("train", "nonsense")[0] == 2


def test_provisioning_where_people_approve_signs_nothing(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from clearance.provision import _models

    said: list[str] = []
    _models(Settings(home=office), said.append)
    assert "do not load" in said[0]
    assert not (office / "model-trust" / "approvals").exists()
    assert list(office.glob("**/embedded-approver*")) == []
    monkeypatch.delenv("CLEARANCE_MODEL_TRUST")
    _models(Settings(home=office), said.append)
    assert "approved by this machine" in said[1]


def test_a_broken_key_or_list_stops_loading_and_says_so(deployed: Deployed) -> None:
    approved, _ = deployed
    (approved.folder / "revocations.json").write_text("[{}]")
    with pytest.raises(ModelNotLoaded, match=r"revocations\.json"):
        approved.champion(trust.SCREENING)
    (approved.folder / "revocations.json").unlink()
    (approved.folder / "ada.pub").write_text("zz")
    with pytest.raises(ModelNotLoaded, match="key"):
        approved.champion(trust.SCREENING)


def test_the_command_runs_as_a_program(office: Path) -> None:
    environment = {**os.environ, "CLEARANCE_HOME": str(office)}
    done = subprocess.run(
        [sys.executable, "-m", "clearance", "models", "list"],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "0 of 2 people" in done.stdout
