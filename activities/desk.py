"""Closed cases opened again in the record, and files on cases made into pages. Repetition is harmless."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from temporalio import activity

import jurisdictions
from activities.decoding import decode
from activities.recording import data_key
from store import applications, cases
from store import evidence as files
from store.connection import Connection, Pool, tenant_transaction
from vault.keys import KeyProvider
from vault.objects import Vault
from workflows import messages as m
from workflows.steps import RecordUnknown, StepMisused
from workflows.steps_desk import DeskSteps


@dataclass(frozen=True, slots=True)
class DeskActivities(DeskSteps):
    """Writes cases and evidence under the worker's role."""

    pool: Pool
    vault: Vault
    keys: KeyProvider
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def admit_reopening(self, request: m.ReopeningInput) -> m.CaseReopened:
        async with tenant_transaction(self.pool, request.tenant_id) as conn:
            try:
                case = await cases.fetch_case(conn, request.case_id)
            except cases.CaseUnknown as error:
                raise RecordUnknown(f"case {request.case_id}") from error
            events = await cases.fetch_events(conn, request.case_id)
            done = [event for event in events if event.item_id == request.reopening_id and event.action == "reopen"]
            at = done[0].at if done else self.clock()
            regime = jurisdictions.regime(case.regime, at.date())
            before = _end([event for event in events if event.revision <= request.revision], case.case_id)
            by_two = regime.four_eyes.value.requires(case.kind, before.disposition)
            last_day = regime.case_due(case.kind, at.date())
            due_at = datetime.combine(last_day + timedelta(days=1), time(), UTC)
            if not done:
                if case.status != "closed" or case.revision != request.revision:
                    raise StepMisused(f"case {case.case_id} is not closed at revision {request.revision}")
                await cases.record_event(conn, _event(request, "reopening" if by_two else "open", at, due_at))
            application_id = await self._back_in_review(conn, case)
        return m.CaseReopened(
            scope=m.Scope(request.tenant_id, regime.code, regime.version, at),
            kind=case.kind,
            about=case.about,
            reasons=case.reasons,
            revision=request.revision + 1,
            due_at=due_at,
            four_eyes=tuple(chosen for chosen in m.Disposition if regime.four_eyes.value.requires(case.kind, chosen)),
            excluded_officers=case.excluded_officers,
            before=before,
            needs_approval=by_two,
            application_id=application_id,
        )

    async def _back_in_review(self, conn: Connection, case: cases.Case) -> UUID | None:
        kind, _, number = case.about.partition(":")
        if kind != "application":
            return None
        await applications.set_application_state(conn, UUID(number), "in_review")
        return UUID(number)

    @activity.defn
    async def decode_evidence(self, evidence: m.EvidenceRef) -> m.EvidenceDecoded:
        tenant_id, evidence_id = evidence.tenant_id, evidence.evidence_id
        async with tenant_transaction(self.pool, tenant_id) as conn:
            file = await files.fetch_evidence(conn, evidence_id)
            if file is None:
                raise RecordUnknown(f"evidence {evidence_id}")
            key = await data_key(conn, self.keys, tenant_id, file.subject_id)
        original = await asyncio.to_thread(self.vault.get, tenant_id, key, file.sha256)
        decoded = await decode(original)
        digests = [await asyncio.to_thread(self.vault.put, tenant_id, key, page) for page in decoded.pages]
        async with tenant_transaction(self.pool, tenant_id) as conn:
            for number, digest in enumerate(digests):
                await files.link_evidence_page(conn, tenant_id, evidence_id, number, digest)
            if decoded.problem:
                await files.note_problem(conn, evidence_id, decoded.problem)
        return m.EvidenceDecoded(evidence_id, len(digests), decoded.problem)


def _event(request: m.ReopeningInput, status: str, at: datetime, due_at: datetime) -> cases.CaseEventRow:
    return cases.CaseEventRow(
        tenant_id=request.tenant_id,
        case_id=request.case_id,
        revision=request.revision + 1,
        action=m.CaseAction.REOPEN.value,
        status=status,
        at=at,
        officer_id=request.officer_id,
        reason_id=request.reason_id,
        item_id=request.reopening_id,
        due_at=due_at,
    )


def _end(events: Sequence[cases.CaseEventRow], case_id: UUID) -> m.CaseResult:
    """How the case had ended, by its history."""
    closing = events[-1] if events else None
    if closing is not None and closing.action == m.CaseAction.RETURN and closing.maker and closing.disposition:
        return m.CaseResult(case_id, m.Disposition(closing.disposition), closing.maker, None)
    decided = [event for event in events if event.action == m.CaseAction.DECIDE]
    if closing is None or closing.status != "closed" or not decided:
        raise StepMisused(f"case {case_id} was not closed by a disposition")
    made = decided[-1]
    if made.disposition is None or made.officer_id is None:
        raise StepMisused(f"case {case_id} was decided by nobody")
    approver = closing.officer_id if closing.action == m.CaseAction.APPROVE else None
    return m.CaseResult(case_id, m.Disposition(made.disposition), made.officer_id, approver)
