"""Drafting, recording, submitting, reading answers: run by the filing worker alone, under the filing role and key."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter
from temporalio import activity

import jurisdictions
from activities.filing_case import CaseReader
from activities.filing_drafts import Draft, Earlier, Gathered, Gatherer, Rewriter, write
from activities.filing_duties import DutyReader
from activities.filing_matters import CashDuty, FilingMatter, FreezeDuty, open_matter, seal_duty
from activities.gateways import Gateway, GatewayRefused
from activities.outcomes import OutcomeRow
from activities.recording import DecisionRecorder, data_key
from aml.reports.acknowledgement import AcknowledgementUnreadable, parse_answer
from aml.reports.party import Filer
from aml.reports.supplement import NOTHING, Supplement
from explain.record import Decision, DecisionKind, canonical_json, sha256_hex
from jurisdictions.duty_triggers import CASH_FACTS, FREEZE_FACTS, cash_trigger_table, freeze_trigger_table
from jurisdictions.filing_trigger import FACTS, filing_trigger_table
from store import filings
from store.connection import Connection, Pool, service_transaction, tenant_transaction
from store.decisions import register_features
from store.filing_reasons import FilingReason, list_filing_reasons
from store.filing_supplements import fetch_supplement
from store.tenants import list_tenants
from vault import contexts
from vault.envelope import open_sealed
from vault.keys import KeyProvider
from vault.standalone import open_standalone, seal_standalone
from workflows import messages as m
from workflows.steps import FilingSteps, RecordUnknown, StepMisused

log = logging.getLogger(__name__)

_SUPPLEMENT = TypeAdapter(Supplement)
_EXTENSIONS = {"blocking_report": "json"}
_REVIEWED = m.FilingForm.SUSPICION


@dataclass(frozen=True, slots=True)
class FilingActivities(FilingSteps):
    """`inbox_key` opens what starts filings, `keys` wrap the reports' data keys, `reader` opens the case, `recorder`
    keeps the decisions to file; `filers` says for whom a tenant files and `gateway` where its reports go, `schemas` is
    the folder of the authorities' XSDs, `rewriter` says narratives in better words, where there is one."""

    pool: Pool
    inbox_key: bytes
    keys: KeyProvider
    reader: CaseReader
    recorder: DecisionRecorder
    filers: Mapping[UUID, Filer]
    schemas: Path
    gateway: Callable[[UUID], Gateway]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    rewriter: Rewriter | None = None

    # --- Drafting ----------------------------------------------------------------------------------------------------

    @activity.defn
    async def draft_filing(self, filing: m.DraftFiling) -> m.FilingDrafted:
        as_of, request = self.clock(), filing.report
        async with tenant_transaction(self.pool, filing.tenant_id) as conn:
            matter = await self._matter(conn, filing.filing_id)
            regime = jurisdictions.regime(matter.regime, as_of.date())
            scope = m.Scope(filing.tenant_id, regime.code, regime.version, as_of)
            earlier = await self._earlier(conn, filing.tenant_id, filing.filing_id, request)
            sent = next((each for each in earlier.submissions if each.report == request.number), None)
            if sent is not None:
                kept = await filings.fetch_filing(conn, filing.filing_id)
                return replace(_drafted(kept, scope), submitted=self._submitted(sent, kept, regime))
            filer = self.filers.get(filing.tenant_id)
            added = await self._added(conn, filing.tenant_id, filing.filing_id)
            gathered = await Gatherer(self.reader).gather(
                conn, matter, request, regime, filer, as_of.date(), added, earlier
            )
            key = await data_key(conn, self.reader.keys, filing.tenant_id, gathered.subject_id)
        trigger = await self._trigger(scope, filing.filing_id, gathered)
        draft = await asyncio.to_thread(write, gathered, request, regime, self.schemas, self.rewriter)
        row = await asyncio.to_thread(self._row, filing, matter, gathered, regime, draft, as_of)

        async with tenant_transaction(self.pool, filing.tenant_id) as conn:
            if request.number == 1:
                await self.recorder.append(conn, trigger, key, "filing_trigger", schema="filing")
            if not await filings.save_draft(conn, row) and (filing.revision > 0 or request.number > 1):
                await filings.replace_draft(conn, row)
            return _drafted(await filings.fetch_filing(conn, filing.filing_id), scope)

    def _row(
        self,
        filing: m.DraftFiling,
        matter: FilingMatter,
        gathered: Gathered,
        regime: jurisdictions.Regime,
        draft: Draft,
        as_of: datetime,
    ) -> filings.NewFiling:
        outcome = matter if isinstance(matter, OutcomeRow) else None
        request = filing.report
        first = request.kind is m.ReportKind.INITIAL
        return filings.NewFiling(
            filing_id=filing.filing_id,
            tenant_id=filing.tenant_id,
            case_id=None if outcome is None else outcome.case_id,
            maker=request.asked_by or (None if outcome is None else outcome.maker),
            regime=regime.code,
            regime_version=regime.version,
            format=gathered.format,
            sealed_report=seal_report(self.keys, filing.tenant_id, filing.filing_id, draft.content),
            report_sha256=sha256_hex(draft.content),
            valid=not draft.problems,
            problems=draft.problems,
            due_at=request.due_at or _end_of(gathered.due_on),
            status="blocked" if draft.problems else "draft",
            form=gathered.form.value,
            kind=request.kind.value,
            report=request.number,
            since=matter.since if first else as_of,
            sealed_findings=self._seal(filing.tenant_id, filing.filing_id, "findings", canonical_json(draft.findings)),
        )

    async def _matter(self, conn: Connection, filing_id: UUID) -> FilingMatter:
        try:
            sealed = await filings.fetch_filing_payload(conn, filing_id)
        except filings.FilingUnknown as error:
            raise RecordUnknown(f"filing {filing_id}") from error
        return open_matter(self.inbox_key, sealed, filing_id)

    async def _earlier(self, conn: Connection, tenant_id: UUID, filing_id: UUID, request: m.ReportRequest) -> Earlier:
        submissions = tuple(await filings.list_submissions(conn, filing_id))
        if not submissions:
            return Earlier()
        earlier = Earlier(submissions, tuple(await filings.list_acknowledgements(conn, filing_id)))
        taken = earlier.taken()
        sealed = taken[-1].sealed_report if taken else None
        last = None if sealed is None else await asyncio.to_thread(open_report, self.keys, tenant_id, filing_id, sealed)
        correcting = request.kind is m.ReportKind.CORRECTING
        words = await self._words(conn, tenant_id, filing_id, request.reason_sha256) if correcting else None
        return replace(earlier, last_taken=last, correction=words)

    async def _words(self, conn: Connection, tenant_id: UUID, filing_id: UUID, sha256: str) -> str | None:
        """An officer's sealed words, known by their digest."""
        for reason in await list_filing_reasons(conn, filing_id):
            if reason.sha256 == sha256:
                return (await asyncio.to_thread(self._open_reason, tenant_id, reason)).decode()
        return None

    def _open_reason(self, tenant_id: UUID, reason: FilingReason) -> bytes:
        key = self.keys.unwrap(tenant_id, reason.wrapped_key)
        return open_sealed(key, reason.sealed_text, contexts.reason(reason.reason_id))

    async def _added(self, conn: Connection, tenant_id: UUID, filing_id: UUID) -> Supplement:
        sealed = await fetch_supplement(conn, filing_id)
        if sealed is None:
            return NOTHING
        context = contexts.filing_part(filing_id, "supplement")
        return _SUPPLEMENT.validate_json(
            await asyncio.to_thread(open_standalone, self.keys, tenant_id, sealed, context)
        )

    async def _trigger(self, scope: m.Scope, filing_id: UUID, gathered: Gathered) -> Decision:
        """Why this is filed, by the regime's table."""
        await self.recorder.register_table(gathered.trigger.table)
        return self.recorder.by_table(
            scope,
            DecisionKind.FILING_TRIGGER,
            gathered.subject_id,
            f"filing:{filing_id}",
            gathered.trigger.table,
            dict(gathered.trigger.facts),
            gathered.trigger.inputs,
        )

    # --- Recording and submitting ------------------------------------------------------------------------------------

    @activity.defn
    async def record_filing_event(self, event: m.FilingEvent) -> int:
        if event.at is None:
            raise StepMisused("an event without its instant")
        # A returned filing is a draft to whoever looks at the list; that it is being drafted anew takes a moment.
        status = "draft" if event.status == "drafting" else event.status
        row = filings.NewFilingEvent(
            event.scope.tenant_id,
            event.filing_id,
            event.revision,
            event.action,
            status,
            event.at,
            event.officer_id,
            event.report,
        )
        async with tenant_transaction(self.pool, event.scope.tenant_id) as conn:
            if await filings.record_event(conn, row):
                return event.revision
            known = await filings.fetch_filing_events(conn, event.filing_id)
            for each in known:
                if (each.action, each.officer_id, each.at) == (row.action, row.officer_id, row.at):
                    return each.revision
            # A run before a reset wrote this revision with another action: the record keeps both, in order.
            revision = max(each.revision for each in known) + 1
            await filings.record_event(conn, replace(row, revision=revision))
            return revision

    @activity.defn
    async def submit_filing(self, filing: m.FilingRef) -> m.FilingSubmitted:
        tenant_id = filing.scope.tenant_id
        async with tenant_transaction(self.pool, tenant_id) as conn:
            row = await filings.fetch_filing(conn, filing.filing_id)
            earlier = await filings.fetch_submission(conn, filing.filing_id, filing.report)
        regime = jurisdictions.regime(row.regime, self.clock().date())
        if earlier is not None:
            return self._submitted(earlier, row, regime)
        if not row.valid:
            raise StepMisused(f"filing {filing.filing_id} has problems and cannot be submitted")
        if row.report != filing.report:
            raise StepMisused(f"filing {filing.filing_id} stands at report {row.report}, not {filing.report}")
        content = await asyncio.to_thread(open_report, self.keys, tenant_id, filing.filing_id, row.sealed_report)
        reference = await self.gateway(tenant_id).submit(report_name(row.format, row.filing_id, filing.report), content)
        submission = filings.NewSubmission(
            tenant_id=tenant_id,
            filing_id=filing.filing_id,
            revision=filing.revision,
            report=filing.report,
            kind=row.kind,
            sha256=sha256_hex(content),
            reference=reference,
            sealed_report=row.sealed_report,
        )
        async with tenant_transaction(self.pool, tenant_id) as conn:
            kept = await filings.save_submission(conn, submission)
        return self._submitted(kept, row, regime)

    def _submitted(
        self, sent: filings.FilingSubmission, row: filings.Filing, regime: jurisdictions.Regime
    ) -> m.FilingSubmitted:
        reviewed, day = row.form == _REVIEWED, sent.submitted_at.date()
        return m.FilingSubmitted(
            filing_id=sent.filing_id,
            sha256=sent.sha256,
            reference=sent.reference,
            submitted_at=sent.submitted_at,
            review_at=_end_of(regime.review_due(day)) if reviewed else None,
            continuing_due_at=_end_of(regime.continuing_due(day)) if reviewed else None,
        )

    # --- Answers -----------------------------------------------------------------------------------------------------

    @activity.defn
    async def read_answer(self, answer: m.AnswerRef) -> m.FilingAnswer | None:
        tenant_id = answer.scope.tenant_id
        async with tenant_transaction(self.pool, tenant_id) as conn:
            row = await filings.fetch_filing(conn, answer.filing_id)
            sent = await filings.fetch_submission(conn, answer.filing_id, answer.report)
            known = await filings.list_acknowledgements(conn, answer.filing_id)
            words = await self._words(conn, tenant_id, answer.filing_id, answer.sha256) if answer.sha256 else None
        regime = jurisdictions.regime(row.regime, self.clock().date())
        for each in known:
            if each.report == answer.report:
                return _answer(each, regime)
        if sent is None:
            raise StepMisused(f"report {answer.report} of filing {answer.filing_id} was never submitted")
        came = words.encode() if words is not None else await self._collect(tenant_id, row, answer)
        if came is None:
            return None
        sealed = sent.sealed_report or row.sealed_report
        report = await asyncio.to_thread(open_report, self.keys, tenant_id, answer.filing_id, sealed)
        try:
            read = parse_answer(came, report)
        except AcknowledgementUnreadable as error:
            log.warning("an answer to report %d of filing %s is not readable: %s", answer.report, row.filing_id, error)
            return None
        kept = filings.Acknowledgement(
            report=answer.report,
            accepted=read.accepted,
            document_number=read.number,
            problems=tuple(dict.fromkeys(finding.rule for finding in read.findings)),
            sealed_answer=self._seal(tenant_id, answer.filing_id, "answer", came),
            sealed_findings=self._seal(tenant_id, answer.filing_id, "findings", canonical_json(read.findings)),
            received_at=self.clock(),
        )
        async with tenant_transaction(self.pool, tenant_id) as conn:
            await filings.save_acknowledgement(conn, tenant_id, answer.filing_id, kept)
        return _answer(kept, regime)

    async def _collect(self, tenant_id: UUID, row: filings.Filing, answer: m.AnswerRef) -> bytes | None:
        """From the gateway. One that does not answer is asked again later: an officer may hand the answer in."""
        name = report_name(row.format, row.filing_id, answer.report)
        try:
            return await self.gateway(tenant_id).collect(name)
        except (OSError, GatewayRefused) as error:
            log.warning("the gateway gave no answer to report %d of filing %s: %s", answer.report, row.filing_id, error)
            return None

    @activity.defn
    async def review_activity(self, filing: m.FilingRef) -> m.ActivityReview:
        async with tenant_transaction(self.pool, filing.scope.tenant_id) as conn:
            matter = await self._matter(conn, filing.filing_id)
            earlier = Earlier(
                tuple(await filings.list_submissions(conn, filing.filing_id)),
                tuple(await filings.list_acknowledgements(conn, filing.filing_id)),
            )
            taken = earlier.taken()
            if not isinstance(matter, OutcomeRow) or not taken:
                raise StepMisused(f"filing {filing.filing_id} reported no activity that could go on")
            alerts = await self.reader.alerts_since(conn, matter, taken[-1].submitted_at)
            await filings.record_new_alerts(conn, filing.filing_id, alerts)
        return m.ActivityReview(alerts)

    # --- Duties ------------------------------------------------------------------------------------------------------

    @activity.defn
    async def find_duties(self) -> m.DutiesFound:
        now, duties = self.clock(), DutyReader(self.reader)
        threshold = blocking = 0
        async with service_transaction(self.pool) as conn:
            tenants = await list_tenants(conn)
        for tenant in tenants:
            async with tenant_transaction(self.pool, tenant.tenant_id) as conn:
                filer = self.filers.get(tenant.tenant_id)
                cash = [] if filer is None else await duties.cash_duties(conn, tenant, filer, now)
                frozen = await duties.freeze_duties(conn, tenant, now)
                owed: list[CashDuty | FreezeDuty] = [*cash, *frozen]
                for found in owed:
                    new = await filings.enqueue_duty(
                        conn, found.filing_id, tenant.tenant_id, seal_duty(self.inbox_key, found)
                    )
                    threshold += new and isinstance(found, CashDuty)
                    blocking += new and isinstance(found, FreezeDuty)
        return m.DutiesFound(threshold, blocking)

    def _seal(self, tenant_id: UUID, filing_id: UUID, part: str, content: bytes) -> bytes:
        return seal_standalone(self.keys, tenant_id, content, contexts.filing_part(filing_id, part))


