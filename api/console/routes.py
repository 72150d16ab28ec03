"""All the console's routers, in one list for `api.app`."""

from fastapi import APIRouter, FastAPI

from api.console import (
    actions,
    assets,
    audit,
    cases,
    codec,
    decisions,
    documents,
    filings,
    issuers,
    models,
    queue,
    sign_in,
    workflows,
)

ROUTERS: tuple[APIRouter, ...] = (
    assets.router,
    sign_in.router,
    issuers.router,
    queue.router,
    cases.router,
    actions.router,
    documents.router,
    decisions.router,
    filings.router,
    audit.router,
    models.router,
    workflows.router,
    codec.router,
)


def add_console(app: FastAPI) -> None:
    """Serve the officers' pages beside the API. They are in no OpenAPI: they are for people."""
    for router in ROUTERS:
        app.include_router(router)
