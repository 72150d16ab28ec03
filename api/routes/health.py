"""Whether the service lives, whether it can do its work, and its metrics."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from api.auth import CurrentServices, GuardedRoute, needs
from api.permissions import Permission
from api.schemas.problems import problem_responses
from api.services import Services, TransactionEngine
from store.connection import service_transaction

log = logging.getLogger(__name__)

open_router = APIRouter(prefix="/health", tags=["health"])
router = APIRouter(tags=["health"], route_class=GuardedRoute)

_CHECK_SECONDS = 2.0


class Live(BaseModel):
    status: Literal["live"] = "live"


Answer = Literal["ok", "down"]


class Ready(BaseModel):
    status: Literal["ready", "degraded", "not ready"]
    database: Answer
    temporal: Answer
    engine: Answer | None = None
    """Of the service that takes transactions."""


@open_router.get("/live", summary="Does the process live?")
async def live() -> Live:
    """Answers as long as the event loop turns."""
    return Live()


@open_router.get(
    "/ready",
    summary="Can it do its work?",
    response_model_exclude_none=True,
    responses={503: {"model": Ready, "description": "Database or engine is down."}},
)
async def ready(request: Request, services: CurrentServices, response: Response) -> Ready:
    """`degraded` without Temporal: submissions are still taken, officers' actions answer 503. `not ready` (503)
    without the database, and where transactions are taken, without every engine."""
    running: TransactionEngine | None = getattr(request.app.state, "engine", None)
    checks = [_database(services), _temporal(services), *([] if running is None else [_engine(running)])]
    database, temporal, *engines = await asyncio.gather(*map(_within, checks))
    status: Literal["ready", "degraded", "not ready"] = "ready" if temporal == "ok" else "degraded"
    if "down" in (database, *engines):
        response.status_code, status = 503, "not ready"
    return Ready(status=status, database=database, temporal=temporal, engine=engines[0] if engines else None)


async def _within(check: Coroutine[None, None, None]) -> Answer:
    try:
        await asyncio.wait_for(check, _CHECK_SECONDS)
    except Exception as error:  # noqa: BLE001 (whatever keeps it from answering, it is down)
        log.warning("not ready: %s", type(error).__name__)
        return "down"
    return "ok"


async def _database(services: Services) -> None:
    async with service_transaction(services.pool) as connection:
        await connection.execute("SELECT 1")


class _NotReady(Exception):
    """An engine is not up."""


async def _engine(engine: TransactionEngine) -> None:
    if not await engine.ready():
        raise _NotReady


async def _temporal(services: Services) -> None:
    client = await services.temporal()
    await client.service_client.check_health()


@router.get(
    "/metrics",
    openapi_extra=needs(Permission.READ_METRICS),
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text."}, **problem_responses([])},
    summary="Prometheus metrics",
)
async def metrics() -> Response:
    """Counts and times by route; no tenant, no person."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
