"""Screening over HTTP: who may, what is refused, and the child process that does it for the API."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from activities.watchlists import put_into_force
from aml.screening import Entity, WatchList
from api.app import create_app
from api.permissions import Role
from api.services import ScreenerDown, ScreeningRefused
from clearance.keyring import KeyName, Keyring, create_missing_keys
from clearance.screener import ChildScreener
from clearance.settings import Settings
from clearance.trust import approve_shipped, approved_models
from store.connection import open_pool, service_transaction
from store.credentials import create_api_key, hash_api_key, new_api_key
from tests.api.house import House
from vault.keys import FileKeyProvider

BODY: dict[str, Any] = {
    "party": {"names": ["Ingrid Holmqvist"], "birth_dates": ["1970-01-02"], "countries": ["SE"], "gender": "female"}
}
MATCH: dict[str, Any] = {"queries": {"q1": {"schema": "Person", "properties": {"name": ["Ingrid Holmqvist"]}}}}


@dataclass
class FakeScreener:
    """Remembers what it was asked."""

    trouble: Exception | None = None
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    async def screen(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._told(order, {})

    async def match(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._told(order, {"responses": {}, "limit": order["limit"]})

    def _told(self, order: Mapping[str, Any], answer: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(order)
        if self.trouble:
            raise self.trouble
        return answer


@pytest.fixture
def screener() -> FakeScreener:
    return FakeScreener()


async def client(house: House, screener: Any, *scopes: str, scheme: str = "Bearer") -> httpx.AsyncClient:
    key = new_api_key()
    async with house.as_role("clearance_api") as connection:
        await create_api_key(connection, house.own.tenant_id, hash_api_key(key), list(scopes))
    return house.anyone(create_app(replace(house.services, screener=screener)), Authorization=f"{scheme} {key}")


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


async def test_only_who_may_screen_screens(house: House, screener: FakeScreener) -> None:
    reader = await client(house, screener, "screenings:read", "decisions:read")
    assert (await reader.post("/v1/screenings", json=BODY, headers=keyed())).status_code == 403
    assert (await reader.post("/match/default", json=MATCH)).status_code == 403
    writer = await client(house, screener, "screenings:write")
    assert (await writer.get(f"/v1/screenings/{uuid4()}")).status_code == 403
    assert (await house.anyone().post("/match/default", json=MATCH)).status_code == 401
    app = create_app(replace(house.services, screener=screener))
    for role, login, status in ((Role.ANALYST, "analyst", 200), (Role.AUDITOR, "auditor", 403)):
        officer = house.anyone(app, Authorization=f"Bearer {house.token(login, None, role)}")
        assert (await officer.post("/match/default", json=MATCH)).status_code == status
    assert len(screener.asked) == 1


async def test_a_yente_client_may_keep_its_scheme(house: House, screener: FakeScreener) -> None:
    asking = await client(house, screener, "screenings:write", scheme="ApiKey")
    answer = await asking.post("/match/default?limit=7&threshold=0.6&algorithm=logic-v2&exclude_dataset=x", json=MATCH)
    assert answer.status_code == 200
    (order,) = screener.asked
    assert (order["limit"], order["threshold"], order["exclude_dataset"]) == (7, 0.6, ["x"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/body/party"),
        ({"party": {}}, "/body/party"),
        ({"party": {"names": ["12"]}}, "/body/party"),
        ({"party": {"names": ["A B"], "birth_dates": ["17.05.1970"]}}, "/body/party/birth_dates/0"),
        ({"party": {"names": ["A B"], "countries": ["Atlantis"]}}, "/body/party/countries/0"),
        ({"party": {"names": ["A B"], "schema": "Cat"}}, "/body/party/schema"),
        ({"party": {"names": ["A B"], "nickname": "x"}}, "/body/party/nickname"),
        ({"party": {"names": ["A B"]}, "threshold": 1.0}, "/body/threshold"),
        ({"party": {"names": ["A B"]}, "limit": 0}, "/body/limit"),
        ({"party": {"names": ["A\u0000B"]}}, "/body/party/names/0"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_asked(
    house: House, screener: FakeScreener, body: Any, pointer: str
) -> None:
    asking = await client(house, screener, "screenings:write")
    answer = await asking.post("/v1/screenings", json=body, headers=keyed())
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert screener.asked == []


async def test_without_a_key_nothing_is_screened(house: House, screener: FakeScreener) -> None:
    asking = await client(house, screener, "screenings:write")
    answer = await asking.post("/v1/screenings", json=BODY)
    assert (answer.status_code, screener.asked) == (422, [])


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (ScreenerDown(), 503, "SCREENER_DOWN"),
        (ScreeningRefused("LIST_UNKNOWN", "There is no such list."), 422, "LIST_UNKNOWN"),
    ],
)
async def test_troubles_are_problems(house: House, trouble: Exception, status: int, code: str) -> None:
    asking = await client(house, FakeScreener(trouble), "screenings:write")
    answer = await asking.post("/v1/screenings", json=BODY, headers=keyed())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    nobody = await client(house, None, "screenings:write")
    assert (await nobody.post("/match/default", json=MATCH)).json()["code"] == "SCREENER_DOWN"
    unknown = await client(house, FakeScreener(), "screenings:write")
    assert (await unknown.post("/match/default?algorithm=magic", json=MATCH)).json()["code"] == "ALGORITHM_UNKNOWN"


# --- The child --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def child(house: House, tmp_path: Path) -> AsyncIterator[ChildScreener]:
    settings = Settings(home=tmp_path / "home", database_url=house.url)
    create_missing_keys(settings.secrets_folder)
    approve_shipped(approved_models(settings), settings.secrets_folder)
    entities = tuple(
        Entity(
            id=f"{list_name}-1",
            schema="Person",
            caption=name,
            datasets=[list_name],
            properties={"name": [name], "birthDate": ["1970-01-02"]},
        )
        for list_name, name in (("house", "Ingrid Holmqvist"),)
    )
    async with await open_pool(house.url, "clearance_worker") as pool, service_transaction(pool) as connection:
        await put_into_force(connection, [WatchList("house", "v1", None, f"{1:064x}", entities)], datetime.now(UTC))
    screener = ChildScreener(settings, answer_seconds=120.0)
    yield screener
    await screener.close()


async def test_the_child_screens_stores_and_comes_back_when_it_dies(house: House, child: ChildScreener) -> None:
    keys = FileKeyProvider(Keyring(child.settings.secrets_folder).path(KeyName.MASTER))
    house.services = replace(house.services, keys=keys)
    asking = await client(house, child, "screenings:write", "screenings:read", "decisions:read")
    headers = keyed()
    answer = await asking.post("/v1/screenings", json=BODY, headers=headers)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["outcome"], [hit["entity_id"] for hit in told["hits"]]) == ("exact", ["house-1"])
    again = await asking.post("/v1/screenings", json=BODY, headers=headers)
    assert (again.status_code, again.json()) == (200, told)
    other = await asking.post("/v1/screenings", json={**BODY, "limit": 1}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await asking.get(f"/v1/screenings/{told['screening_id']}")).json() == told
    decision = (await asking.get(f"/v1/decisions/{told['hits'][0]['decision_id']}")).json()
    shares = {part["feature"]: part["delta"] for part in told["hits"][0]["contributions"]}
    assert decision["base_value"] == shares.pop("base")
    assert {part["feature"]: part["shap"] for part in decision["contributions"]} == shares
    assert decision["outcome"] == "exact"
    stranger = house.service(house.other, create_app(replace(house.services, screener=child)))
    assert (await stranger.get(f"/v1/screenings/{told['screening_id']}")).status_code in (403, 404)

    many = await asyncio.gather(*(asking.post("/match/default", json=MATCH) for _ in range(5)))
    assert {result["id"] for each in many for result in each.json()["responses"]["q1"]["results"]} == {"house-1"}
    process = await child._child()
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert (await asking.post("/match/house", json=MATCH)).status_code == 200
    assert (await asking.post("/match/nowhere", json=MATCH)).json()["code"] == "DATASET_UNKNOWN"
