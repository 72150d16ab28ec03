"""One case with all that belongs to it, and what officers do about it: each form goes to the API's own function."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.auth import CurrentPrincipal, CurrentServices, Principal, needs
from api.console.explained import Explained, explained, to_open
from api.console.graph import Graph, Payment, Timeline, draw, timeline
from api.console.officers import colleagues, logins
from api.console.page import PageRoute, render
from api.console.reading import Read, open_reading
from api.permissions import Permission
from api.routes import alerts, cases, screenings
from api.schemas.alerts import AlertOut
from api.schemas.cases import CaseOut
from api.schemas.screenings import ScreeningOut
from api.services import Services
from store.connection import tenant_transaction
from store.subjects import SubjectErased
from store.transactions import fetch_transactions
from vault.objects import VaultObjectCorrupt, VaultObjectMissing
from workflows.messages import FalsePositiveReason, case_workflow_id
from workflows.review import ASKS_APPLICANT, DISPOSITIONS, LONGEST_REQUEST

router = APIRouter(prefix="/console/cases", include_in_schema=False, route_class=PageRoute)

MOST_DECISIONS = 8
MOST_ALERTS = 6
"""Shown in full on the page; the others are linked."""


@dataclass(frozen=True, slots=True)
class DocumentShown:
    """A document with its reading, or the reason why there is none to show."""

    document: Any
    read: Read | None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class AlertShown:
    """An alert with the payments that prove it, as picture, line and table."""

    alert: AlertOut
    hits: Sequence[Any]
    payments: tuple[Payment, ...]
    picture: Graph
    timeline: Timeline


@router.get("/{case_id}", openapi_extra=needs(Permission.READ_CASES))
async def show(
    case_id: UUID,
    request: Request,
    principal: CurrentPrincipal,
    services: CurrentServices,
    done: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The case. Every part of it that is read is audited as if it had been asked for by itself."""
    case = await cases.show(case_id, principal, services)
    alerts_shown = await _alerts(case, principal, services)
    explained_shown = await _explained(case, alerts_shown, principal, services)
    return render(
        request,
        "case.html",
        case=case,
        done=done,
        explained=explained_shown,
        documents=[await _document(each, principal, services) for each in case.documents],
        alerts=alerts_shown,
        more_alerts=len(case.alerts) - len(alerts_shown),
        screenings=await _screenings(case, principal, services),
        officers=await logins(_officers(case), principal, services),
        dispositions=[each for each in _DISPOSITION_ORDER if each in {d.value for d in DISPOSITIONS[case.kind]}],
        workflow=case_workflow_id(case_id),
        console=services.console,
        erased=_is_erased(case),
        done_words=_DONE,
        false_positive_reasons=[each.value for each in FalsePositiveReason],
        colleagues=await colleagues(principal, services) if Permission.ASSIGN_CASES in principal.permissions else [],
        asks_applicant=case.kind in ASKS_APPLICANT,
        latest_answer=(services.clock() + LONGEST_REQUEST).date(),
        face_words=_face(explained_shown),
        full=False,
    )


_DONE = {
    "claimed": "The case is yours.",
    "released": "The case is back in the queue.",
    "noted": "The note is kept.",
    "decided": "Decided: the case is closed.",
    "awaiting": "Decided: it waits for a second officer's approval.",
    "approved": "Approved: the case is closed.",
    "returned": "Returned to its maker.",
    "open_again": "Approved: the case is open again.",
    "assigned": "The case has another officer now.",
    "snoozed": "The case sleeps until then, or until something happens to it.",
    "reopened": "The case is being opened again. Where its disposition took two officers, a second one has to approve.",
    "attached": "The file is kept with the case. Its pages appear once it was decoded.",
}
"""What was done, told on the page that the form leads to."""

_FACES = {
    "match": "The comparison found the same face.",
    "unsure": "The comparison was not sure: look yourself.",
    "no_match": "The comparison found another face.",
    "not_checked": "The faces were not compared.",
}


