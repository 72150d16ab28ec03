"""All the console's routers, in one list for `api.app`."""

from fastapi import APIRouter, FastAPI

from api.console import (
    actions,
    administration,
    assets,
    audit,
    bulk,
    cases,
    codec,
    decisions,
    documents,
    filings,
    issuers,
    models,
    queue,
    review,
    sign_in,
    webhooks,
    workflows,
)

ROUTERS: tuple[APIRouter, ...] = (
    assets.router,
    sign_in.router,
    issuers.router,
    queue.router,
    bulk.router,
    cases.router,
    actions.router,
    documents.router,
    decisions.router,
    filings.router,
    audit.router,
    models.router,
    workflows.router,
    codec.router,
    review.router,
    administration.router,
    webhooks.router,
)


def add_console(app: FastAPI) -> None:
    """Serve the officers' pages beside the API. They are in no OpenAPI: they are for people."""
    for router in ROUTERS:
        app.include_router(router)
