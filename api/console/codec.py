"""Temporal's remote codec protocol: the Web UI sends payloads here, the officer's browser shows them opened.

Payloads of all tenants share a namespace, so each is shown only to the tenant that it names: by its tenant id, by
something of theirs that it is about, or, where it names nothing at all, by the workflow that it was closed for. The
others go back closed. Every decode leaves a row in the audit.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from api.auth import NotAuthenticated, Principal
from api.console.session import signed_in
from api.limits import LimitedRoute
from api.permissions import Permission
from api.services import ConsoleServices, Services
from store.audit import record_read, record_refusal
from store.connection import Pool, tenant_transaction
from store.search import known_here
from workflows.codec import WORKFLOW_ID, PayloadForged, PayloadKeyUnknown, PlaintextRefused

router = APIRouter(prefix="/console/codec", include_in_schema=False, route_class=LimitedRoute)

Schema = Literal["public", "filing"]

MAX_BYTES = 8 * 1024 * 1024
"""A page of a history's payloads; the Web UI asks for a few at a time."""
MAX_PAYLOADS = 2000

_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class PayloadIn(BaseModel):
    """A payload as protobuf's JSON has it: bytes in base64."""

    metadata: dict[str, str] = {}
    data: str = ""


class PayloadsIn(BaseModel):
    payloads: list[PayloadIn] = Field(max_length=MAX_PAYLOADS)


@router.options("/decode")
async def preflight(request: Request) -> Response:
    """The browser asks first, as the Web UI is of another origin."""
    return _allowed(request, Response(status_code=204))


@router.post("/decode", openapi_extra={"x-max-bytes": MAX_BYTES})
async def decode(request: Request) -> Response:
    """The same payloads in the same order: opened where the officer may see them, closed as they came where not."""
    services: Services = request.app.state.services
    console = services.console
    if console is None or not console.web_ui_url or request.headers.get("Origin") != console.web_ui_url:
        return _refused(request, 403, "Only the Temporal Web UI of this deployment may ask.")
    try:
        principal, _ = await signed_in(request)
    except NotAuthenticated:
        return _refused(request, 401, "Sign in to the console in this browser, then reload.")
    namespace = request.headers.get("X-Namespace", console.namespace)
    permission = _needed(console, namespace)
    if permission is None or permission not in principal.permissions:
        async with tenant_transaction(services.pool, principal.tenant_id) as connection:
            about = f"permission:{permission.value}" if permission else "permission:none"
            await record_refusal(connection, principal.actor, "decode payloads", about, "not permitted")
        return _refused(request, 404, "There is no such namespace for you.")
    try:
        asked = PayloadsIn.model_validate_json(await request.body())
        closed = [_payload(each) for each in asked.payloads]
    except (ValidationError, ValueError):
        return _refused(request, 400, "This is not a request of Temporal's codec protocol.")
    codec, pool, schema = _of(console, services, namespace)
    opened = [await _opened(codec, payload) for payload in closed]
    runs = [_run(each) for each in closed]
    own = await _own(pool, schema, principal, namespace, opened, runs)
    shown = [
        _json(clear if clear is not None and may else shut)
        for shut, clear, may in zip(closed, opened, own, strict=True)
    ]
    return _allowed(request, JSONResponse({"payloads": shown}))


def _needed(console: ConsoleServices, namespace: str) -> Permission | None:
    """What the namespace's payloads take; None for a namespace that is not ours."""
    if namespace == console.namespace:
        return Permission.READ_CASES
    return Permission.FILE if namespace == console.filing_namespace and console.filing_codec else None


def _of(console: ConsoleServices, services: Services, namespace: str) -> tuple[PayloadCodec, Pool, Schema]:
    """The codec and, for what filing officers see, the connections of the role that may know of it."""
    if namespace == console.filing_namespace and console.filing_codec is not None and services.filings is not None:
        return console.filing_codec, services.filings.pool, "filing"
    return console.codec, services.pool, "public"


async def _opened(codec: PayloadCodec, payload: Payload) -> Payload | None:
    """None for what does not open under this namespace's key."""
    try:
        return (await codec.decode([payload]))[0]
    except (PlaintextRefused, PayloadKeyUnknown, PayloadForged):
        return None


async def _own(
    pool: Pool,
    schema: Schema,
    principal: Principal,
    namespace: str,
    opened: Sequence[Payload | None],
    runs: Sequence[frozenset[UUID]],
) -> list[bool]:
    """Whether each payload is of the tenant. Audited."""
    told = [_named(payload) for payload in opened]
    # What names nothing (a state, a summary, codes) is its workflow's.
    named = [(tenants, ids or run) for (tenants, ids), run in zip(told, runs, strict=True)]
    everything = frozenset[UUID]().union(*(ids for _, ids in named))
    async with tenant_transaction(pool, principal.tenant_id) as connection:
        known = await known_here(connection, everything, schema=schema)
        own = [_is_own(tenants, ids, principal.tenant_id, known) for tenants, ids in named]
        seen = {known[each] for (_, ids), may in zip(named, own, strict=True) if may for each in ids if each in known}
        count = f"{sum(own)} of {len(own)} payloads"
        for about in sorted(seen) or [f"namespace:{namespace}"]:
            await record_read(connection, principal.actor, "decode payloads", about, count)
    return own


def _is_own(tenants: frozenset[UUID], ids: frozenset[UUID], tenant_id: UUID, known: dict[UUID, str]) -> bool:
    if tenants:
        return tenants == {tenant_id}
    return any(each in known for each in ids)


def _run(closed: Payload) -> frozenset[UUID]:
    """The id of the workflow that a payload was closed for; it is authenticated with the payload."""
    return frozenset(
        UUID(each) for each in _UUID.findall(closed.metadata.get(WORKFLOW_ID, b"").decode(errors="replace"))
    )


def _named(payload: Payload | None) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """The tenants that a payload names, and every other id in it."""
    if payload is None:
        return frozenset(), frozenset()
    text = payload.data.decode(errors="replace")
    tenants = frozenset(UUID(each) for each in re.findall(rf'"tenant_id":\s*"({_UUID.pattern})"', text))
    return tenants, frozenset(UUID(each) for each in _UUID.findall(text)) - tenants


def _payload(given: PayloadIn) -> Payload:
    """Raises `ValueError` for what is not base64."""
    metadata = {name: b64decode(value, validate=True) for name, value in given.metadata.items()}
    return Payload(metadata=metadata, data=b64decode(given.data, validate=True))


def _json(payload: Payload) -> dict[str, Any]:
    return {
        "metadata": {name: b64encode(value).decode() for name, value in payload.metadata.items()},
        "data": b64encode(payload.data).decode(),
    }


def _refused(request: Request, status: int, words: str) -> Response:
    return _allowed(request, JSONResponse({"message": words}, status_code=status))


def _allowed(request: Request, response: Response) -> Response:
    """The one origin that may read the answer, with its credentials; no other, and never `*`."""
    console: ConsoleServices | None = request.app.state.services.console
    if console is not None and console.web_ui_url and request.headers.get("Origin") == console.web_ui_url:
        response.headers["Access-Control-Allow-Origin"] = console.web_ui_url
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = "content-type, x-namespace"
        response.headers["Access-Control-Max-Age"] = "600"
    response.headers["Vary"] = "Origin"
    return response
