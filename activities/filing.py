"""Drafting, recording and submitting filings: run by the filing worker alone, under the filing role and key."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from temporalio import activity

import jurisdictions
from activities.filing_case import CaseReader, Matter
from activities.gateways import Gateway
from activities.outcomes import OutcomeRow, open_outcome
from activities.recording import DecisionRecorder, data_key
from aml.reports.case import SarCase
from aml.reports.findings import problems
from aml.reports.formats import FORMATS
from aml.reports.party import Filer
from explain.record import Decision, DecisionKind, InputRef, canonical_json, sha256_hex
from jurisdictions.filing_trigger import FACTS, filing_facts, filing_trigger_table
from store import filings
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.decisions import register_features
from vault import contexts
from vault.keys import KeyProvider
from vault.standalone import open_standalone, seal_standalone
from workflows import messages as m
from workflows.steps import FilingSteps, RecordUnknown, StepMisused

FILER_NOT_CONFIGURED = "FILER_NOT_CONFIGURED"
FORMAT_NOT_HANDLED = "FORMAT_NOT_HANDLED"
REPORT_TOO_LONG = "REPORT_TOO_LONG"


@dataclass(frozen=True, slots=True)
class Draft:
    """A report with what stands against submitting it. Without a report there is no content."""

    content: bytes
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilingActivities(FilingSteps):
    """`inbox_key` opens outcomes, `keys` wrap the reports' data keys, `reader` opens the case, `recorder` keeps the
    decisions to file; `filers` says for whom a tenant files, `schemas` is the folder of the authorities' XSDs."""

    pool: Pool
    inbox_key: bytes
    keys: KeyProvider
    reader: CaseReader
    recorder: DecisionRecorder
    filers: Mapping[UUID, Filer]
    schemas: Path
    gateway: Gateway
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def draft_filing(self, filing: m.DraftFiling) -> m.FilingDrafted:
        as_of = self.clock()
        async with tenant_transaction(self.pool, filing.tenant_id) as conn:
            outcome = await self._outcome(conn, filing.filing_id)
            regime = jurisdictions.regime(outcome.regime, as_of.date())
            filer = self.filers.get(filing.tenant_id)
            case = None if filer is None else await self.reader.read(conn, outcome, filer, as_of.date())
            matter = await self.reader.matter(conn, outcome)
            key = await data_key(conn, self.reader.keys, filing.tenant_id, matter.subject_id)
        scope = m.Scope(filing.tenant_id, regime.code, regime.version, as_of)
        trigger = await self._trigger(scope, filing.filing_id, regime, outcome, matter)
        draft = await asyncio.to_thread(self._draft, case, regime.report_format.value)
        has_suspect = case is None or any(not subject.is_unknown for subject in case.subjects)
        row = filings.NewFiling(
            filing_id=filing.filing_id,
            tenant_id=filing.tenant_id,
            case_id=outcome.case_id,
            maker=outcome.maker,
            regime=regime.code,
            regime_version=regime.version,
            format=regime.report_format.value,
            sealed_report=await asyncio.to_thread(
                seal_report, self.keys, filing.tenant_id, filing.filing_id, draft.content
            ),
            report_sha256=sha256_hex(draft.content),
            valid=not draft.problems,
            problems=draft.problems,
            due_at=_end_of(regime.suspicion_due(outcome.detected_at.date(), has_suspect=has_suspect)),
            status="blocked" if draft.problems else "draft",
        )

        async with tenant_transaction(self.pool, filing.tenant_id) as conn:
            await self.recorder.append(conn, trigger, key, "filing_trigger", schema="filing")
            if not await filings.save_draft(conn, row) and filing.revision > 0:
                await filings.replace_draft(conn, row)
            kept = await filings.fetch_filing(conn, filing.filing_id)
        return m.FilingDrafted(
            filing_id=kept.filing_id,
            maker=kept.maker,
            valid=kept.valid,
            problems=kept.problems,
            due_at=kept.due_at,
            scope=scope,
        )

    @activity.defn
    async def record_filing_event(self, event: m.FilingEvent) -> None:
        # A returned filing is a draft to whoever looks at the list; that it is being drafted anew takes a moment.
        status = "draft" if event.status == "drafting" else event.status
        async with tenant_transaction(self.pool, event.scope.tenant_id) as conn:
            await filings.record_state(
                conn, event.scope.tenant_id, event.filing_id, event.revision, status, event.officer_id
            )

    @activity.defn
    async def submit_filing(self, filing: m.FilingRef) -> m.FilingSubmitted:
        tenant_id = filing.scope.tenant_id
        async with tenant_transaction(self.pool, tenant_id) as conn:
            row = await filings.fetch_filing(conn, filing.filing_id)
            earlier = await filings.fetch_submission(conn, filing.filing_id, filing.revision)
        if earlier is not None:
            return m.FilingSubmitted(filing.filing_id, earlier.sha256, earlier.reference)
        if not row.valid:
            raise StepMisused(f"filing {filing.filing_id} has problems and cannot be submitted")
        content = await asyncio.to_thread(open_report, self.keys, tenant_id, filing.filing_id, row.sealed_report)
        reference = await self.gateway.submit(f"{row.format}-{filing.filing_id}-{filing.revision}.xml", content)

        async with tenant_transaction(self.pool, tenant_id) as conn:
            kept = await filings.save_submission(
                conn, tenant_id, filing.filing_id, filing.revision, sha256_hex(content), reference
            )
        return m.FilingSubmitted(filing.filing_id, kept.sha256, kept.reference)

    async def _outcome(self, conn: Connection, filing_id: UUID) -> OutcomeRow:
        try:
            sealed = await filings.fetch_filing_payload(conn, filing_id)
        except filings.FilingUnknown as error:
            raise RecordUnknown(f"filing {filing_id}") from error
        return open_outcome(self.inbox_key, sealed, filing_id)

    async def _trigger(
        self, scope: m.Scope, filing_id: UUID, regime: jurisdictions.Regime, outcome: OutcomeRow, matter: Matter
    ) -> Decision:
        """Why this is filed, by the regime's table: required, or voluntary below its threshold."""
        table = filing_trigger_table(regime)
        facts = filing_facts(regime, outcome.disposition.value, matter.typologies, matter.amounts)
        await self.recorder.register_table(table)
        return self.recorder.by_table(
            scope,
            DecisionKind.FILING_TRIGGER,
            matter.subject_id,
            f"filing:{filing_id}",
            table,
            facts,
            (
                InputRef("outcome", sha256_hex(canonical_json(outcome))),
                *(InputRef(f"alert:{alert_id}", sha256_hex(sealed)) for alert_id, sealed in matter.evidence),
            ),
        )

    def _draft(self, case: SarCase | None, format_name: str) -> Draft:
        if case is None:
            return Draft(b"", (FILER_NOT_CONFIGURED,))
        report = FORMATS.get(format_name)
        if report is None:
            return Draft(b"", (FORMAT_NOT_HANDLED,))
        try:
            content = report.build(case)
        except ValueError:
            return Draft(b"", (REPORT_TOO_LONG,))
        return Draft(content, problems(report.validate(content, self.schemas)))


async def register_triggers(recorder: DecisionRecorder) -> None:
    """Keep every regime's table and its facts' names before there is any filing: these tables are shared, and a row
    that came with the first filing would tell of it."""
    for each in jurisdictions.versions():
        await recorder.register_table(filing_trigger_table(each))
    async with service_transaction(recorder.pool) as conn:
        await register_features(conn, FACTS)


def seal_report(keys: KeyProvider, tenant_id: UUID, filing_id: UUID, content: bytes) -> bytes:
    """A report under a data key of its own, which it carries wrapped."""
    return seal_standalone(keys, tenant_id, content, contexts.filing(filing_id))


def open_report(keys: KeyProvider, tenant_id: UUID, filing_id: UUID, sealed: bytes) -> bytes:
    """The report that `seal_report` sealed. Raises `vault.envelope.SealBroken`."""
    return open_standalone(keys, tenant_id, sealed, contexts.filing(filing_id))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)
