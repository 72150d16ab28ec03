"""Lists fetched from a real HTTP server that behaves well, badly, slowly and not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from activities.watchlist_fetching import http_client
from activities.watchlist_sources import OFFICIAL, Source, SourcesUnusable, read_sources
from activities.watchlists import Update, WatchlistUpdater
from aml.screening.specimens import write_ofac, write_un
from store import watchlists
from store.connection import Pool, open_pool, role_conninfo, service_transaction, set_tenant
from store.tenants import create_tenant

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class Answer:
    """What the server says at one path. `cut` sends fewer bytes than it declares."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    times: int = 10**9
    """How often it is said before the path's next answer is."""


@dataclass
class ListServer:
    """An authority's server, scripted; `asked` are the request heads that it saw."""

    base: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def publish(self, path: str, body: bytes, etag: str | None = None, **options: Any) -> None:
        headers = {"ETag": f'"{etag}"'} if etag else {}
        self.answers[path] = [Answer(body, headers=headers | options.pop("headers", {}), **options)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        answer = self._answer(head.split()[1])
        etag = answer.headers.get("ETag")
        if etag and f"if-none-match: {etag}" in head.lower().replace(etag.lower(), etag):
            answer = Answer(status=304, headers={"ETag": etag})
        lines = [f"HTTP/1.1 {answer.status} X", "Connection: close"]
        if answer.status != 304:
            lines.append(f"Content-Length: {len(answer.body)}")
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body[: len(answer.body) - answer.cut])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def _answer(self, path: str) -> Answer:
        said = self.answers.get(path, [Answer(status=404)])
        said[0].times -= 1
        return said.pop(0) if said[0].times == 0 and len(said) > 1 else said[0]


@pytest.fixture
async def server() -> AsyncIterator[ListServer]:
    told = ListServer()
    listening = await asyncio.start_server(told.serve, "127.0.0.1", 0)
    told.base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield told


@dataclass
class House:
    """The updater on a real database, with the waits that it asked for."""

    updater: WatchlistUpdater
    pool: Pool
    url: str
    waits: list[float]
    now: list[datetime]

    async def update(self, source: Source, **options: Any) -> Update:
        return await self.updater.update(source, **options)

    async def in_force(self) -> dict[str, watchlists.ListVersion]:
        async with service_transaction(self.pool) as conn:
            return {version.list_name: version for version in await watchlists.latest_versions(conn)}


@pytest.fixture
async def house(database: Any) -> AsyncIterator[House]:
    async with _house(database.url) as made:
        yield made


@asynccontextmanager
async def _house(url: str) -> AsyncIterator[House]:
    waits: list[float] = []
    now = [NOW]

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with await open_pool(url, "clearance_worker") as pool, http_client() as client:
        yield House(WatchlistUpdater(pool, client, lambda: now[0], sleep), pool, url, waits, now)


def source(name: str, server: ListServer, **changes: Any) -> Source:
    (official,) = (each for each in OFFICIAL if each.name == name)
    return replace(official, **{"files": {file: f"{server.base}/{file}" for file in official.files}, **changes})


def publish_un(server: ListServer, folder: Path, seed: int, n: int, etag: str | None = None, **options: Any) -> bytes:
    write_un(folder / "un.xml", seed, n)
    body = (folder / "un.xml").read_bytes()
    server.publish("/un_consolidated.xml", body, etag, **options)
    return body


async def test_a_new_list_is_put_into_force_with_source_hashes_and_counts(
    house: House, server: ListServer, tmp_path: Path
) -> None:
    publish_un(server, tmp_path, 1, 60, etag="v1")
    done = await house.update(source("un_sc_sanctions", server))
    assert (done.outcome, done.detail) == ("new", "60 entities")
    version = (await house.in_force())["un_sc_sanctions"]
    assert version.checked_at == NOW
    assert version.source == f"{server.base}/un_consolidated.xml"
    assert version.counts["schema:Person"] + version.counts["schema:Organization"] == 60
    async with service_transaction(house.pool) as conn:
        hashes = await watchlists.record_hashes(conn, "un_sc_sanctions", version.sha256, _never)
    assert len(hashes) == 60


def _never(_: Any) -> str:
    raise AssertionError("every row has its hash")


async def test_an_unchanged_list_costs_a_condition_and_records_the_check(
    house: House, server: ListServer, tmp_path: Path
) -> None:
    publish_un(server, tmp_path, 1, 60, etag="v1")
    await house.update(source("un_sc_sanctions", server))
    house.now[0] = later = NOW + timedelta(hours=20)
    done = await house.update(source("un_sc_sanctions", server))
    assert (done.outcome, done.detail) == ("unchanged", "not modified")
    assert 'if-none-match: "v1"' in server.asked[-1].lower()
    assert (await house.in_force())["un_sc_sanctions"].checked_at == later
    house.now[0] = later = NOW + timedelta(hours=40)
    assert (await house.update(source("un_sc_sanctions", server))).detail == "not modified"
    assert (await house.in_force())["un_sc_sanctions"].checked_at == later


