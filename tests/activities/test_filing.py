"""Filings from a confirmed case: drafted from what is sealed, kept back without a schema, submitted exactly once."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import psycopg
import pytest
from lxml import etree
from psycopg import sql
from temporalio.testing import ActivityEnvironment

from activities.filing import FilingActivities, open_report, register_triggers
from activities.filing_case import CaseReader, in_currency
from activities.filing_drafts import FILER_NOT_CONFIGURED, FORMAT_NOT_HANDLED
from activities.gateways import FolderGateway, NameTaken
from activities.readings import KeptReading
from activities.recording import DecisionRecorder
from aml.money import Money
from aml.reports.findings import SCHEMA_NOT_INSTALLED
from aml.reports.specimens import specimen_filer
from explain.record import DecisionKind, canonical_json
from explain.replay import replay
from kyc.document import DocumentReading, DocumentType, FieldReading
from store import cases, filings, subjects
from store.connection import Pool, open_pool, tenant_transaction
from store.decisions import fetch_decision, fetch_model
from store.filing_reasons import NewFilingReason, add_filing_reason
from store.readings import link_reading
from store.transactions import TransactionRow
from tests.activities.conftest import NOW, Office
from tests.activities.scenes import customer, raise_alert
from vault import contexts
from vault.envelope import new_data_key, open_sealed, seal
from vault.keys import FileKeyProvider
from workflows import messages as m
from workflows.steps import StepMisused

MAKER, SECOND, MLRO = uuid4(), uuid4(), uuid4()
SCHEMAS = Path(os.environ.get("CLEARANCE_SCHEMAS", Path(__file__).resolve().parents[3] / "shared" / "schemas"))
STATED = {
    "kind": "person",
    "surname": "Beispielsdottir",
    "given_names": "Grete",
    "birth_date": "1979-09-09",
    "nationality": "US",
    "country_of_residence": "US",
    "occupation": "self_employed",
    "address": {"street": "4 Lantern Road", "city": "Eastmoor", "postal_code": "22113", "country": "US"},
}


@dataclass
class FilingOffice:
    """The filing side's activities beside an office, and a confirmed case whose outcome has crossed."""

    office: Office
    activities: FilingActivities
    filing_id: UUID
    pool: Pool
    outbox: Path

    async def draft(self, revision: int = 0) -> m.FilingDrafted:
        message = m.DraftFiling(self.office.tenant_id, self.filing_id, revision)
        drafted: m.FilingDrafted = await self.office.run(self.activities.draft_filing, message, "filing-1")
        return drafted


@pytest.fixture
async def side(office: Office, tmp_path: Path) -> AsyncIterator[FilingOffice]:
    office.regime = "US"
    subject_id = await customer(office, STATED, ("A1",))
    alert_id = await raise_alert(office, ("A1", "STRANGER"), subject_id)
    scope = m.Scope(office.tenant_id, "US", "2026.1", NOW)
    request = m.OpenCase(scope, "alert", f"alert:{alert_id}", ("structuring",))
    opened = await office.run(office.cases.open_case, request)
    result = m.CaseResult(opened.case_id, m.Disposition.TRUE_POSITIVE, MAKER, SECOND)
    await office.run(office.cases.write_case_outcome, m.CaseClosed(scope, result))
    async with await open_pool(office.url, "clearance_filing") as pool:
        activities = FilingActivities(
            pool=pool,
            inbox_key=office.filing_private,
            keys=FileKeyProvider(tmp_path / "filing-master"),
            reader=CaseReader(office.keys),
            recorder=DecisionRecorder(pool, "test"),
            filers={office.tenant_id: specimen_filer()},
            schemas=SCHEMAS,
            gateway=lambda _: FolderGateway(tmp_path / "outbox"),
            clock=lambda: office.now[0],
        )
        yield FilingOffice(office, activities, uuid5(opened.case_id, "outcome"), pool, tmp_path / "outbox")


async def report(side: FilingOffice) -> bytes:
    async with tenant_transaction(side.pool, side.office.tenant_id) as conn:
        row = await filings.fetch_filing(conn, side.filing_id)
    return open_report(side.activities.keys, side.office.tenant_id, side.filing_id, row.sealed_report)


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_a_confirmed_case_becomes_a_valid_report(side: FilingOffice) -> None:
    drafted = await side.draft()
    assert drafted.problems == ()
    assert drafted.valid
    assert drafted.maker == MAKER
    content = (await report(side)).decode()
    for said in ("Beispielsdottir", "Grete", "Eastmoor", "19790909", "28500", "A1", "STRANGER"):
        assert said in content, said


