"""Every error as a problem (RFC 9457), through one table: what the API answers when something cannot be done."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from aml.reports.acknowledgement import AcknowledgementUnreadable
from api.auth import NotAuthenticated, NotFound, NotPermitted
from api.officers import ActionRefused, ActionUnanswered, WorkflowEnded
from api.oidc import ProviderUnfit
from api.problems import problem_response, problem_type
from api.routes.accounts import CustomerUnknown
from api.routes.filings import NotDrafted
from api.routes.officers import IssuerTaken, LoginTaken, OwnAccount
from api.routes.proofs import ReceiptsNotSigned
from api.routes.tokens import TooManyAttempts
from api.routes.transactions import RowRefused
from api.services import (
    EngineRebuilding,
    EngineSilent,
    ExplainerDown,
    OutwardFailed,
    ScreenerDown,
    ScreeningRefused,
    TemporalDown,
)
from api.submission import (
    ApplicantRefused,
    DocumentRefused,
    OrganisationNotHandled,
    RequestMalformed,
    field_problems,
)
from store.applications import IdempotencyConflict
from store.cases import CaseUnknown
from store.contests import NotContestable
from store.customers import AccountTaken
from store.decisions import DecisionUnknown
from store.filings import FilingUnknown
from store.ledger_export import NotYetProvable
from store.requests import RequestUnknown
from store.subjects import SubjectErased
from vault.objects import VaultObjectCorrupt, VaultObjectMissing

log = logging.getLogger(__name__)

_RETRY = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class Kind:
    """How one class of error is told. `detail` and `more` read the error; without them it stays unnamed."""

    status: HTTPStatus
    code: str | Callable[[Any], str]
    title: str
    detail: str | Callable[[Any], str]
    more: Callable[[Any], Mapping[str, Any]] = field(default=lambda _: {})
    headers: Mapping[str, str] = field(default_factory=dict)


_NOT_FOUND = Kind(
    HTTPStatus.NOT_FOUND,
    "NOT_FOUND",
    "Not found",
    "There is nothing here under this address. Check the id; it may belong to another tenant.",
)

PROBLEMS: dict[type[Exception], Kind] = {
    NotAuthenticated: Kind(
        HTTPStatus.UNAUTHORIZED,
        "NOT_AUTHENTICATED",
        "A credential is needed",
        str,
        headers={"WWW-Authenticate": 'Bearer realm="clearance"'},
    ),
    NotPermitted: Kind(
        HTTPStatus.FORBIDDEN,
        "NOT_PERMITTED",
        "The credential does not allow this",
        lambda e: f"This needs the permission `{e.permission.value}`: ask an administrator for it.",
    ),
    NotFound: _NOT_FOUND,
    CaseUnknown: _NOT_FOUND,
    DecisionUnknown: _NOT_FOUND,
    FilingUnknown: _NOT_FOUND,
    RequestMalformed: Kind(HTTPStatus.BAD_REQUEST, lambda e: e.code, "The request cannot be read", lambda e: e.detail),
    ApplicantRefused: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "APPLICANT_INVALID",
        "The applicant's data cannot be taken",
        "Correct the fields named in `errors` and send the application again. Nothing was stored.",
        more=lambda e: {"errors": [problem.model_dump(exclude_none=True) for problem in e.problems]},
    ),
    OrganisationNotHandled: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "ORGANISATION_NOT_HANDLED",
        "Organisations are not handled yet",
        "Applicants of the kind `organisation`, with their beneficial owners, are part of this API but are not handled "
        "yet. Nothing was stored. Onboard them by your own procedure; persons can be submitted now.",
    ),
    DocumentRefused: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda e: e.code,
        "A document cannot be taken",
        lambda e: e.detail,
        more=lambda e: {"advice": e.advice, "part": e.part},
    ),
    IdempotencyConflict: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "IDEMPOTENCY_KEY_REUSED",
        "The Idempotency-Key was used for another request",
        "An application with this Idempotency-Key was accepted before, and its content was different. Use a fresh key "
        "for a new application, or send exactly what you sent before to get the first answer again.",
    ),
    AcknowledgementUnreadable: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "ANSWER_UNREADABLE",
        "This is no answer of an authority",
        lambda e: f"Send the acknowledgement file as it came, or a statement of what the portal said: {e}.",
    ),
    CustomerUnknown: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "CUSTOMER_UNKNOWN",
        "There is no such customer",
        "An account belongs to a customer. Take `customer_id` from an application whose outcome is `approved`.",
    ),
    AccountTaken: Kind(
        HTTPStatus.CONFLICT,
        "ACCOUNT_TAKEN",
        "The account belongs to another customer",
        "An account with this reference is already tied to another customer of yours. Nothing was changed.",
    ),
    ActionRefused: Kind(
        HTTPStatus.CONFLICT,
        lambda e: e.code,
        "The action was refused",
        lambda e: e.detail,
    ),
    WorkflowEnded: Kind(
        HTTPStatus.CONFLICT,
        "CLOSED",
        "It is closed",
        "Its procedure has ended: nothing more can be done about it.",
    ),
    NotDrafted: Kind(
        HTTPStatus.CONFLICT,
        "NOT_DRAFTED",
        "There is no report yet",
        "What keeps the report from being drafted is in the filing's `problems`: solve it, then return the filing.",
    ),
    NotYetProvable: Kind(
        HTTPStatus.CONFLICT,
        "NOT_YET_PROVABLE",
        "There is no proof yet",
        "The decision is recorded, and no checkpoint above it is signed yet: ask again in a minute. Its receipt can be "
        "had now.",
        headers={"Retry-After": "60"},
    ),
    ReceiptsNotSigned: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "RECEIPTS_NOT_SIGNED",
        "Receipts are not signed here",
        "This deployment gives its API no key to sign them with: ask for the decision's proof instead.",
        headers={"Retry-After": "3600"},
    ),
    TooManyAttempts: Kind(
        HTTPStatus.TOO_MANY_REQUESTS,
        "TOO_MANY_ATTEMPTS",
        "Too many failed attempts to sign in",
        "Wait a quarter of an hour, or ask an administrator for a new password.",
        headers={"Retry-After": "900"},
    ),
    NotContestable: Kind(
        HTTPStatus.CONFLICT,
        "NOT_CONTESTABLE",
        "There is nothing to contest",
        "Only a concluded application that was not approved can be contested, and only while no contest is under way.",
    ),
    ActionUnanswered: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "NOT_CONFIRMED",
        "The action was not confirmed in time",
        "It may still be carried out. Read the case again before you repeat it; what was done is not done twice.",
        headers=_RETRY,
    ),
    TemporalDown: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "TEMPORAL_DOWN",
        "The workflow service does not answer",
        "Nothing was changed. Try again in a few seconds.",
        headers=_RETRY,
    ),
    EngineRebuilding: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "ENGINE_REBUILDING",
        "The engine is rebuilding its state",
        "Nothing of this request was kept. Send it again in a few seconds.",
        headers=_RETRY,
    ),
    EngineSilent: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "ENGINE_SILENT",
        "The engine did not answer in time",
        "Send the same request again in a few seconds: what was kept of it is answered as a duplicate, with its score.",
        headers=_RETRY,
    ),
    ExplainerDown: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "EXPLAINER_DOWN",
        "Plots and counterfactuals are not to be had right now",
        "The decision itself is not affected, and its explanation can be read. Try again in a few seconds.",
        headers=_RETRY,
    ),
    LoginTaken: Kind(
        HTTPStatus.CONFLICT,
        "LOGIN_TAKEN",
        "There is such a login",
        "An officer of this login is there already, perhaps deactivated: change that one, or choose another login.",
    ),
    OwnAccount: Kind(
        HTTPStatus.CONFLICT,
        "OWN_ACCOUNT",
        "Nobody changes their own rights",
        "Another administrator has to change your roles or deactivate you.",
    ),
    IssuerTaken: Kind(
        HTTPStatus.CONFLICT,
        "ISSUER_TAKEN",
        "This issuer and audience are configured already",
        "A token may be good for one tenant only: have the issuer use another audience for this one.",
    ),
    ProviderUnfit: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "ISSUER_UNFIT",
        "This issuer does not say of itself what is needed",
        lambda e: f"{str(e)[:1].upper()}{str(e)[1:]}. Check `issuer`, which is its `iss` to the letter, and try again.",
    ),
    OutwardFailed: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        lambda e: e.code,
        "Nothing is sent to this address",
        "Use https and a name that leads to public addresses only.",
    ),
    RequestUnknown: Kind(
        HTTPStatus.NOT_FOUND,
        "UPLOAD_CLOSED",
        "This link is no longer good",
        "It was used, has expired, is no longer needed, or is not complete. Ask for a new one if you still have "
        "something to send.",
    ),
    ScreenerDown: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "SCREENER_DOWN",
        "Nothing is screened right now",
        "What screens on request does not answer, or is still building its index. Nothing was stored. Try again with "
        "the same Idempotency-Key in a few seconds.",
        headers=_RETRY,
    ),
    ScreeningRefused: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, lambda e: e.code, "This cannot be screened", lambda e: e.detail
    ),
    SubjectErased: Kind(
        HTTPStatus.GONE,
        "ERASED",
        "The personal data was erased",
        "The key to this person's data was destroyed when its retention ended. The ledger still proves the decisions.",
    ),
    VaultObjectMissing: Kind(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "VAULT_OBJECT_MISSING",
        "A stored document is missing",
        "The vault does not have an object that the database names. Tell your operator: this is not normal.",
    ),
    VaultObjectCorrupt: Kind(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "VAULT_OBJECT_CORRUPT",
        "A stored document was altered",
        "An object of the vault does not have the digest it was stored under. Tell your operator: this is not normal.",
    ),
    PoolTimeout: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "DATABASE_BUSY",
        "The database does not answer",
        "Nothing was changed. Try again in a few seconds.",
        headers=_RETRY,
    ),
    psycopg.OperationalError: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "DATABASE_DOWN",
        "The database does not answer",
        "It is not certain that anything was changed. Repeat the request with the same Idempotency-Key.",
        headers=_RETRY,
    ),
}
"""The table. An error that is not in it is a surprise: 500 without any detail, and its stack in the log."""


def problem_body(kind: Kind, error: Exception) -> dict[str, Any]:
    """The members of a problem, as an error's own answer or as one row's in a list of answers."""
    code = kind.code if isinstance(kind.code, str) else kind.code(error)
    detail = kind.detail if isinstance(kind.detail, str) else kind.detail(error)
    return {
        "type": problem_type(code),
        "title": kind.title,
        "status": int(kind.status),
        "detail": detail,
        "code": code,
        **kind.more(error),
    }


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem that an error of the table is told as. Raises the error itself where it is not in the table."""
    for error_class in type(error).__mro__:
        if error_class in PROBLEMS:
            return problem_body(PROBLEMS[error_class], error)
    raise error