def _face(shown: Sequence[Explained]) -> str:
    """What the comparison of portrait and selfie found: a fact of the outcome's decision, if it is here."""
    for each in shown:
        for contribution in each.decision.contributions:
            if each.decision.kind == "onboarding_outcome" and contribution.feature == "face":
                return _FACES.get(str(contribution.value), "")
    return ""


_DISPOSITION_ORDER = ("approve", "reject", "block", "true_positive", "false_positive", "inconclusive")


async def _explained(
    case: CaseOut, shown: Sequence[AlertShown], principal: Principal, services: Services
) -> list[Explained]:
    if Permission.READ_DECISIONS not in principal.permissions:
        return []
    triggers = {f"transaction:{each.alert.transaction_id}" for each in shown}
    rows = to_open(case.decisions, frozenset({*case.matters, *triggers}), MOST_DECISIONS)
    return [await explained(row.decision_id, principal, services) for row in rows]


async def _document(document: Any, principal: Principal, services: Services) -> DocumentShown:
    if document.kind != "document":
        return DocumentShown(document, None)
    try:
        read = await open_reading(document.document_id, principal, services)
    except SubjectErased:
        return DocumentShown(document, None, "erased")
    except (VaultObjectMissing, VaultObjectCorrupt):
        return DocumentShown(document, None, "damaged")
    except ValidationError:
        return DocumentShown(document, None, "unknown form")
    return DocumentShown(document, read, "" if read else "not read")


async def _alerts(case: CaseOut, principal: Principal, services: Services) -> list[AlertShown]:
    """The case's own alerts, those with the most typologies and the highest score first."""
    if Permission.READ_ALERTS not in principal.permissions:
        return []
    ranked = sorted(case.alerts, key=lambda row: (-len(row.typologies), -row.score, row.created_at))
    shown = []
    for row in ranked[:MOST_ALERTS]:
        alert = await alerts.show(row.alert_id, principal, services)
        async with tenant_transaction(services.pool, principal.tenant_id) as connection:
            stored = await fetch_transactions(connection, {alert.transaction_id, *alert.transactions})
        payments = tuple(
            Payment(
                each.transaction_id,
                each.booked_at,
                each.debtor_account,
                each.creditor_account,
                each.amount,
                each.currency,
            )
            for each in stored
        )
        own = {
            account
            for payment in payments
            if payment.transaction_id == alert.transaction_id
            for account in (payment.debtor, payment.creditor)
            if account in alert.accounts
        }
        shown.append(AlertShown(alert, _hits(alert), payments, draw(payments, own), timeline(payments, own)))
    return shown


async def _screenings(case: CaseOut, principal: Principal, services: Services) -> list[ScreeningOut]:
    """What customers were screened for again, each hit with its contributions."""
    if Permission.READ_SCREENINGS not in principal.permissions:
        return []
    ids = [UUID(matter.partition(":")[2]) for matter in case.matters if matter.startswith("screening:")]
    shown = []
    for screening_id in ids[:MOST_ALERTS]:
        with suppress(SubjectErased):
            shown.append(await screenings.show(screening_id, principal, services))
    return shown


def _hits(alert: AlertOut) -> Sequence[Any]:
    """The typologies that were found, in full; nothing once they are erased."""
    evidence = alert.evidence
    hits = evidence.get("hits", []) if isinstance(evidence, dict) else evidence
    return hits if isinstance(hits, list) else []


def _is_erased(case: CaseOut) -> bool:
    """Whether an application's person is gone: the case says so by not telling who it was."""
    return case.applicant is None and case.about.startswith("application:")


def _officers(case: CaseOut) -> list[UUID | None]:
    events = [officer for event in case.history for officer in (event.officer_id, event.assigned_to)]
    files = [file.officer_id for file in case.evidence]
    asked = [each.officer_id for each in case.requests]
    return [case.claimed_by, case.maker, *case.excluded_officers, *events, *files, *asked]