async def test_a_second_run_of_the_draft_keeps_the_first_and_a_return_replaces_it(side: FilingOffice) -> None:
    first = await side.draft()
    kept = await report(side)
    assert await side.draft() == first
    assert await report(side) == kept
    side.activities = replace(side.activities, schemas=Path("/nonexistent"))
    again = await side.draft(revision=2)
    assert again.problems == (SCHEMA_NOT_INSTALLED,)
    assert not again.valid


async def test_without_the_schema_nothing_is_submitted(side: FilingOffice) -> None:
    side.activities = replace(side.activities, schemas=Path("/nonexistent"))
    drafted = await side.draft()
    assert (drafted.valid, drafted.problems) == (False, (SCHEMA_NOT_INSTALLED,))
    with pytest.raises(StepMisused):
        await side.office.run(side.activities.submit_filing, m.FilingRef(drafted.scope, side.filing_id, 2))
    assert not side.outbox.exists()


async def test_without_a_filer_or_a_known_format_the_draft_says_so(
    side: FilingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.activities = replace(side.activities, filers={})
    assert (await side.draft()).problems == (FILER_NOT_CONFIGURED,)
    side.activities = replace(side.activities, filers={side.office.tenant_id: specimen_filer()})
    monkeypatch.setattr("activities.filing_drafts.FORMATS", {})
    assert (await side.draft(revision=2)).problems == (FORMAT_NOT_HANDLED,)


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_an_approved_report_is_handed_over_exactly_once(side: FilingOffice) -> None:
    drafted = await side.draft()
    event = m.FilingEvent(drafted.scope, side.filing_id, 1, "drafted", "draft", at=NOW)
    await side.office.run(side.activities.record_filing_event, event)
    approve = replace(event, revision=2, action="approve", status="approved", officer_id=MLRO)
    await side.office.run(side.activities.record_filing_event, approve)
    await side.office.run(side.activities.record_filing_event, approve)
    reference = m.FilingRef(drafted.scope, side.filing_id, 2)
    first = await side.office.run(side.activities.submit_filing, reference)
    assert await side.office.run(side.activities.submit_filing, reference) == first
    (file,) = side.outbox.iterdir()
    assert file.name == first.reference
    assert file.read_bytes() == await report(side)
    async with tenant_transaction(side.pool, side.office.tenant_id) as conn:
        row = await filings.fetch_filing(conn, side.filing_id)
        events = await filings.fetch_filing_events(conn, side.filing_id)
    assert (row.status, row.reference) == ("approved", first.reference)
    assert [(e.revision, e.status, e.officer_id) for e in events] == [(1, "draft", None), (2, "approved", MLRO)]


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_the_officers_words_reach_the_narrative(side: FilingOffice) -> None:
    words = "The customer could not explain the deposits when asked."
    office, reason_id = side.office, uuid4()
    async with tenant_transaction(side.pool, office.tenant_id) as conn:
        (case,) = await cases.list_cases(conn)
    async with office.transaction() as conn:
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, case.subject_id))
    async with await open_pool(office.url, "clearance_api") as api, tenant_transaction(api, office.tenant_id) as conn:
        await cases.add_reason(
            conn,
            reason_id,
            seal(key, words.encode(), contexts.reason(reason_id)),
            "ab" * 32,
            tenant_id=office.tenant_id,
            case_id=case.case_id,
            officer_id=MAKER,
        )
    decide = m.CaseEvent(
        m.Scope(office.tenant_id, "US", "2026.1", NOW),
        case.case_id,
        1,
        "decide",
        "awaiting_approval",
        MAKER,
        MAKER,
        m.Disposition.TRUE_POSITIVE,
        reason_id,
        NOW,
    )
    await office.run(office.cases.record_case_event, decide)
    await side.draft()
    assert words in " ".join((await report(side)).decode().split())


async def test_the_gateway_never_overwrites_another_report(tmp_path: Path) -> None:
    gateway = FolderGateway(tmp_path)
    assert await gateway.submit("a.xml", b"one") == "a.xml"
    assert await gateway.submit("a.xml", b"one") == "a.xml"
    with pytest.raises(NameTaken):
        await gateway.submit("a.xml", b"two")
    assert (tmp_path / "a.xml").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]


