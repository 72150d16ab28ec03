"""Cases in the store: opened or joined, every accepted action written once, and the outcome handed on sealed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4, uuid5

from temporalio import activity

import jurisdictions
from activities.applicants import fetch_known
from activities.outcomes import OutcomeRow, seal_outcome
from activities.recording import regime_of, step_key
from explain.record import DecisionKind
from store import alerts, applications, cases, decisions, evidence, filings, requests, screenings, webhooks
from store.connection import Connection, Pool, tenant_transaction
from workflows import messages as m
from workflows.steps import CaseSteps, CaseStillOpen, RecordUnknown, StepMisused

_TOLD = {
    m.CaseAction.REQUEST.value: webhooks.EventType.REQUESTED,
    "reminded": webhooks.EventType.REMINDED,
    "answered": webhooks.EventType.RECEIVED,
}
"""What an applicant's request has the tenant's own systems told."""

_RISK_OF_STRENGTH = {"possible": 50, "strong": 85, "exact": 100}
_UNRATED_RISK = 75
"""Of an application that nothing could rate, such as after an unreadable document: it counts as high."""


@dataclass(frozen=True, slots=True)
class CaseActivities(CaseSteps):
    """`filing_public_key` is the filing side's X25519 key: what is sealed to it cannot be read here again."""

    pool: Pool
    filing_public_key: bytes
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @activity.defn
    async def admit_contest(self, contest: m.ContestInput) -> m.OpenCase:
        about = f"application:{contest.application_id}"
        as_of = self.clock()
        async with tenant_transaction(self.pool, contest.tenant_id) as conn:
            row = await fetch_known(conn, contest.application_id)
            earlier = await cases.cases_about(conn, about)
            took_part = {
                event.officer_id
                for case in earlier
                for event in await cases.fetch_events(conn, case.case_id)
                if event.officer_id is not None
            }
        regime = jurisdictions.regime(row.regime, as_of.date())
        scope = m.Scope(contest.tenant_id, regime.code, regime.version, as_of)
        reasons = tuple(dict.fromkeys(("CONTESTED", *row.reasons)))
        return m.OpenCase(scope, "contest", about, reasons, tuple(sorted(took_part)))

    @activity.defn
    async def open_case(self, request: m.OpenCase) -> m.CaseOpened:
        scope = request.scope
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            subject_id, accounts = await self._parties(conn, request.about)
            joined = None
            if request.kind in ("alert", "screening"):
                await cases.lock_openings(conn, scope.tenant_id)
                joined = await self._joined(conn, request, subject_id, accounts)
            case_id = joined or await self._opened(conn, request, subject_id, accounts)
            case = await cases.fetch_case(conn, case_id)
            if request.kind in ("application", "contest") and case.status != "closed":
                application_id = UUID(request.about.removeprefix("application:"))
                await applications.set_application_state(conn, application_id, "in_review")
        four_eyes = regime_of(scope).four_eyes.value
        return m.CaseOpened(
            case_id=case.case_id,
            joined=joined is not None,
            due_at=case.due_at,
            four_eyes=tuple(chosen for chosen in m.Disposition if four_eyes.requires(case.kind, chosen)),
            excluded_officers=case.excluded_officers,
        )

    @activity.defn
    async def record_case_event(self, event: m.CaseEvent) -> int:
        async with tenant_transaction(self.pool, event.scope.tenant_id) as conn:
            row = _row(event, event.revision)
            if await cases.record_event(conn, row):
                await self._follow(conn, event)
                return event.revision
            earlier = await cases.fetch_events(conn, event.case_id)
            for known in earlier:
                if (known.action, known.officer_id, known.at) == (row.action, row.officer_id, row.at):
                    return known.revision
            # A run before a reset wrote this revision with another action: the record keeps both, in order.
            revision = max(known.revision for known in earlier) + 1
            await cases.record_event(conn, _row(event, revision))
            await self._follow(conn, event)
            return revision

    async def _follow(self, conn: Connection, event: m.CaseEvent) -> None:
        """What an action means for files and requests, in the transaction that records it."""
        at, item_id = event.at or self.clock(), event.detail.item_id if event.detail else None
        if event.action == m.CaseAction.ATTACH and item_id is not None:
            await evidence.attach_evidence(conn, [item_id], at)
        if event.action == m.CaseAction.REQUEST and item_id is not None:
            await requests.open_request(conn, item_id, at)
        if event.action in ("answered", "unanswered") or event.status == "closed":
            await requests.end_requests(conn, event.case_id, at)
        if event.action == "escalated":
            case = await cases.fetch_case(conn, event.case_id)
            tenant_id, due_at = event.scope.tenant_id, case.due_at
            await webhooks.announce_escalation(conn, tenant_id, event.case_id, event.revision, due_at)
        if (told := _TOLD.get(event.action)) is not None and item_id is not None:
            request = await requests.fetch_request(conn, item_id)
            if request is not None:
                await webhooks.announce(conn, event.scope.tenant_id, told, request.application_id, request.request_id)

    @activity.defn
    async def await_case(self, case: m.CaseRef) -> m.CaseResult:
        async with tenant_transaction(self.pool, case.scope.tenant_id) as conn:
            try:
                row = await cases.fetch_case(conn, case.case_id)
            except cases.CaseUnknown as error:
                raise RecordUnknown(f"case {case.case_id}") from error
            events = await cases.fetch_events(conn, case.case_id)
        if row.status != "closed" or row.disposition is None or row.maker is None:
            raise CaseStillOpen(f"case {case.case_id}")
        approver = events[-1].officer_id if events[-1].action == m.CaseAction.APPROVE else None
        return m.CaseResult(row.case_id, m.Disposition(row.disposition), row.maker, approver)

    @activity.defn
    async def write_case_outcome(self, closed: m.CaseClosed) -> None:
        scope, result = closed.scope, closed.result
        # Named after the case, so that a second run puts the same row in; and every outcome puts one in. A case opened
        # again that ends as it had ended asks for nothing new.
        changed = closed.reopening_id is not None and closed.before != result.disposition
        filing_id = uuid5(result.case_id, f"outcome/{closed.reopening_id}" if changed else "outcome")
        async with tenant_transaction(self.pool, scope.tenant_id) as conn:
            try:
                case = await cases.fetch_case(conn, result.case_id)
            except cases.CaseUnknown as error:
                raise RecordUnknown(f"case {result.case_id}") from error
            outcome = OutcomeRow(
                tenant_id=scope.tenant_id,
                case_id=result.case_id,
                disposition=result.disposition,
                maker=result.maker,
                approver=result.approver,
                regime=scope.regime,
                regime_version=scope.regime_version,
                detected_at=case.opened_at,
            )
            sealed = seal_outcome(self.filing_public_key, outcome, filing_id)
            await filings.enqueue_filing(conn, filing_id, scope.tenant_id, sealed)

    async def _parties(self, conn: Connection, about: str) -> tuple[UUID, tuple[str, ...]]:
        kind, _, number = about.partition(":")
        if kind == "application":
            return (await fetch_known(conn, UUID(number))).subject_id, ()
        if kind == "screening":
            return await self._screened(conn, UUID(number)), ()
        if kind != "alert":
            raise StepMisused(f"no case is about a {kind}")
        alert = await alerts.fetch_alert(conn, UUID(number))
        if alert is None:
            raise RecordUnknown(about)
        return alert.subject_id, alert.accounts

    async def _screened(self, conn: Connection, screening_id: UUID) -> UUID:
        try:
            return (await screenings.fetch_screening(conn, screening_id)).subject_id
        except screenings.ScreeningUnknown as error:
            raise RecordUnknown(f"screening {screening_id}") from error

    async def _joined(
        self, conn: Connection, request: m.OpenCase, subject_id: UUID, accounts: tuple[str, ...]
    ) -> UUID | None:
        """The open alert case of the same parties, which this matter joins; on a second run, the one it joined."""
        for earlier in await cases.cases_about(conn, request.about):
            return earlier.case_id if earlier.about != request.about else None
        # The tenant's own subject stands for everybody unknown, who have nothing in common.
        known = None if subject_id == request.scope.tenant_id else subject_id
        shared = await cases.find_open_case_sharing(conn, accounts=accounts, subject_id=known, kind=request.kind)
        if shared is None:
            return None
        await cases.join_case(
            conn,
            request.scope.tenant_id,
            shared.case_id,
            request.about,
            accounts,
            request.reasons,
            await self._risk(conn, request.about),
        )
        return shared.case_id

    async def _opened(self, conn: Connection, request: m.OpenCase, subject_id: UUID, accounts: tuple[str, ...]) -> UUID:
        scope, case_id = request.scope, uuid4()
        regime = regime_of(scope)
        last_day = regime.case_due(request.kind, scope.as_of.date())
        case = cases.NewCase(
            case_id=case_id,
            tenant_id=scope.tenant_id,
            kind=request.kind,
            about=request.about,
            subject_id=subject_id,
            workflow_id=m.case_workflow_id(case_id),
            reasons=request.reasons,
            regime=scope.regime,
            regime_version=scope.regime_version,
            due_at=datetime.combine(last_day + timedelta(days=1), time(), UTC),
            four_eyes=regime.four_eyes.value.applies(request.kind),
            accounts=accounts,
            excluded_officers=request.excluded_officers,
            risk=await self._risk(conn, request.about),
        )
        return await cases.open_case(conn, case, step_key("open_case"))

    async def _risk(self, conn: Connection, about: str) -> int:
        """0 to 100: of an alert its score; of an applicant the rating's, or that of the strongest watchlist hit."""
        kind, _, number = about.partition(":")
        if kind == "alert":
            alert = await alerts.fetch_alert(conn, UUID(number))
            return 0 if alert is None else _percent(alert.score)
        made = await decisions.list_decisions(conn, about)
        scores = [_percent(each.score) for each in made if each.kind is DecisionKind.ONBOARDING_RISK][-1:]
        strengths = [each.outcome for each in made if each.kind is DecisionKind.SCREENING][-1:]
        hits = [_RISK_OF_STRENGTH[strength] for strength in strengths if strength in _RISK_OF_STRENGTH]
        return max([*(scores or [_UNRATED_RISK]), *hits])


def _percent(score: float) -> int:
    return max(0, min(100, round(100 * score)))


def _row(event: m.CaseEvent, revision: int) -> cases.CaseEventRow:
    if event.at is None:
        raise StepMisused("an event without its instant")
    detail = event.detail or m.CaseDetail()
    return cases.CaseEventRow(
        tenant_id=event.scope.tenant_id,
        case_id=event.case_id,
        revision=revision,
        action=event.action,
        status=event.status,
        at=event.at,
        officer_id=event.officer_id,
        claimed_by=event.claimed_by,
        disposition=None if event.disposition is None else event.disposition.value,
        reason_id=event.reason_id,
        maker=event.maker,
        until=detail.until,
        item_id=detail.item_id,
        code=detail.code or None,
        snoozed_until=event.snoozed_until,
        request_id=event.request_id,
        request_due_at=event.request_due_at,
    )
