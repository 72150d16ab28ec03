"""One case as its readers see it: what the store gathers, opened under the person's key, in the API's own words.

Apart from the routes because the console shows the same; once a person is erased, everything but their data remains.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from api.auth import Principal
from api.routes.decisions import decision_row
from api.schemas.alerts import AlertRow
from api.schemas.cases import (
    CaseEventOut,
    CaseOut,
    CaseRow,
    ContestOut,
    DocumentOut,
    EvidenceOut,
    HitOut,
    Kind,
    RequestOut,
    Status,
)
from api.services import Services
from api.subject_keys import subject_key
from explain.record import DecisionKind
from store.alerts import Alert
from store.audit import record_read
from store.case_file import CaseFile, fetch_case_file
from store.cases import Case
from store.connection import Connection
from store.contests import Contest
from store.evidence import Evidence
from store.queue import QueueRow
from store.requests import ApplicantRequest
from store.subjects import SubjectErased
from vault import contexts
from vault.envelope import open_sealed
from workflows.messages import Disposition


async def read_case(
    connection: Connection, services: Services, principal: Principal, case_id: UUID
) -> tuple[CaseFile, bytes | None]:
    """The case file, and the person's data key unless erased. Audited. Raises `store.cases.CaseUnknown`."""
    file = await fetch_case_file(connection, case_id)
    await record_read(connection, principal.actor, "read", f"case:{case_id}")
    try:
        return file, await subject_key(connection, services, principal.tenant_id, file.case.subject_id)
    except SubjectErased:
        return file, None


def case_out(file: CaseFile, data_key: bytes | None, now: datetime) -> CaseOut:
    """All of it. Looks the same whether or not a filing follows."""
    case, application = file.case, file.application
    applicant = None
    if application is not None and data_key and application.subject_id == case.subject_id:
        context = contexts.applicant(application.application_id)
        applicant = json.loads(open_sealed(data_key, application.sealed_applicant, context))
    return CaseOut(
        **queue_row(case, now).model_dump(),
        matters=list(case.matters),
        accounts=list(case.accounts),
        regime=case.regime,
        regime_version=case.regime_version,
        excluded_officers=list(case.excluded_officers),
        disposition_code=case.disposition_code,
        reopenings=case.reopenings,
        application_id=application.application_id if application else None,
        decisions=[decision_row(decision) for decision in file.decisions],
        screening_hits=_hits(file, data_key),
        applicant=applicant,
        documents=[
            DocumentOut(
                document_id=document.document_id,
                kind=cast(Any, document.kind),
                media_type=document.media_type,
                pages=len(document.pages),
            )
            for document in file.documents
        ],
        contests=[_contest(contest, data_key) for contest in file.contests],
        alerts=[_alert(alert) for alert in file.alerts],
        related_alerts=[_alert(alert) for alert in file.related_alerts],
        earlier_cases=[queue_row(earlier, now) for earlier in file.earlier_cases],
        evidence=[evidence_out(evidence, data_key) for evidence in file.evidence],
        requests=[_request(request, data_key, now) for request in file.requests],
        history=_history(file, data_key),
    )


def queue_row(case: Case | QueueRow, now: datetime) -> CaseRow:
    """A case as the queue shows it."""
    return CaseRow(
        case_id=case.case_id,
        kind=cast(Kind, case.kind),
        about=case.about,
        status=cast(Status, case.status),
        revision=case.revision,
        risk=case.risk,
        reasons=list(case.reasons),
        due_at=case.due_at,
        seconds_left=int((case.due_at - now).total_seconds()),
        escalated=case.escalated,
        four_eyes=case.four_eyes,
        claimed_by=case.claimed_by,
        maker=case.maker,
        disposition=Disposition(case.disposition) if case.disposition else None,
        snoozed_until=case.snoozed_until,
        request_due_at=case.request_due_at,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
    )


def evidence_out(evidence: Evidence, data_key: bytes | None) -> EvidenceOut:
    name = None
    if data_key and evidence.sealed_file_name:
        context = contexts.file_name(evidence.evidence_id)
        name = open_sealed(data_key, evidence.sealed_file_name, context).decode()
    return EvidenceOut(
        evidence_id=evidence.evidence_id,
        sha256=evidence.sha256,
        media_type=evidence.media_type,
        size=evidence.size,
        file_name=name,
        officer_id=evidence.officer_id,
        request_id=evidence.request_id,
        pages=len(evidence.pages),
        problem=evidence.problem,
        uploaded_at=evidence.uploaded_at,
    )


def _hits(file: CaseFile, data_key: bytes | None) -> list[HitOut]:
    """The findings of the screening decisions on the case's own person."""
    hits: list[HitOut] = []
    for stored in file.decisions:
        if stored.kind is not DecisionKind.SCREENING or data_key is None or stored.subject_id != file.case.subject_id:
            continue
        context = contexts.decision_evidence(stored.decision_id)
        opened = stored.reopen(open_sealed(data_key, stored.sealed_evidence, context))
        hits += [
            HitOut(
                decision_id=stored.decision_id,
                rule=finding.rule,
                effect=finding.effect,
                citation=finding.citation,
                text=finding.text,
                values=dict(finding.values),
            )
            for finding in opened.findings
        ]
    return hits


def _alert(alert: Alert) -> AlertRow:
    return AlertRow(
        alert_id=alert.alert_id,
        decision_id=alert.decision_id,
        transaction_id=alert.transaction_id,
        typologies=list(alert.typologies),
        score=alert.score,
        created_at=alert.created_at,
        case_id=alert.case_id,
    )


def _contest(contest: Contest, data_key: bytes | None) -> ContestOut:
    context = contexts.contest(contest.contest_id)
    return ContestOut(
        contest_id=contest.contest_id,
        outcome=contest.outcome,
        reason=open_sealed(data_key, contest.sealed_reason, context).decode() if data_key else None,
        submitted_at=contest.submitted_at,
    )


def _request(request: ApplicantRequest, data_key: bytes | None, now: datetime) -> RequestOut:
    state: Literal["open", "answered", "expired", "ended"] = "open"
    if request.answered_at:
        state = "answered"
    elif request.expires_at <= now:
        state = "expired"
    elif request.ended_at:
        state = "ended"
    context = contexts.request_text(request.request_id)
    return RequestOut(
        request_id=request.request_id,
        officer_id=request.officer_id,
        text=open_sealed(data_key, request.sealed_text, context).decode() if data_key else None,
        state=state,
        expires_at=request.expires_at,
        created_at=request.created_at,
        answered_at=request.answered_at,
    )


def _history(file: CaseFile, data_key: bytes | None) -> list[CaseEventOut]:
    words: dict[UUID, str] = {}
    if data_key:
        words = dict(_words(file, data_key))
    return [
        CaseEventOut(
            revision=event.revision,
            action=event.action,
            status=event.status,
            officer_id=event.officer_id,
            disposition=event.disposition,
            reason=words.get(event.reason_id) if event.reason_id else None,
            assigned_to=event.claimed_by,
            code=event.code,
            until=event.until,
            item_id=event.item_id,
            at=event.at,
        )
        for event in file.events
    ]


def _words(file: CaseFile, data_key: bytes) -> Iterable[tuple[UUID, str]]:
    for reason in file.reasons:
        opened = open_sealed(data_key, reason.sealed_text, contexts.reason(reason.reason_id))
        yield reason.reason_id, opened.decode()