async def test_why_it_is_filed_is_decided_explained_and_chained_once_and_apart(side: FilingOffice) -> None:
    await side.draft()
    await side.draft()
    await side.draft(revision=2)
    tenant_id = side.office.tenant_id
    async with tenant_transaction(side.pool, tenant_id) as conn:
        cursor = await conn.execute("SELECT decision_id FROM filing.decision")
        ((decision_id,),) = await cursor.fetchall()
        stored = await fetch_decision(conn, decision_id, schema="filing")
        cursor = await conn.execute("SELECT decision_id, size FROM filing.leaf")
        assert await cursor.fetchall() == [(decision_id, 1)]
        wrapped = await subjects.fetch_wrapped_key(conn, stored.subject_id)
        model = await fetch_model(conn, stored.model.sha256)
    assert (stored.kind, stored.outcome) == (DecisionKind.FILING_TRIGGER, "required")
    assert (stored.about, stored.key) == (f"filing:{side.filing_id}", "filing-1/filing_trigger")
    assert {rule.rule for rule in stored.rules} == {"SUSPICION_REPORTABLE", "EVASION_REPORTABLE"}
    assert [ref.name.split(":")[0] for ref in stored.inputs] == ["outcome", "alert"]
    opened = stored.reopen(
        open_sealed(
            side.office.keys.unwrap(tenant_id, wrapped), stored.sealed_evidence, contexts.decision_evidence(decision_id)
        )
    )
    values = {one.feature: one.value for one in opened.explanation.contributions}
    assert values == {
        "disposition": "true_positive",
        "amount_reached": True,
        "structuring": True,
        "typologies": "structuring",
        "regime": "US",
    }
    assert "USD 5,000" in opened.sentence
    assert replay(opened, model.content).identical
    async with side.office.transaction() as conn:  # the investigations' worker
        cursor = await conn.execute("SELECT count(*) FROM decision WHERE kind = 'filing_trigger'")
        assert await cursor.fetchone() == (0,)
    async with side.office.transaction() as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute("SELECT FROM filing.decision")


async def test_the_first_filing_leaves_no_trace_where_others_can_look(side: FilingOffice) -> None:
    async def shared() -> tuple[int, ...]:
        with psycopg.connect(side.office.url) as conn:
            tables = ("model", "feature_list", "decision", "leaf", "leaf_pending", "subject", "audit")
            return tuple(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)  # type: ignore[index]

    await register_triggers(side.activities.recorder)
    before = await shared()
    await side.draft()
    assert await shared() == before


async def test_a_case_without_a_filer_is_still_decided(side: FilingOffice) -> None:
    side.activities = replace(side.activities, filers={})
    await side.draft()
    async with tenant_transaction(side.pool, side.office.tenant_id) as conn:
        cursor = await conn.execute("SELECT outcome FROM filing.decision")
        assert await cursor.fetchall() == [("required",)]


# --- After the submission ---------------------------------------------------------------------------------------------

ACKNOWLEDGED = """<EFilingBatchXML xmlns="www.fincen.gov/base" StatusCode="{status}"><EFilingSubmissionXML>
<EFilingActivityXML SeqNum="1"><BSAID>{bsa_id}</BSAID><EFilingActivityErrorXML SeqNum="2">{error}
</EFilingActivityErrorXML></EFilingActivityXML></EFilingSubmissionXML></EFilingBatchXML>"""
WARNING = (
    "<ErrorContextText>x</ErrorContextText><ErrorElementNameText>RawCityText</ErrorElementNameText>"
    "<ErrorLevelText>WARN</ErrorLevelText><ErrorText>Which city?</ErrorText><ErrorTypeCode>B113</ErrorTypeCode>"
)
BSA_ID = "31000000000017"


async def submit(side: FilingOffice, report: int = 1) -> m.FilingSubmitted:
    request = m.FilingRef(m.Scope(side.office.tenant_id, "US", "1", NOW), side.filing_id, 2 * report, report)
    sent: m.FilingSubmitted = await side.office.run(side.activities.submit_filing, request)
    return sent