def add_error_handlers(app: FastAPI) -> None:
    """Make every error of the app a problem; what is not in the table is a surprise, which `api.telemetry` answers."""
    for error_class, kind in PROBLEMS.items():
        app.add_exception_handler(error_class, _handler(kind))
    app.add_exception_handler(RowRefused, _row)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _handler(kind: Kind) -> Callable[[Request, Exception], JSONResponse]:
    def answer(request: Request, error: Exception) -> JSONResponse:
        body = problem_body(kind, error)
        if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("request %s: %s", _request_id(request), body["code"])
        return problem_response(_request_id(request), body, kind.headers)

    return answer


def _row(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RowRefused)
    return problem_response(_request_id(request), error.problem.model_dump(exclude_none=True))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    body = {
        "type": problem_type("REQUEST_INVALID"),
        "title": "The request is not valid",
        "status": 422,
        "detail": "Correct what `errors` names and send the request again. Nothing was stored.",
        "code": "REQUEST_INVALID",
        "errors": [problem.model_dump() for problem in field_problems(error)],
    }
    return problem_response(_request_id(request), body)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.NOT_FOUND:
        return problem_response(_request_id(request), problem_body(_NOT_FOUND, error))
    body = {
        "type": problem_type(status.name),
        "title": status.phrase,
        "status": int(status),
        "detail": _HTTP_DETAILS.get(status, status.description),
        "code": status.name,
    }
    return problem_response(_request_id(request), body, error.headers)


_HTTP_DETAILS = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is larger than this address takes. Send less at once.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method: see `Allow`, or the docs at /docs.",
}


def _request_id(request: Request) -> str:
    return str(request.state.request_id)
