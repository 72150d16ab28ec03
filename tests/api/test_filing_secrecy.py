"""Nobody but filing officers can tell an investigation that a filing follows from one that none follows."""

import logging
import re
from typing import Any
from uuid import uuid4

import pytest

from api import identity
from store.filings import list_filings
from tests.api.house import House
from tests.api.pairing import Investigation, ask, differences, investigation

PAIRS = 500
"""A thousand requests."""


@pytest.fixture
async def about(house: House, monkeypatch: pytest.MonkeyPatch) -> Investigation:
    # An officer's state is remembered for two seconds: when a statement is spared would be a matter of the clock.
    monkeypatch.setattr(identity, "REMEMBERED_SECONDS", 0.0)
    made = await investigation(house)
    # The first answer of each kind fills caches, whatever there is.
    await ask(house, made.questions(60, seed=2))
    return made


def told(records: list[logging.LogRecord]) -> list[str]:
    """Log lines without what is each request's own."""
    return [re.sub(r"[0-9a-f-]{8,}|\d+(\.\d+)?", "#", record.getMessage()) for record in records]


async def test_a_thousand_requests_see_the_same_with_and_without_a_filing(
    about: Investigation, caplog: pytest.LogCaptureFixture
) -> None:
    questions = about.questions(PAIRS)
    with caplog.at_level(logging.INFO):
        without, _ = await ask(about.house, questions)
        lines = told(caplog.records)
        caplog.clear()
        await about.file()
        caplog.clear()
        with_filing, _ = await ask(about.house, questions)
    assert differences(questions, without, with_filing) == []
    assert told(caplog.records) == lines
    # The test looked at something: answers of all kinds, statements, and a filing that is really there.
    assert {200, 401, 404} <= {seen.status for seen in with_filing}
    assert sum(seen.statements for seen in with_filing) > PAIRS
    async with about.house.as_role("clearance_filing") as conn:
        assert [row.filing_id for row in await list_filings(conn)] == [about.filing_id]
    shown = await about.house.officer("filing_officer").get(f"/v1/filings/{about.filing_id}")
    assert shown.json()["status"] == "acknowledged"


async def test_a_filing_that_is_there_and_one_that_is_not_are_the_same_404(about: Investigation) -> None:
    await about.file()
    for role in ("analyst", "approver", "auditor", "administrator"):
        for path in ("", "/report", "/check", "/supplement", "/reports/1"):
            client = about.house.officer(role)
            there = await client.get(f"/v1/filings/{about.filing_id}{path}")
            absent = await client.get(f"/v1/filings/{uuid4()}{path}")
            assert there.status_code == absent.status_code == 404
            assert there.json()["code"] == absent.json()["code"] == "NOT_FOUND"
            assert there.json().keys() == absent.json().keys()


@pytest.mark.parametrize("leak", ["header", "statement", "byte"])
async def test_a_leak_is_seen(about: Investigation, leak: str) -> None:
    """The deliberate break: an API that shows a trace of the filing in its answers about the application."""
    filed = False

    def leaky(app: Any) -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            async def send_on(message: Any) -> None:
                if filed and scope["path"].startswith("/v1/applications/") and leak != "statement":
                    if message["type"] == "http.response.start" and leak == "header":
                        message = {**message, "headers": [*message["headers"], (b"x-case", b"1")]}
                    if message["type"] == "http.response.body" and leak == "byte":
                        message = {**message, "body": message["body"].replace(b'"state"', b'"State"')}
                await send(message)

            if filed and leak == "statement" and scope["path"].startswith("/v1/applications/"):
                async with about.house.services.pool.connection() as conn:
                    await conn.execute("SELECT 1")
            await app(scope, receive, send_on)

        return call

    questions = [("analyst", f"/v1/applications/{about.application_id}"), ("analyst", "/v1/cases")]
    without, _ = await ask(about.house, questions, leaky)
    filed = True
    await about.file()
    with_filing, _ = await ask(about.house, questions, leaky)
    assert [url for _, url, _, _ in differences(questions, without, with_filing)] == [questions[0][1]]