async def answer(side: FilingOffice, content: str | None, report: int = 1) -> m.FilingAnswer | None:
    if content is not None:
        folder = side.outbox / "acknowledgements"
        folder.mkdir(exist_ok=True)
        (folder / f"fincen_sar-{side.filing_id}-{report}.xml").write_text(content)
    reference = m.AnswerRef(m.Scope(side.office.tenant_id, "US", "1", NOW), side.filing_id, report)
    read: m.FilingAnswer | None = await side.office.run(side.activities.read_answer, reference)
    return read


def now_of(side: FilingOffice) -> datetime:
    """Submissions bear the database's time, so these tests live in the present."""
    side.office.now[0] = datetime.now(UTC)
    return side.office.now[0]


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_an_answer_is_read_once_kept_sealed_and_says_by_when_to_correct(side: FilingOffice) -> None:
    today = now_of(side).date()
    await side.draft()
    sent = await submit(side)
    assert sent.review_at is not None
    assert sent.continuing_due_at is not None
    assert (sent.continuing_due_at - sent.review_at).days == 30
    assert await answer(side, None) is None
    assert await answer(side, "<html>come back later</html>") is None
    read = await answer(side, ACKNOWLEDGED.format(status="A", bsa_id=BSA_ID, error=WARNING))
    due = datetime.combine(today + timedelta(days=31), datetime.min.time(), UTC)
    assert read == m.FilingAnswer(True, BSA_ID, ("B113",), due)
    assert await answer(side, ACKNOWLEDGED.format(status="A", bsa_id="0" * 14, error="")) == read
    async with tenant_transaction(side.pool, side.office.tenant_id) as conn:
        (kept,) = await filings.list_acknowledgements(conn, side.filing_id)
        assert (await filings.fetch_filing(conn, side.filing_id)).document_number == BSA_ID
    assert b"Which city" not in kept.sealed_findings


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_a_batch_that_was_not_taken_has_no_number_and_is_sent_again_as_the_next_report(
    side: FilingOffice,
) -> None:
    now_of(side)
    await side.draft()
    await submit(side)
    read = await answer(side, ACKNOWLEDGED.format(status="R", bsa_id="", error=WARNING))
    assert read is not None
    assert (read.accepted, read.document_number) == (False, None)
    again = m.DraftFiling(side.office.tenant_id, side.filing_id, 5, m.ReportRequest(2))
    assert (await side.office.run(side.activities.draft_filing, again, "filing-1")).submitted is None
    await submit(side, 2)
    assert sorted(path.name for path in side.outbox.glob("*.xml")) == [
        f"fincen_sar-{side.filing_id}-{number}.xml" for number in (1, 2)
    ]


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_after_a_reset_a_report_that_was_sent_is_found_sent(side: FilingOffice) -> None:
    await side.draft()
    sent = await submit(side)
    again = await side.draft()
    assert again.submitted == sent
    (file,) = side.outbox.glob("*.xml")
    assert file.name == sent.reference


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_a_continuing_report_says_what_happened_since_and_names_the_last_one(side: FilingOffice) -> None:
    now_of(side)
    await side.draft()
    await submit(side)
    await answer(side, ACKNOWLEDGED.format(status="A", bsa_id=BSA_ID, error=""))
    due = side.office.now[0] + timedelta(days=120)
    request = m.ReportRequest(2, m.ReportKind.CONTINUING, BSA_ID, SECOND, due_at=due)
    message = m.DraftFiling(side.office.tenant_id, side.filing_id, 7, request)
    reference = m.FilingRef(m.Scope(side.office.tenant_id, "US", "1", NOW), side.filing_id, 6)

    assert await side.office.run(side.activities.review_activity, reference) == m.ActivityReview(0)
    nothing = await side.office.run(side.activities.draft_filing, message, "filing-1")
    assert nothing.problems == ("NO_ACTIVITY_SINCE",)

    await raise_alert(side.office, ("A1",))
    assert await side.office.run(side.activities.review_activity, reference) == m.ActivityReview(1)
    drafted = await side.office.run(side.activities.draft_filing, message, "filing-1")
    assert (drafted.problems, drafted.maker, drafted.due_at) == ((), SECOND, due)
    root = etree.fromstring(await report(side))
    assert root.findtext(".//{*}EFilingPriorDocumentNumber") == BSA_ID
    assert root.findtext(".//{*}ContinuingActivityReportIndicator") == "Y"
    assert root.findtext(".//{*}TotalSuspiciousAmountText") == "28500"  # the new three deposits alone
    assert root.findtext(".//{*}CumulativeTotalViolationAmountText") == "57000"
    assert f"continues report {BSA_ID}" in (await report(side)).decode()
    # The first report is kept as it was sent.
    async with tenant_transaction(side.pool, side.office.tenant_id) as conn:
        (first,) = await filings.list_submissions(conn, side.filing_id)
    assert first.sealed_report is not None
    sent = open_report(side.activities.keys, side.office.tenant_id, side.filing_id, first.sealed_report)
    assert sha256(sent).hexdigest() == first.sha256
    assert b"InitialReportIndicator" in sent


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_a_correcting_report_says_what_an_officer_wants_corrected(side: FilingOffice) -> None:
    now_of(side)
    await side.draft()
    await submit(side)
    await answer(side, ACKNOWLEDGED.format(status="A", bsa_id=BSA_ID, error=WARNING))
    words, reason_id, key = b"The city of the subject was wrong", uuid4(), new_data_key()
    sealed = seal(key, words, contexts.reason(reason_id))
    wrapped = side.activities.keys.wrap(side.office.tenant_id, key)
    async with tenant_transaction(side.pool, side.office.tenant_id) as conn:
        reason = NewFilingReason(
            reason_id,
            side.office.tenant_id,
            side.filing_id,
            SECOND,
            "correct",
            5,
            wrapped,
            sealed,
            sha256(sealed).hexdigest(),
        )
        await add_filing_reason(conn, reason)
    request = m.ReportRequest(2, m.ReportKind.CORRECTING, BSA_ID, SECOND, sha256(sealed).hexdigest(), NOW)
    message = m.DraftFiling(side.office.tenant_id, side.filing_id, 7, request)
    assert (await side.office.run(side.activities.draft_filing, message, "filing-1")).problems == ()
    content = (await report(side)).decode()
    assert f"This report corrects report {BSA_ID}: The city of the subject was wrong." in content
    assert "CorrectsAmendsPriorReportIndicator" in content


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_an_event_of_another_run_is_not_lost(side: FilingOffice) -> None:
    drafted = await side.draft()
    old = m.FilingEvent(drafted.scope, side.filing_id, 1, "drafted", "draft", at=NOW)
    assert await side.office.run(side.activities.record_filing_event, old) == 1
    new = replace(old, at=NOW + timedelta(hours=1))  # the run after a reset drafts too, and counts from the beginning
    assert await side.office.run(side.activities.record_filing_event, new) == 2
    assert await side.office.run(side.activities.record_filing_event, new) == 2
    async with tenant_transaction(side.pool, side.office.tenant_id) as conn:
        events = await filings.fetch_filing_events(conn, side.filing_id)
    assert [(e.revision, e.action, e.at) for e in events] == [(1, "drafted", NOW), (2, "drafted", new.at)]


