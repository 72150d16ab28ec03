"""Applications: submitting one, seeing what became of it, contesting the outcome."""

import asyncio
from typing import Any, Literal, cast
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, NotFound, Principal, needs
from api.paging import After, Cursor, Limit, cursor
from api.permissions import Permission
from api.reasons import applicant_reasons
from api.schemas.applications import (
    ApplicationAccepted,
    ApplicationList,
    ApplicationOut,
    ApplicationRow,
    ContestAccepted,
    ContestIn,
    OfficerView,
    PersonIn,
    State,
)
from api.schemas.problems import FieldProblem, problem_responses
from api.services import Services
from api.subject_keys import new_subject_key, subject_key
from api.submission import (
    MAX_DOCUMENTS,
    MAX_REQUEST_BYTES,
    ApplicantRefused,
    ReceivedApplication,
    read_submission,
)
from jurisdictions import regime
from store.applications import (
    Application,
    NewApplication,
    NewDocument,
    fetch_application,
    find_submission,
    list_applications,
    submit_application,
)
from store.audit import record_read
from store.cases import cases_about
from store.connection import Connection, tenant_transaction
from store.contests import NewContest, open_contest
from store.customers import fetch_customer_of_application
from store.decisions import list_decisions
from store.outbox import NewOutbox
from store.tenants import fetch_tenant
from vault import contexts
from vault.envelope import seal
from workflows.messages import Kind, workflow_id

router = APIRouter(prefix="/v1/applications", tags=["applications"], route_class=GuardedRoute)

_SUBMISSION_BODY: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "Yours, stored with the application: the same request with it gets the same answer.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "example": "3f0b7f6e-3f57-4f43-9c0e-6f1f6c1f2a55",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["applicant", "documents"],
                    "properties": {
                        "applicant": {
                            "oneOf": [
                                {"$ref": "#/components/schemas/PersonIn"},
                                {"$ref": "#/components/schemas/OrganisationIn"},
                            ]
                        },
                        "documents": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_DOCUMENTS,
                            "items": {"type": "string", "format": "binary"},
                            "description": "JPEG, PNG, WebP, TIFF, GIF or PDF; each up to 10 MB and 50 megapixels.",
                        },
                        "selfie": {"type": "string", "format": "binary"},
                    },
                },
                "encoding": {"applicant": {"contentType": "application/json"}},
            }
        },
    },
}


@router.post(
    "",
    status_code=202,
    openapi_extra=needs(Permission.SUBMIT_APPLICATIONS, _SUBMISSION_BODY, max_bytes=MAX_REQUEST_BYTES),
    responses={
        202: {"headers": {"Location": {"description": "The application.", "schema": {"type": "string"}}}},
        **problem_responses([400, 413, 422]),
    },
    summary="Submit an application",
)
async def submit(
    request: Request, response: Response, principal: CurrentPrincipal, services: CurrentServices
) -> ApplicationAccepted:
    """The applicant as JSON, one to ten documents, perhaps a selfie.

    Once this answers, the application is stored and will be worked on, whatever else is down. Images are not opened
    here: what only decoding reveals is told in the application's state later. The same Idempotency-Key with the same
    content answers the same; with other content it is refused (422).
    """
    received = await read_submission(request, services.idempotency_key, services.clock().date())
    application_id = await _store(services, principal.tenant_id, received)
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        application = await _application(connection, application_id)
    response.headers["Location"] = _url(application_id)
    return ApplicationAccepted(
        application_id=application_id, url=_url(application_id), received_at=application.submitted_at
    )


def _url(application_id: UUID) -> str:
    return f"/v1/applications/{application_id}"


async def _store(services: Services, tenant_id: UUID, received: ReceivedApplication) -> UUID:
    """The application's id: a new one's, or that of the first time this was sent. Raises `IdempotencyConflict`.

    Vault first, rows second: a row never names an object that is not there, and an object without rows can never be
    opened, because its key was not kept.
    """
    async with tenant_transaction(services.pool, tenant_id) as connection:
        earlier = await find_submission(connection, tenant_id, received.idempotency_mac, received.request_digest)
        tenant = await fetch_tenant(connection, tenant_id)
    if earlier is not None:
        return earlier.application_id
    if tenant is None:
        raise NotFound
    _check_currency(received.applicant, regime(tenant.regime, services.clock().date()).currency)
    data_key, wrapped_key = await new_subject_key(services, tenant_id)
    await asyncio.gather(
        *(asyncio.to_thread(services.vault.put, tenant_id, data_key, upload.content) for upload in received.uploads)
    )
    application_id, outbox_id = uuid4(), uuid4()
    application = NewApplication(
        application_id=application_id,
        tenant_id=tenant_id,
        subject_id=uuid4(),
        applicant_kind=received.applicant.kind,
        sealed_applicant=seal(data_key, received.applicant_json, contexts.applicant(application_id)),
        idempotency_mac=received.idempotency_mac,
        request_digest=received.request_digest,
        regime=tenant.regime,
        wrapped_key=wrapped_key,
    )
    documents = [
        NewDocument(
            document_id=uuid4(),
            kind=upload.kind,
            position=upload.position,
            sha256=upload.sha256,
            media_type=upload.header.media_type,
            size=len(upload.content),
        )
        for upload in received.uploads
    ]
    outbox = NewOutbox(
        outbox_id=outbox_id,
        tenant_id=tenant_id,
        kind=Kind.ONBOARDING.value,
        workflow_id=workflow_id(Kind.ONBOARDING, outbox_id),
        payload={"application_id": str(application_id)},
    )
    async with tenant_transaction(services.pool, tenant_id) as connection:
        submission = await submit_application(connection, application, documents, outbox)
    return submission.application_id


