"""The API as one application: routes, errors, telemetry and its own description. Wired by the composition root."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.auth import Identities
from api.console.routes import add_console
from api.errors import add_error_handlers
from api.routes import (
    accounts,
    alerts,
    applications,
    case_actions,
    cases,
    decisions,
    documents,
    evidence,
    filing_actions,
    filings,
    health,
    match,
    metrics,
    officers,
    proofs,
    screenings,
    tokens,
    transactions,
    uploads,
    webhooks,
)
from api.schemas.applications import OrganisationIn, PersonIn
from api.schemas.problems import Problem
from api.schemas.transactions import TransactionIn
from api.services import Services, TenantRates, TransactionEngine
from api.telemetry import Telemetry

VERSION = "1"

_DESCRIPTION = """
Compliance workflows for fintechs: onboarding, screening, monitoring, review and filing, with every automated
decision explained.

**Credentials.** `Authorization: Bearer …` with an API key (services) or a token from `POST /v1/tokens` (officers).
Each operation names the permission that it needs in `x-permission`.

**Errors** are problem details (RFC 9457). `code` is for programs, `detail`, `advice` and `errors` say what to do.

**Personal data** is in no URL and in no list.
"""

_TAGS = [
    {
        "name": "applications",
        "description": "Submit applicants with their documents; see what became of it; contest.",
    },
    {"name": "screenings", "description": "Screen anyone against the watchlists, kept or in yente's shape."},
    {"name": "accounts", "description": "Tie accounts to approved customers."},
    {"name": "transactions", "description": "Monitor payments. Served by the engine service."},
    {"name": "alerts", "description": "What monitoring found."},
    {"name": "decisions", "description": "Every automated decision with its explanation."},
    {"name": "cases", "description": "What officers review and decide."},
    {"name": "uploads", "description": "For applicants: answer a request, once, with the token of its link."},
    {"name": "documents", "description": "Document pages for review."},
    {"name": "filings", "description": "For filing officers."},
    {"name": "officers", "description": "For administrators: officers, and the issuers who vouch for them."},
    {"name": "webhooks", "description": "Where your own systems are told, signed by the Standard Webhooks."},
    {"name": "metrics", "description": "What dispositions teach."},
    {"name": "tokens", "description": "Sign in."},
    {"name": "health", "description": "For orchestrators and monitoring."},
]


def create_app(services: Services) -> FastAPI:
    """The API service: everything but transactions, which the engine service takes."""
    app = _application(services, "Clearance")
    for router in (
        tokens.router,
        applications.router,
        accounts.router,
        alerts.router,
        decisions.router,
        proofs.router,
        cases.router,
        case_actions.router,
        evidence.router,
        uploads.router,
        officers.router,
        metrics.router,
        webhooks.router,
        documents.router,
        screenings.router,
        match.router,
        filings.router,
        filing_actions.router,
    ):
        app.include_router(router)
    add_console(app)
    return app


def create_engine_app(
    services: Services, engine: TransactionEngine, rates: TenantRates = lambda tenant_id, currency: {}
) -> FastAPI:
    """The engine service's HTTP: transactions, with the same credentials and problems. `rates` are the tenants' own,
    with which what they state is compared."""
    app = _application(services, "Clearance engine")
    app.state.engine = engine
    app.state.rates = rates
    app.include_router(transactions.router)
    return app


def _application(services: Services, title: str) -> FastAPI:
    # Its docs page takes its scripts from the wheel, not from a CDN.
    app = FastAPIOffline(redoc_url=None, title=title, version=VERSION, description=_DESCRIPTION, openapi_tags=_TAGS)
    app.state.services = services
    app.state.identities = Identities.of(services)
    app.add_middleware(Telemetry)
    add_error_handlers(app)
    app.include_router(health.open_router)
    app.include_router(health.router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


_REFERENCED: tuple[type[BaseModel], ...] = (Problem, PersonIn, OrganisationIn, TransactionIn)
"""Schemas that are referenced by hand, because FastAPI does not parse those bodies."""


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        components = schema.setdefault("components", {})
        _, definitions = models_json_schema(
            [(model, "validation") for model in _REFERENCED], ref_template="#/components/schemas/{model}"
        )
        components["schemas"] = definitions["$defs"] | components.get("schemas", {})
        components["securitySchemes"] = {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key, or an officer's token from `POST /v1/tokens`.",
            }
        }
        app.openapi_schema = schema
    return app.openapi_schema