async def test_the_same_bytes_without_validators_are_no_new_version(
    house: House, server: ListServer, tmp_path: Path
) -> None:
    publish_un(server, tmp_path, 1, 60)
    assert (await house.update(source("un_sc_sanctions", server))).outcome == "new"
    assert (await house.update(source("un_sc_sanctions", server))).outcome == "unchanged"
    assert "if-none-match" not in server.asked[-1].lower()


async def test_a_part_that_changed_fetches_every_part_anew(house: House, server: ListServer, tmp_path: Path) -> None:
    write_ofac(tmp_path, 5, 300)
    for file in ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"):
        server.publish(f"/{file}", (tmp_path / file).read_bytes(), etag=f"{file}-1")
    assert (await house.update(source("us_ofac_sdn", server))).outcome == "new"
    for file, was, becomes in (("sdn.csv", b"SDGT", b"SDNT"), ("alt.csv", b"aka", b"fka")):
        server.publish(f"/{file}", (tmp_path / file).read_bytes().replace(was, becomes), etag=f"{file}-2")
    server.asked.clear()
    assert (await house.update(source("us_ofac_sdn", server))).outcome == "new"
    assert len(server.asked) == 6  # two new, two as they were, those two again without a condition
    assert (await house.update(source("us_ofac_sdn", server))).detail == "not modified"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda body: body[: len(body) // 2], "damaged or cut off"),
        (lambda body: b"<html><body>Maintenance</body></html>", "not the UN list"),
        (lambda body: b'<!DOCTYPE x [<!ENTITY a "b">]>' + body, "DOCTYPE|document type|line"),
    ],
)
async def test_a_bad_file_is_refused_and_the_old_version_stays(
    house: House, server: ListServer, tmp_path: Path, damage: Callable[[bytes], bytes], said: str
) -> None:
    body = publish_un(server, tmp_path, 1, 60, etag="v1")
    await house.update(source("un_sc_sanctions", server))
    before = (await house.in_force())["un_sc_sanctions"]
    server.publish("/un_consolidated.xml", damage(body), etag="v2")
    house.now[0] = NOW + timedelta(hours=20)
    done = await house.update(source("un_sc_sanctions", server))
    assert done.outcome == "refused"
    assert any(word in done.detail for word in said.split("|"))
    assert (await house.in_force())["un_sc_sanctions"] == before  # not even checked: it will go stale
    async with service_transaction(house.pool) as conn:
        assert (await watchlists.last_fetches(conn))["un_sc_sanctions"].outcome == "refused"


async def test_a_suddenly_smaller_list_is_refused_unless_a_person_accepts_it(
    house: House, server: ListServer, tmp_path: Path
) -> None:
    publish_un(server, tmp_path, 1, 100)
    await house.update(source("un_sc_sanctions", server))
    publish_un(server, tmp_path, 2, 79)
    done = await house.update(source("un_sc_sanctions", server))
    assert done.outcome == "refused"
    assert "79 records where version" in done.detail
    assert "--accept-smaller" in done.detail
    assert (await house.in_force())["un_sc_sanctions"].entity_count == 100
    assert (await house.update(source("un_sc_sanctions", server, largest_loss=0.25))).outcome == "new"
    publish_un(server, tmp_path, 3, 10)
    assert (await house.update(source("un_sc_sanctions", server), accept_smaller=True)).outcome == "new"


