"""The health endpoints of services without other HTTP: health for everyone, metrics for who has the token."""

from pathlib import Path

import httpx
import pytest

from clearance.services import health_app
from clearance.settings import SecretEmpty, Settings

TOKEN = "a-token-for-metrics"


async def ready() -> bool:
    return True


def client(token: str | None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(health_app(ready, token))
    return httpx.AsyncClient(transport=transport, base_url="http://service")


@pytest.mark.parametrize("token", [None, TOKEN])
async def test_health_asks_for_no_credential(token: str | None) -> None:
    async with client(token) as http:
        assert (await http.get("/health/live")).json() == {"status": "live"}
        assert (await http.get("/health/ready")).json() == {"status": "ready"}


async def test_without_a_token_there_are_no_metrics() -> None:
    async with client(None) as http:
        assert (await http.get("/metrics")).status_code == 404
        assert (await http.get("/metrics", headers={"Authorization": "Bearer None"})).status_code == 404


async def test_metrics_are_for_who_has_the_token() -> None:
    async with client(TOKEN) as http:
        answer = await http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert "python_info" in answer.text


@pytest.mark.parametrize(
    "credential",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer ü"],
)
async def test_nobody_else_gets_metrics(credential: str | None) -> None:
    headers = {} if credential is None else {"Authorization": credential.encode("latin-1")}
    async with client(TOKEN) as http:
        answer = await http.get("/metrics", headers=headers)
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_token_is_read_from_its_file_and_never_empty(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    assert Settings(metrics_token_file=file).metrics_token == TOKEN
    assert Settings().metrics_token is None
    file.write_text("\n")
    with pytest.raises(SecretEmpty):
        _ = Settings(metrics_token_file=file).metrics_token
