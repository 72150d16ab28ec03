"""The production compose file: valid by its specification, pinned, without secrets, and true to the code it starts.

No Docker engine runs here; what only one could show is listed in docs/operations.md.
"""

import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from api.submission import MAX_REQUEST_BYTES
from clearance.cli import app
from clearance.keyring import KeyName
from clearance.services import SERVICES
from clearance.settings import Settings
from store.migrate import ROLES

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def own(compose: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in compose["services"].items() if "build" in service}


def test_it_is_valid_by_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_file_is_refused_by_the_same_check(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE.read_text().replace("healthcheck:", "health_check:"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(broken)]
    assert subprocess.run(command, capture_output=True).returncode == 1


def test_every_image_has_an_exact_tag(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values()]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for image in images:
        assert re.search(r":\d+\.\d+(\.\d+)?(-[a-z0-9-]+)?$", image), image


def test_our_own_image_has_the_version_of_the_project(compose: dict[str, Any]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {service["image"] for service in own(compose).values()} == {f"clearance:{version}"}


def test_every_service_of_the_code_runs_and_by_a_command_that_exists(compose: dict[str, Any]) -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    for name, service in own(compose).items():
        assert service["command"] == [name]
        assert name in commands, name
    assert set(own(compose)) == {*SERVICES, "provision"}


def test_every_setting_is_one_that_the_code_reads(compose: dict[str, Any]) -> None:
    known = {f"CLEARANCE_{field.upper()}" for field in Settings.model_fields} | {"PGSERVICEFILE"}
    for name, service in own(compose).items():
        assert set(service["environment"]) <= known, name


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|PWD|PRIVATE", variable) and variable != "CLEARANCE_SECRETS":
                assert variable.endswith(("_FILE", "_PASSWORDS")), f"{name}: {variable}"
                assert str(value).startswith("/run/"), f"{name}: {variable}"
            assert not re.search(r"://[^/@]*:[^/@]+@", str(value)), f"{name}: {variable} holds a password"
    for secret, source in compose["secrets"].items():
        assert source["file"].startswith("${CLEARANCE_SECRETS:-./secrets}/"), secret


def test_every_service_gets_its_own_role_and_only_declared_secrets(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        mounted = [item if isinstance(item, str) else item["source"] for item in service.get("secrets", [])]
        assert set(mounted) <= set(compose["secrets"]), name
        password = service.get("environment", {}).get("CLEARANCE_DATABASE_PASSWORD_FILE")
        if password:
            assert Path(password).name in mounted, name
            also = {"role-filing", "role-screening"} if name == "api" else set()
            assert {item for item in mounted if item.startswith("role-")} == {Path(password).name, *also}, name
    roles = {item["target"] for item in compose["services"]["provision"]["secrets"] if isinstance(item, dict)}
    assert {f"/run/roles/{role}" for role in ROLES if role != "clearance_owner"} <= roles
    assert {f"/run/keys/{key.value}" for key in KeyName} <= roles


@pytest.mark.parametrize("key", ["key-filing-payload", "key-filing-master"])
def test_only_filing_services_and_the_api_hold_the_keys_that_open_filings(compose: dict[str, Any], key: str) -> None:
    holders = {
        name
        for name, service in own(compose).items()
        if key in [item if isinstance(item, str) else item["source"] for item in service["secrets"]]
    }
    assert holders == {"provision", "api", "filing-worker", "filing-dispatcher"}


def test_only_the_sequencer_of_filings_signs_for_their_ledger(compose: dict[str, Any]) -> None:
    holders = {
        name
        for name, service in own(compose).items()
        if "key-filing-ledger" in [item if isinstance(item, str) else item["source"] for item in service["secrets"]]
    }
    assert holders == {"provision", "filing-dispatcher"}


def test_every_service_that_stays_has_a_health_check(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if service["restart"] == "unless-stopped":
            assert "healthcheck" in service, name
        else:
            assert service["restart"].startswith("on-failure"), name


def test_services_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    for name, service in own(compose).items():
        if name != "provision":
            assert service["depends_on"]["provision"]["condition"] == "service_completed_successfully", name
    assert compose["services"]["provision"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "temporal": {"condition": "service_healthy"},
    }


def test_only_the_proxy_is_reached_from_outside_and_the_web_ui_from_this_machine(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"proxy": ["443:8443"], "temporal-ui": ["127.0.0.1:8233:8080"]}
    assert compose["networks"]["inside"] == {"internal": True}
    for name, service in compose["services"].items():
        assert ("outside" in service["networks"]) == (name in published), name


def test_our_containers_can_do_little(compose: dict[str, Any]) -> None:
    for name, service in own(compose).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", dockerfile, re.MULTILINE)
    assert dockerfile.count("--require-hashes") == 2


def test_every_volume_is_named_and_what_is_kept_is_on_one(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith((".", "$"))
    }
    assert used == set(compose["volumes"])
    # Since Postgres 18 the image keeps its data in a folder per version below this one.
    assert "postgres:/var/lib/postgresql" in compose["services"]["postgres"]["volumes"]


def test_the_image_holds_every_package_of_the_project() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    packages = [pattern.removesuffix("*") for pattern in found["include"]]
    copied = re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert set(copied) == {*packages, "models"}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied} <= set(ignored)


def test_transactions_go_to_the_engine_and_metrics_nowhere() -> None:
    conf = (DEPLOY / "proxy.conf").read_text()
    assert re.search(r"location = /v1/transactions \{[^}]*proxy_pass http://engine;", conf)
    assert re.search(r"location / \{[^}]*proxy_pass http://api;", conf)
    assert re.search(r"location = /metrics \{[^}]*return 404;", conf)
    assert conf.count("{") == conf.count("}")
    assert f"client_max_body_size {MAX_REQUEST_BYTES // 2**20}m;" in conf


def test_the_script_makes_every_secret_once(compose: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    def run() -> dict[str, bytes]:
        subprocess.run(["sh", str(DEPLOY / "make-secrets.sh"), str(folder)], check=True)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    made = run()
    assert run() == made
    mounted = {source["file"].split("}/")[1] for source in compose["secrets"].values()}
    assert mounted - {"proxy.crt", "proxy.key"} == set(made) - {"temporal.env", "temporal-auth/key.pem"}
    assert {len(made[f"keys/{key.value}"]) for key in KeyName} == {32}
    assert len(set(made.values())) == len(made)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert made["admin-service.conf"].decode() == f"[admin]\npassword={made['postgres'].decode()}\n"


@pytest.mark.parametrize("script", sorted(path.name for path in DEPLOY.glob("*.sh")))
def test_scripts_are_valid_shell(script: str) -> None:
    assert subprocess.run(["sh", "-n", str(DEPLOY / script)], capture_output=True).returncode == 0