async def test_half_an_alias_file_is_noticed_although_every_entity_is_there(
    house: House, server: ListServer, tmp_path: Path
) -> None:
    write_ofac(tmp_path, 5, 600)
    for file in ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"):
        server.publish(f"/{file}", (tmp_path / file).read_bytes())
    assert (await house.update(source("us_ofac_sdn", server))).outcome == "new"
    lines = (tmp_path / "alt.csv").read_bytes().splitlines(keepends=True)
    server.publish("/alt.csv", b"".join(lines[: len(lines) // 2]))
    done = await house.update(source("us_ofac_sdn", server))
    assert done.outcome == "refused"
    assert "values of alias" in done.detail


async def test_a_busy_source_is_tried_again_when_it_says(house: House, server: ListServer, tmp_path: Path) -> None:
    body = publish_un(server, tmp_path, 1, 60)
    date = (NOW + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.answers["/un_consolidated.xml"] = [
        Answer(status=503, headers={"Retry-After": "7"}, times=1),
        Answer(status=429, headers={"Retry-After": date}, times=1),
        Answer(status=500, times=1),
        Answer(body, cut=100, times=1),
        Answer(body),
    ]
    assert (await house.update(source("un_sc_sanctions", server))).outcome == "new"
    assert house.waits == [7.0, 90.0, 4.0, 8.0]


async def test_a_source_that_stays_away_fails_and_says_so(house: House, server: ListServer) -> None:
    server.answers["/un_consolidated.xml"] = [Answer(status=503)]
    done = await house.update(source("un_sc_sanctions", server))
    assert (done.outcome, len(house.waits)) == ("failed", 4)
    assert "answered 503, 5 times" in done.detail
    server.answers["/un_consolidated.xml"] = [Answer(status=503, headers={"Retry-After": "86400"})]
    assert "wants to be left alone" in (await house.update(source("un_sc_sanctions", server))).detail
    server.answers["/un_consolidated.xml"] = [Answer(status=403)]
    assert "answered 403; check the address" in (await house.update(source("un_sc_sanctions", server))).detail


async def test_nobody_listening_is_a_failure_not_a_crash(house: House, server: ListServer) -> None:
    gone = source("un_sc_sanctions", server, files={"un_consolidated.xml": "http://127.0.0.1:9/x"})
    done = await house.update(gone)
    assert done.outcome == "failed"
    assert "ConnectError" in done.detail


async def test_a_list_larger_than_its_limit_is_refused(house: House, server: ListServer, tmp_path: Path) -> None:
    body = publish_un(server, tmp_path, 1, 60)
    done = await house.update(source("un_sc_sanctions", server, max_bytes=len(body) - 1))
    assert done.outcome == "refused"
    assert "raise `max_bytes`" in done.detail


async def test_a_new_version_asks_for_every_tenants_customers_once(
    house: House, server: ListServer, tmp_path: Path
) -> None:
    owner = role_conninfo(house.url, "clearance_owner")
    for _ in range(2):
        tenant_id = uuid4()
        async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as conn, conn.transaction():
            await set_tenant(conn, tenant_id)
            await create_tenant(conn, tenant_id, "House", "EU")
    publish_un(server, tmp_path, 1, 60, etag="v1")
    for _ in range(3):
        await house.update(source("un_sc_sanctions", server))
    with psycopg.connect(house.url) as conn_:
        kinds = conn_.execute("SELECT kind, count(DISTINCT tenant_id), count(*) FROM outbox GROUP BY kind").fetchall()
    assert kinds == [("rescreening", 2, 2)]


async def test_a_house_list_is_fetched_by_its_mapping(house: House, server: ListServer, tmp_path: Path) -> None:
    rows = "".join(f"{n},Avery Sample{n},1970-01-{n:02d};1971,DEU\n" for n in range(1, 8))
    server.publish("/staff.csv", b"no,full name,born,state\n" + rows.encode())
    config = tmp_path / "sources.json"
    config.write_text(
        '{"house": {"urls": {"staff.csv": "' + server.base + '/staff.csv"}, "table": {"id_column": "no", '
        '"columns": {"full name": "name", "born": "birthDate", "state": "nationality"}}}}'
    )
    known = read_sources(config)
    assert (await house.update(known["house"])).detail == "7 entities"
    version = (await house.in_force())["house"]
    async with service_transaction(house.pool) as conn:
        (entity,) = await watchlists.fetch_entities(conn, "house", version.sha256, ["3"])
    assert entity["properties"] == {
        "name": ["Avery Sample3"],
        "birthDate": ["1970-01-03", "1971"],
        "nationality": ["de"],
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "expected an object"),
        ("{", "not a JSON file"),
        ('{"house": {"urls": {"a.csv": "https://example.org/a"}}}', "needs one URL and a `table`"),
        ('{"un_sc_sanctions": {"urls": {"x.xml": "https://example.org/x"}}}', "needs exactly these files"),
        ('{"un_sc_sanctions": {"largest_loss": 2}}', "largest_loss"),
        ('{"un_sc_sanctions": {"url": "x"}}', "url: Extra inputs"),
        ('{"eu_fsf": {"table": {"id_column": "a", "columns": {"b": "name"}}}}', "leave `table` out"),
    ],
)
def test_a_file_of_sources_that_cannot_be_used_says_what_to_correct(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "sources.json").write_text(content)
    with pytest.raises(SourcesUnusable, match=said):
        read_sources(tmp_path / "sources.json")


def test_every_official_source_is_named_once_and_fetched_over_https() -> None:
    known = read_sources(None)
    assert len(known) == len(OFFICIAL)
    assert all(url.startswith("https://") for each in known.values() for url in each.files.values())
    daily = [each.list_name for each in known.values() if each.daily]
    assert {"us_ofac_sdn", "un_sc_sanctions", "eu_fsf"} <= set(daily)
    assert len(set(daily)) == len(daily)
