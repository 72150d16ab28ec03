"""Who may do what in Temporal, as the production files say it: a namespace a token, none but theirs for the filings.

Temporal's server itself is not here: what it makes of these tokens was never run (docs/operations.md).
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml

from clearance import temporal
from clearance.keyring import Keyring, create_missing_keys
from clearance.settings import SecretEmpty, Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run(["sh", str(ROOT / "deploy" / "make-secrets.sh"), str(folder)], check=True)
    return folder / "temporal-auth"


def permissions(made: Path, token: str) -> set[str]:
    """As Temporal's default claim mapper reads them: RS256 by the key of the header's `kid`, claim `permissions`."""
    keys = {key["kid"]: jwt.PyJWK(key) for key in json.loads((made / "jwks.json").read_text())["keys"]}
    kid = jwt.get_unverified_header(token)["kid"]
    claims = jwt.decode(token, keys[kid].key, algorithms=["RS256"])
    assert isinstance(claims["sub"], str)
    return set(claims["permissions"])


def test_the_server_checks_every_caller(compose: dict[str, Any]) -> None:
    environment = compose["services"]["temporal"]["environment"]
    assert environment["TEMPORAL_AUTH_AUTHORIZER"] == environment["TEMPORAL_AUTH_CLAIM_MAPPER"] == "default"
    assert environment["TEMPORAL_JWT_KEY_SOURCE1"] == "http://temporal-keys:8080/jwks.json"
    # Its own workers have no token, so they need a frontend that asks for none.
    assert "internal-frontend" in environment["SERVICES"].split(":")
    assert environment["USE_INTERNAL_FRONTEND"] == "true"
    keys = compose["services"]["temporal-keys"]
    assert keys["secrets"] == ["jwks.json"]
    conf = (ROOT / "deploy" / "temporal-keys.conf").read_text()
    assert "alias /run/secrets/jwks.json;" in conf
    assert conf.count("{") == conf.count("}")


def test_people_sign_in_to_the_web_ui_and_cannot_be_let_in_without(compose: dict[str, Any]) -> None:
    environment = compose["services"]["temporal-ui"]["environment"]
    assert environment["TEMPORAL_AUTH_ENABLED"] == "true"
    for name in ("PROVIDER_URL", "CLIENT_ID", "CALLBACK_URL", "SCOPES"):
        assert f"TEMPORAL_UI_AUTH_{name}" in environment[f"TEMPORAL_AUTH_{name}"]
    assert compose["services"]["temporal-ui"]["profiles"] == ["ui"]
    assert "TEMPORAL_UI_AUTH_JWKS" in compose["services"]["temporal"]["environment"]["TEMPORAL_JWT_KEY_SOURCE2"]


def test_each_token_opens_its_own_namespace_only(made: Path) -> None:
    said = {name: permissions(made, (made / name).read_text()) for name in ("provision", "main", "filing")}
    assert said == {
        "provision": {"temporal-system:admin"},
        "main": {"clearance:write"},
        "filing": {"clearance-filing:write"},
    }


def test_a_token_of_another_key_is_refused(made: Path, tmp_path: Path) -> None:
    subprocess.run(["sh", str(ROOT / "deploy" / "make-secrets.sh"), str(tmp_path)], check=True)
    with pytest.raises(KeyError):
        permissions(made, (tmp_path / "temporal-auth" / "filing").read_text())
    head, _, signature = (made / "main").read_text().split(".")
    forged = ".".join(
        (head, jwt.utils.base64url_encode(b'{"sub":"x","permissions":["clearance-filing:write"]}').decode(), signature)
    )
    with pytest.raises(jwt.InvalidSignatureError):
        permissions(made, forged)


def test_only_filing_services_and_the_api_hold_the_token_for_filings(compose: dict[str, Any]) -> None:
    holders: dict[str, set[str]] = {}
    for name, service in compose["services"].items():
        for item in service.get("secrets", []):
            holders.setdefault(item if isinstance(item, str) else item["source"], set()).add(name)
    assert holders["temporal-filing"] == {"api", "filing-worker", "filing-dispatcher"}
    assert holders["temporal-main"] == {"api", "worker", "dispatcher"}
    assert holders["temporal-provision"] == {"provision"}
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("TEMPORAL_TOKEN_FILE"):
                assert Path(value).name in {each for each, who in holders.items() if name in who}, name


async def test_each_client_carries_its_token(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = []

    async def connect(address: str, **options: Any) -> None:
        carried.append((options["namespace"], dict(options["rpc_metadata"])))

    monkeypatch.setattr(temporal.Client, "connect", connect)
    create_missing_keys(tmp_path / "keys")
    keys = Keyring(tmp_path / "keys")
    settings = Settings(temporal_token_file=made / "main", filing_temporal_token_file=made / "filing")
    await temporal.connect(settings, keys)
    await temporal.connect_filing(settings, keys)
    await temporal.connect_filing(Settings(), keys)
    assert carried == [
        ("clearance", {"authorization": f"Bearer {(made / 'main').read_text()}"}),
        ("clearance-filing", {"authorization": f"Bearer {(made / 'filing').read_text()}"}),
        ("clearance-filing", {}),
    ]


def test_an_empty_token_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    with pytest.raises(SecretEmpty):
        temporal.temporal_token(tmp_path / "token")