async def register_triggers(recorder: DecisionRecorder) -> None:
    """Keep every regime's tables and their facts' names before there is any filing: these tables are shared, and a row
    that came with the first filing would tell of it."""
    for each in jurisdictions.versions():
        for table in (filing_trigger_table(each), cash_trigger_table(each), freeze_trigger_table(each)):
            await recorder.register_table(table)
    async with service_transaction(recorder.pool) as conn:
        for facts in (FACTS, CASH_FACTS, FREEZE_FACTS):
            await register_features(conn, facts)


def report_name(format_name: str, filing_id: UUID, report: int) -> str:
    """What a report is called at the gateway: the same for every attempt, so that it is there once."""
    return f"{format_name}-{filing_id}-{report}.{_EXTENSIONS.get(format_name, 'xml')}"


def seal_report(keys: KeyProvider, tenant_id: UUID, filing_id: UUID, content: bytes) -> bytes:
    """A report under a data key of its own, which it carries wrapped."""
    return seal_standalone(keys, tenant_id, content, contexts.filing(filing_id))


def open_report(keys: KeyProvider, tenant_id: UUID, filing_id: UUID, sealed: bytes) -> bytes:
    """The report that `seal_report` sealed. Raises `vault.envelope.SealBroken`."""
    return open_standalone(keys, tenant_id, sealed, contexts.filing(filing_id))


def _drafted(kept: filings.Filing, scope: m.Scope) -> m.FilingDrafted:
    return m.FilingDrafted(
        filing_id=kept.filing_id,
        maker=kept.maker,
        valid=kept.valid,
        problems=kept.problems,
        due_at=kept.due_at,
        scope=scope,
        since=kept.since,
        form=m.FilingForm(kept.form),
    )


def _answer(kept: filings.Acknowledgement, regime: jurisdictions.Regime) -> m.FilingAnswer:
    due = _end_of(regime.correction_due(kept.received_at.date())) if kept.accepted and kept.problems else None
    return m.FilingAnswer(kept.accepted, kept.document_number, kept.problems, due)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)
