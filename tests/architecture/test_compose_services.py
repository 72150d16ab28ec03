"""Every service of the compose file, started by its command, with its environment and just its secrets, as a process.

Postgres and Temporal are the embedded ones; paths of the containers become folders here. So a missing key, role or
setting shows, and every health check of the file is run.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from clearance.stack import Ports, running_postgres, start_temporal, stop_process

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 240.0
SERVICES = (
    "api",
    "engine",
    "worker",
    "dispatcher",
    "sequencer",
    "filing-worker",
    "filing-dispatcher",
    "watchlist-worker",
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The compose file on this machine: where its containers' paths are, and the ports that stand for theirs."""

    compose: dict[str, Any]
    folder: Path
    database_url: str
    temporal_port: int
    ports: dict[str, int]

    def secret(self, name: str) -> Path:
        return self.folder / "secrets" / self.compose["secrets"][name]["file"].split("}/")[1]

    def mount_keys(self, name: str) -> Path:
        """The folder of keys that a service sees: those mounted, and the public file from the volume if it has that."""
        folder = self.folder / "keys" / name
        folder.mkdir(parents=True, exist_ok=True)
        service = self.compose["services"][name]
        for item in service["secrets"]:
            if isinstance(item, dict) and item["target"].startswith("/run/keys/"):
                target = folder / Path(item["target"]).name
                target.write_bytes(self.secret(item["source"]).read_bytes())
        if any(volume.startswith("keys:") for volume in service.get("volumes", [])) and name != "provision":
            published = self.folder / "keys" / "provision" / "filing-inbox.pub"
            (folder / published.name).write_bytes(published.read_bytes())
        return folder

    def environment(self, name: str) -> dict[str, str]:
        keys = self.mount_keys(name)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("CLEARANCE_")}
        stated = self.compose["services"][name]["environment"]
        return inherited | {key: self._here(str(value), name, keys) for key, value in stated.items()}

    def _here(self, value: str, name: str, keys: Path) -> str:
        if value.startswith("postgresql://"):
            return self.database_url + ("&service=admin" if "service=admin" in value else "")
        if value.startswith("/run/secrets/"):
            return str(self.secret(Path(value).name))
        places = {
            "/run/keys": keys,
            "/run/roles": self.folder / "secrets" / "roles",
            "/var/lib/clearance": self.folder / "data",
            "/filers": self.folder / "filers",
            "/schemas": self.folder / "schemas",
            "/model-trust": self.folder / "model-trust",
        }
        for container, here in places.items():
            value = re.sub(rf"(^|file://){container}(?=/|$)", rf"\g<1>{here}", value)
        value = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        return self.port(value.replace("temporal:7233", f"127.0.0.1:{self.temporal_port}"), name)

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def port(self, text: str, name: str) -> str:
        """The ports of a container become free ones here."""
        return re.sub(r"\b808[012]\b", str(self.ports.get(name, 0)), text)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    # Not pytest's folder: Postgres runs as another user where we are root, and could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="clearance-compose-"))
    for name in ("logs", "data", "filers", "schemas", "model-trust", "approvers"):
        (folder / name).mkdir()
    subprocess.run(["sh", str(ROOT / "deploy" / "make-secrets.sh"), str(folder / "secrets")], check=True)
    temporal = Ports.free()
    ports = free_ports(SERVICES)
    with ExitStack() as stop:
        stop.callback(shutil.rmtree, folder, ignore_errors=True)
        stop.callback(stop_process, start_temporal(folder, temporal))
        admin_url = stop.enter_context(running_postgres(folder / "postgres"))
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        deployment = Deployment(compose, folder, admin_url, temporal.temporal, ports)
        run(deployment, "provision", compose["services"]["provision"]["command"], attempts=20)
        approve_models(deployment)
        yield replace(deployment, database_url=admin_url.replace("postgres:@", "", 1))