# --- The European Union -----------------------------------------------------------------------------------------------


async def identified(side: FilingOffice, subject_id: UUID, fields: dict[str, str]) -> None:
    """A passport that was read at onboarding, kept as the reading step keeps it."""
    office, document_id = side.office, uuid4()
    async with office.transaction() as conn:
        key = office.keys.unwrap(office.tenant_id, await subjects.fetch_wrapped_key(conn, subject_id))
        read = {name: FieldReading(value, "visual", 0.99) for name, value in fields.items()}
        reading = DocumentReading(
            type=DocumentType.TD3,
            country=fields["issuer"],
            mrz=None,
            fields=read,
            visual=read,
            barcode={},
            codes=(),
            captures=(),
            text_lines=(),
            portrait=None,
            faces=0,
            rotation=0,
            width=1,
            height=1,
        )
        kept = canonical_json(KeptReading(document_id, "ab" * 32, reading))
        digest = office.vault.put(office.tenant_id, key, kept)
    with psycopg.connect(office.url) as raw:
        raw.execute(
            "INSERT INTO document (document_id, tenant_id, application_id, subject_id, kind, position, sha256, "
            "media_type, size) SELECT %s, tenant_id, application_id, subject_id, 'document', 9, repeat('a', 64), "
            "'image/png', 1 FROM application WHERE subject_id = %s",
            (document_id, subject_id),
        )
    async with office.transaction() as conn:
        await link_reading(conn, document_id, digest)


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_a_customer_of_the_union_is_named_with_the_document_that_was_read(office: Office, tmp_path: Path) -> None:
    stated = {**STATED, "nationality": "DE", "country_of_residence": "DE"}
    subject_id = await customer(office, stated, ("E1",))
    alert_id = await raise_alert(office, ("E1", "STRANGER"), subject_id)
    scope = m.Scope(office.tenant_id, "EU", "1", NOW)
    opened = await office.run(office.cases.open_case, m.OpenCase(scope, "alert", f"alert:{alert_id}", ("structuring",)))
    result = m.CaseResult(opened.case_id, m.Disposition.TRUE_POSITIVE, MAKER, SECOND)
    await office.run(office.cases.write_case_outcome, m.CaseClosed(scope, result))
    async with await open_pool(office.url, "clearance_filing") as pool:
        activities = FilingActivities(
            pool=pool,
            inbox_key=office.filing_private,
            keys=FileKeyProvider(tmp_path / "filing-master"),
            reader=CaseReader(office.keys, office.vault),
            recorder=DecisionRecorder(pool, "test"),
            filers={office.tenant_id: specimen_filer()},
            schemas=SCHEMAS,
            gateway=lambda _: FolderGateway(tmp_path / "outbox"),
            clock=lambda: NOW,
        )
        side = FilingOffice(office, activities, uuid5(opened.case_id, "outcome"), pool, tmp_path / "outbox")
        assert (await side.draft()).problems == ("SCHEMA_VIOLATED", "IDENTIFICATION_NEEDED")
        read = {
            "number": "C01X00T47",
            "issuer": "D",
            "sex": "F",
            "issue_date": "2020-03-01",
            "expiry_date": "2030-02-28",
        }
        await identified(side, subject_id, read)
        assert (await side.draft(2)).problems == ()
        content = (await report(side)).decode()
    for said in (
        "<type>PASSP</type>",
        "C01X00T47",
        "2030-02-28",
        "<issue_country>DE<",
        "<gender>F</gender>",
        "Passport",
    ):
        assert said in content, said


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the authorities' schemas are not installed")
async def test_a_filings_whole_life_changes_no_row_that_others_can_read(side: FilingOffice) -> None:
    """Draft, submission, answer, review, correction: every table outside the filing schema stays as it was."""

    def outside() -> dict[str, str]:
        with psycopg.connect(side.office.url) as conn:
            names = conn.execute(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1"
            ).fetchall()
            digest = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
            tables = [name for (name,) in names]
            return {
                name: conn.execute(sql.SQL(digest).format(sql.Identifier(name))).fetchone()[0]  # type: ignore[index]
                for name in tables
            }

    now_of(side)
    await register_triggers(side.activities.recorder)
    before = outside()
    assert len(before) > 25
    await side.draft()
    await submit(side)
    await answer(side, ACKNOWLEDGED.format(status="A", bsa_id=BSA_ID, error=WARNING))
    reference = m.FilingRef(m.Scope(side.office.tenant_id, "US", "1", NOW), side.filing_id, 6)
    await side.office.run(side.activities.review_activity, reference)
    request = m.ReportRequest(2, m.ReportKind.CORRECTING, BSA_ID, SECOND)
    message = m.DraftFiling(side.office.tenant_id, side.filing_id, 7, request)
    assert (await side.office.run(side.activities.draft_filing, message, "filing-1")).problems == ()
    await submit(side, 2)
    await ActivityEnvironment().run(side.activities.find_duties)
    assert outside() == before


@pytest.mark.parametrize(
    ("currency", "booked", "expected"),
    [("EUR", "USD", "108 USD"), ("EUR", "GBP", "100 EUR"), ("EUR", None, "100 EUR"), ("USD", "EUR", "100 USD")],
)
def test_whether_to_file_looks_at_what_a_foreign_payment_was_booked_as(
    currency: str, booked: str | None, expected: str
) -> None:
    row = TransactionRow(
        uuid4(), "t", 1, uuid4(), NOW, "a", "b", Decimal(100), currency, bytes(32), uuid4(),
        details={"counter_value": ["108", booked]} if booked else None,
    )  # fmt: skip
    amount, _, of = expected.partition(" ")
    assert in_currency(row, "USD") == Money(Decimal(amount), of)