def _check_currency(applicant: PersonIn, currency: str) -> None:
    stated = (
        ("monthly_income", applicant.monthly_income),
        ("expected_monthly_volume", applicant.expected_monthly_volume),
    )
    problems = [
        FieldProblem(pointer=f"/{name}/currency", detail=f"must be {currency}, the currency of your regime")
        for name, money in stated
        if money is not None and money.currency != currency
    ]
    if problems:
        raise ApplicantRefused(problems)


@router.get(
    "",
    openapi_extra=needs(Permission.READ_APPLICATIONS),
    responses=problem_responses([422]),
    summary="List applications",
)
async def list_all(
    principal: CurrentPrincipal,
    services: CurrentServices,
    state: State | None = None,
    limit: Limit = 50,
    after: After = None,
) -> ApplicationList:
    """Newest first. Nothing personal is in the list."""
    start = cursor(after)
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        applications = await list_applications(
            connection,
            state=state,
            limit=limit + 1,
            before=start.instant if start else None,
            before_id=start.row_id if start else None,
        )
        await record_read(connection, principal.actor, "list", "applications")
    page = applications[:limit]
    return ApplicationList(
        applications=[
            ApplicationRow(
                application_id=application.application_id,
                state=cast(State, application.state),
                outcome=_outcome_for(principal, application.outcome),
                received_at=application.submitted_at,
            )
            for application in page
        ],
        next=Cursor(page[-1].submitted_at, page[-1].application_id).encode() if len(applications) > limit else None,
    )


@router.get(
    "/{application_id}",
    openapi_extra=needs(Permission.READ_APPLICATIONS),
    responses=problem_responses([404, 422]),
    summary="What became of an application",
)
async def show(application_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> ApplicationOut:
    """State, outcome and the reasons that the applicant may be told. Audited.

    A caller who may read cases also sees the true outcome, the rules that fired, the decisions and the cases.
    """
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        application = await _application(connection, application_id)
        customer = await fetch_customer_of_application(connection, application_id)
        for_officers = await _for_officers(connection, application) if _sees_all(principal) else None
        await record_read(connection, principal.actor, "read", f"application:{application_id}")
    return ApplicationOut(
        application_id=application_id,
        state=cast(State, application.state),
        outcome=cast(Literal["approved", "rejected", "unreadable"] | None, _for_applicant(application.outcome)),
        reasons=applicant_reasons(application.state, application.outcome, application.reasons),
        received_at=application.submitted_at,
        updated_at=application.updated_at,
        customer_id=customer.customer_id if customer else None,
        for_officers=for_officers,
    )


@router.post(
    "/{application_id}/contest",
    status_code=202,
    openapi_extra=needs(Permission.SUBMIT_APPLICATIONS),
    responses=problem_responses([404, 409, 410, 422]),
    summary="Contest an outcome",
)
async def contest(
    application_id: UUID, body: ContestIn, response: Response, principal: CurrentPrincipal, services: CurrentServices
) -> ContestAccepted:
    """Opens a review by an officer who took no part in the outcome. The application is in review until then."""
    contest_id = uuid4()
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        application = await _application(connection, application_id)
        data_key = await subject_key(connection, services, principal.tenant_id, application.subject_id)
        await open_contest(
            connection,
            NewContest(
                contest_id=contest_id,
                tenant_id=principal.tenant_id,
                application_id=application_id,
                subject_id=application.subject_id,
                sealed_reason=seal(data_key, body.reason.encode(), contexts.contest(contest_id)),
            ),
            NewOutbox(
                outbox_id=contest_id,
                tenant_id=principal.tenant_id,
                kind=Kind.CONTEST.value,
                workflow_id=workflow_id(Kind.CONTEST, contest_id),
                payload={"application_id": str(application_id), "contest_id": str(contest_id)},
            ),
        )
    response.headers["Location"] = _url(application_id)
    return ContestAccepted(application_id=application_id, contest_id=contest_id)


async def _application(connection: Connection, application_id: UUID) -> Application:
    application = await fetch_application(connection, application_id)
    if application is None:
        raise NotFound
    return application


def _sees_all(principal: Principal) -> bool:
    return Permission.READ_CASES in principal.permissions


def _for_applicant(outcome: str | None) -> str | None:
    """A blocked applicant was not accepted; why is not theirs to know."""
    return "rejected" if outcome == "blocked" else outcome


def _outcome_for(principal: Principal, outcome: str | None) -> str | None:
    return outcome if _sees_all(principal) else _for_applicant(outcome)


async def _for_officers(connection: Connection, application: Application) -> OfficerView:
    about = f"application:{application.application_id}"
    decisions = await list_decisions(connection, about)
    cases = await cases_about(connection, about)
    return OfficerView(
        outcome=application.outcome,
        reasons=list(application.reasons),
        decisions=[decision.decision_id for decision in decisions],
        cases=[case.case_id for case in cases],
    )