def approve_models(deployment: Deployment) -> None:
    """As two people do it: each with a key of their own, which the deployment never sees."""
    for person in ("ada", "bob"):
        key = Ed25519PrivateKey.generate()
        private = deployment.folder / "approvers" / f"{person}.pem"
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (deployment.folder / "model-trust" / f"{person}.pub").write_bytes(public)
        folders = [str(card.parent) for card in sorted((ROOT / "models").glob("*/card.json"))]
        run(deployment, "worker", ["models", "approve", *folders, "--key", str(private)])


def free_ports(names: tuple[str, ...]) -> dict[str, int]:
    with ExitStack() as sockets:
        opened = {name: sockets.enter_context(socket.socket()) for name in names}
        for each in opened.values():
            each.bind(("127.0.0.1", 0))
        return {name: each.getsockname()[1] for name, each in opened.items()}


def run(deployment: Deployment, name: str, arguments: list[str], attempts: int = 1) -> str:
    """Run a command of a service to its end, with that service's environment; answers its output."""
    for attempt in range(attempts):
        done = subprocess.run(
            [sys.executable, "-m", "clearance", *arguments],
            env=deployment.environment(name),
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return done.stdout
        if attempt < attempts - 1:
            time.sleep(1)
    raise AssertionError(f"{name}: {done.stdout}{done.stderr}")


def test_provisioning_twice_changes_nothing(deployment: Deployment) -> None:
    keys = deployment.folder / "keys" / "provision"
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    admin = replace(deployment, database_url=_as_owner(deployment.database_url))
    said = run(admin, "provision", ["provision"])
    assert "all there" in said
    assert "up to date" in said
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == before


def _as_owner(url: str) -> str:
    return url.replace("postgresql://", "postgresql://postgres:@", 1)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def running(deployment: Deployment) -> Iterator[dict[str, "subprocess.Popen[bytes]"]]:
    """Every service, all started at once."""
    with ExitStack() as stop:
        processes = {}
        for name in SERVICES:
            output = stop.enter_context(deployment.log(name).open("wb"))
            processes[name] = subprocess.Popen(
                [sys.executable, "-m", "clearance", *deployment.compose["services"][name]["command"]],
                env=deployment.environment(name),
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            stop.callback(stop_process, processes[name])
        yield processes


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_becomes_healthy_with_just_its_own_secrets_and_stops_when_told(
    deployment: Deployment, running: dict[str, "subprocess.Popen[bytes]"], name: str
) -> None:
    process, log = running[name], deployment.log(name)
    check = deployment.compose["services"][name]["healthcheck"]["test"]
    assert check[:2] == ["CMD", "clearance"]
    arguments = [deployment.port(part, name) for part in check[2:]]
    deadline = time.monotonic() + READY_SECONDS
    while not answers(arguments[-1]):
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.2)
    checked = subprocess.run([sys.executable, "-m", "clearance", *arguments], cwd=ROOT, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    if name not in ("api", "engine"):
        metrics = arguments[-1].replace("/health/ready", "/metrics")
        token = deployment.secret("metrics-token").read_text()
        assert httpx.get(metrics).status_code == 401
        assert httpx.get(metrics, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    stop_process(process)
    assert process.returncode == 0, log.read_text()[-3000:]


@pytest.mark.parametrize(
    ("name", "command", "said"),
    [
        ("sequencer", ["audit", "checkpoint"], "public key"),
        ("filing-dispatcher", ["audit", "checkpoint", "--filing"], "public key"),
        ("provision", ["retention", "run"], "0 subjects erased"),
    ],
)
def test_what_the_documentation_has_operators_run_has_all_it_needs(
    deployment: Deployment, name: str, command: list[str], said: str
) -> None:
    if name == "provision":
        password = {"CLEARANCE_DATABASE_PASSWORD_FILE": "/run/roles/clearance_retention"}
        deployment.compose["services"]["provision"]["environment"].update(password)
    assert said in run(deployment, name, command)
