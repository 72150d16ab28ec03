"""Matching in the shape that yente's clients send and expect, so that they can switch by address.

See https://www.opensanctions.org/docs/api/ for theirs. Nothing is decided or stored here: `POST /v1/screenings` is for
what has to be explained later.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, needs
from api.permissions import Permission
from api.routes.screenings import screener
from api.schemas.problems import problem_responses
from api.schemas.screenings import MatchIn, MatchOut
from api.services import ScreeningRefused
from store.audit import record_read
from store.connection import tenant_transaction

MAX_BYTES = 2 * 1024 * 1024
ALGORITHMS = frozenset(
    {"best", "clearance", "logic-v1", "logic-v2", "name-based", "name-qualified", "regression-v1", "regression-v2"}
)
"""Whatever is asked for, our approved scorer answers; the names are taken so that clients need no change."""

router = APIRouter(tags=["screenings"], route_class=GuardedRoute)

Names = Annotated[list[str], Query(max_length=50)]


@router.post(
    "/match/{dataset}",
    openapi_extra=needs(Permission.SCREEN, max_bytes=MAX_BYTES),
    responses=problem_responses([404, 413, 422]),
    summary="Match entities as yente does",
)
async def match(
    dataset: Annotated[str, Path(max_length=100, description="A list's name, or `default` for all in force.")],
    body: MatchIn,
    principal: CurrentPrincipal,
    services: CurrentServices,
    limit: Annotated[int, Query(ge=1, le=100)] = 5,
    threshold: Annotated[float, Query(ge=0.0, le=1.0, description="From where a result is a `match`.")] = 0.7,
    cutoff: Annotated[float, Query(ge=0.0, le=1.0, description="Below it a result is left out.")] = 0.5,
    algorithm: str = "best",
    include_dataset: Names = [],  # noqa: B006  # FastAPI copies defaults
    exclude_dataset: Names = [],  # noqa: B006
    exclude_schema: Names = [],  # noqa: B006
    exclude_entity_ids: Annotated[list[str], Query(max_length=1000)] = [],  # noqa: B006
    topics: Names = [],  # noqa: B006
) -> MatchOut:
    """`responses` by query, each with scored `results`; `features` and `explanations` are shares of the log-odds."""
    if algorithm not in ALGORITHMS:
        raise ScreeningRefused("ALGORITHM_UNKNOWN", f"Send one of {', '.join(sorted(ALGORITHMS))}, or none.")
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        await record_read(connection, principal.actor, "match", f"{len(body.queries)} queries")
    queries = {name: asked.model_dump(by_alias=True, exclude_none=True) for name, asked in body.queries.items()}
    told = await screener(services).match(
        {
            "dataset": dataset,
            "queries": queries,
            "limit": limit,
            "threshold": threshold,
            "cutoff": cutoff,
            "include_dataset": include_dataset,
            "exclude_dataset": exclude_dataset,
            "exclude_schema": exclude_schema,
            "exclude_entity_ids": exclude_entity_ids,
            "topics": topics,
        }
    )
    return MatchOut.model_validate(told)
