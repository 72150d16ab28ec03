"""Transactions in: one or many as JSON, each row judged for itself. Mounted by the engine service.

Separate from the engine because HTTP and typologies change for different reasons; the engine is behind a protocol.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

import jurisdictions
from aml.counter_value import implausible
from aml.money import InvalidMoney
from aml.transaction import InvalidTransaction, Transaction
from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, needs
from api.permissions import Permission
from api.problems import problem_type
from api.schemas.problems import FieldProblem, Problem, problem_responses
from api.schemas.transactions import TransactionAnswer, TransactionIn, TransactionResult, TransactionResults
from api.services import Services, TenantRates, TransactionEngine
from api.submission import RequestMalformed, field_problems
from jurisdictions.indicative_rates import indicative_rates
from store.connection import tenant_transaction
from store.tenants import fetch_tenant

MAX_ROWS = 10_000
CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a sender's clock may be."""
_MAX_BYTES = 16 * 1024 * 1024
_ROWS_AT_ONCE = 256

router = APIRouter(prefix="/v1", tags=["transactions"], route_class=GuardedRoute)


class RowRefused(Exception):
    """A transaction that cannot be taken, with the problem to answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def _rates(request: Request) -> TenantRates:
    rates: TenantRates = request.app.state.rates
    return rates


def _engine(request: Request) -> TransactionEngine:
    engine: TransactionEngine = request.app.state.engine
    return engine


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/TransactionIn"},
                        {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/TransactionIn"},
                            "minItems": 1,
                            "maxItems": MAX_ROWS,
                        },
                    ]
                },
                "example": TransactionIn.model_config["json_schema_extra"]["examples"][0],  # type: ignore[index]
            }
        },
    }
}


@router.post(
    "/transactions",
    openapi_extra=needs(Permission.SUBMIT_TRANSACTIONS, _BODY, max_bytes=_MAX_BYTES),
    responses={
        207: {"model": TransactionResults, "description": "Some rows were not taken: each says why. The others were."},
        **problem_responses([400, 409, 413, 422]),
    },
    summary="Send one or many transactions",
)
async def submit_transactions(
    request: Request,
    response: Response,
    principal: CurrentPrincipal,
    services: CurrentServices,
    engine: Annotated[TransactionEngine, Depends(_engine)],
    rates: Annotated[TenantRates, Depends(_rates)],
) -> TransactionResults:
    """One JSON object, or an array of up to 10,000. Every transaction is kept, scored and explained before the answer.

    In an array, a broken or repeated row gets its own problem and the rest goes on (207); a single broken object is
    answered as a problem. A transaction on an account nobody opened is kept, scored and flagged `UNKNOWN_ACCOUNT`.
    """
    rows, single = _rows(await request.body())
    read = await _read_all(rows, services.clock() + CLOCK_SKEW)
    if any(isinstance(row, Transaction) and row.counter_value is not None for row in read):
        currency = await _monitored_in(services, principal.tenant_id)
        units = {**indicative_rates(currency), **rates(principal.tenant_id, currency)}
        read = [_plausible(row, currency, units) if isinstance(row, Transaction) else row for row in read]
    taken = [transaction for transaction in read if isinstance(transaction, Transaction)]
    answers = iter(await engine.submit(principal.tenant_id, taken) if taken else ())
    results = [
        _answered(index, next(answers))
        if isinstance(transaction, Transaction)
        else _refused(index, rows[index], transaction)
        for index, transaction in enumerate(read)
    ]
    problem = results[0].problem
    if single and problem is not None:
        raise RowRefused(problem)
    if any(result.problem for result in results):
        response.status_code = HTTPStatus.MULTI_STATUS
    return _results(results)


def _rows(body: bytes) -> tuple[Sequence[Any], bool]:
    """The rows, and whether it was one object rather than an array."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestMalformed("NOT_JSON", "The body is not JSON. Send one transaction or an array.") from error
    if isinstance(content, dict):
        return [content], True
    if not isinstance(content, list) or not 1 <= len(content) <= MAX_ROWS:
        raise RequestMalformed("ROWS", f"Send one transaction, or an array of 1 to {MAX_ROWS} of them.")
    return content, False


async def _read_all(rows: Sequence[Any], latest: datetime) -> list[Transaction | Problem]:
    """Every row, letting other requests through in between: ten thousand rows take a quarter of a second."""
    read: list[Transaction | Problem] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        read += [_read(row, latest) for row in rows[start : start + _ROWS_AT_ONCE]]
        await asyncio.sleep(0)
    return read


def _read(row: Any, latest: datetime) -> Transaction | Problem:
    try:
        transaction = TransactionIn.model_validate(row).transaction()
    except ValidationError as error:
        return _broken(field_problems(error))
    except InvalidTransaction as error:
        return _broken([FieldProblem(pointer=f"/{error.field}", detail=error.problem)])
    except InvalidMoney as error:
        return _broken([FieldProblem(pointer="/money", detail=str(error))])
    if transaction.booked_at > latest:
        return _broken([FieldProblem(pointer="/booked_at", detail="lies in the future: check date and time zone")])
    return transaction


async def _monitored_in(services: Services, tenant_id: UUID) -> str:
    """The currency of the tenant's regime."""
    async with tenant_transaction(services.pool, tenant_id) as connection:
        tenant = await fetch_tenant(connection, tenant_id)
    assert tenant is not None, "whoever is asking belongs to it"
    return jurisdictions.regime(tenant.regime, services.clock().date()).currency


def _plausible(transaction: Transaction, currency: str, units: Mapping[str, Decimal]) -> Transaction | Problem:
    problem = implausible(transaction, currency, units)
    if problem is None:
        return transaction
    return _broken([FieldProblem(pointer="/counter_value", detail=problem)])


def _broken(errors: list[FieldProblem]) -> Problem:
    return Problem(
        type=problem_type("TRANSACTION_INVALID"),
        title="The transaction cannot be taken",
        status=422,
        detail="Correct what `errors` names and send this transaction again. It was not stored.",
        code="TRANSACTION_INVALID",
        errors=errors,
    )


_DUPLICATE = Problem(
    type=problem_type("TRANSACTION_DUPLICATE"),
    title="The transaction id is known already",
    status=409,
    detail="A transaction with this id was taken before; this one was ignored and the first one's score is repeated. "
    "If it is another transaction, give it an id of its own.",
    code="TRANSACTION_DUPLICATE",
)


def _answered(index: int, answer: TransactionAnswer) -> TransactionResult:
    return TransactionResult(
        index=index,
        transaction_id=answer.transaction_id,
        status=answer.status,
        decision_id=answer.decision_id,
        score=answer.score,
        alert_id=answer.alert_id,
        typologies=answer.typologies,
        flags=answer.flags,
        problem=_DUPLICATE if answer.status == "duplicate" else None,
    )


def _refused(index: int, row: Any, problem: Problem) -> TransactionResult:
    given = row.get("transaction_id") if isinstance(row, dict) else None
    readable = isinstance(given, str) and len(given) <= 200 and given.isprintable()
    return TransactionResult(index=index, transaction_id=given if readable else None, status="refused", problem=problem)


def _results(results: list[TransactionResult]) -> TransactionResults:
    count = {
        status: sum(result.status == status for result in results) for status in ("accepted", "duplicate", "refused")
    }
    return TransactionResults(
        accepted=count["accepted"], duplicates=count["duplicate"], refused=count["refused"], results=results
    )
