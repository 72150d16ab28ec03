"""Each row is judged for itself: what is broken or repeated says so, and the rest goes on."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from aml.transaction import Channel
from api.schemas.transactions import TransactionIn
from tests.api.house import House


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "transaction_id": f"t-{number}",
        "booked_at": "2026-03-04T12:00:00Z",
        "debtor_account": "acc-1",
        "creditor_account": "acc-2",
        "money": {"amount": "9500.00", "currency": "EUR"},
        "channel": "cash_deposit",
        "debtor_country": "DEU",
    } | changes


async def send(house: House, body: Any) -> httpx.Response:
    return await house.service(app=house.engine_app).post("/v1/transactions", json=body)


async def test_one_transaction_is_taken_as_the_domain_knows_it(house: House) -> None:
    answer = await send(house, row(booked_at="2026-03-04T13:00:00+01:00"))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["accepted"], told["duplicates"], told["refused"]) == (1, 0, 0)
    assert told["results"][0]["flags"] == ["UNKNOWN_ACCOUNT"]
    assert told["results"][0]["decision_id"]
    [taken] = house.engine.taken[house.own.tenant_id].values()
    assert taken.booked_at == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert (taken.money.amount, taken.money.currency) == (Decimal("9500.00"), "EUR")
    assert (taken.channel, taken.debtor_country, taken.creditor_country) == (Channel.CASH_DEPOSIT, "DE", None)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"money": {"amount": "-5.00", "currency": "EUR"}}, "/money/amount"),
        ({"money": {"amount": "0", "currency": "EUR"}}, "/money"),
        ({"money": {"amount": "1.001", "currency": "EUR"}}, "/money"),
        ({"money": {"amount": "5.00", "currency": "XXX"}}, "/money"),
        ({"money": {"amount": 5.0, "currency": "EUR"}}, "/money/amount"),
        ({"money": {"amount": "1e3000", "currency": "EUR"}}, "/money/amount"),
        ({"booked_at": "2026-03-04T12:00:00"}, "/booked_at"),
        ({"booked_at": "yesterday"}, "/booked_at"),
        ({"booked_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}, "/booked_at"),
        ({"booked_at": "9999-01-01T00:00:00Z"}, "/booked_at"),
        ({"booked_at": 1}, "/booked_at"),
        ({"creditor_country": "XYZ"}, "/creditor_country"),
        ({"channel": "pigeon"}, "/channel"),
        ({"transaction_id": ""}, "/transaction_id"),
        ({"debtor_account": "a\u0000"}, "/debtor_account"),
        ({"colour": "red"}, "/colour"),
        ({"counter_value": {"amount": "10260.00"}}, "/counter_value/currency"),
        ({"counter_value": {"amount": "-1", "currency": "USD"}}, "/counter_value/amount"),
        ({"counter_value": {"amount": "0", "currency": "USD"}}, "/counter_value"),
        ({"counter_value": {"amount": "1.001", "currency": "USD"}}, "/counter_value"),
        ({"counter_value": {"amount": "9500.01", "currency": "EUR"}}, "/counter_value"),
    ],
)
async def test_a_broken_row_gets_its_own_problem_and_the_rest_goes_on(
    house: House, change: dict[str, Any], pointer: str
) -> None:
    answer = await send(house, [row(1), row(2, **change), row(3)])
    assert answer.status_code == 207
    told = answer.json()
    assert [result["status"] for result in told["results"]] == ["accepted", "refused", "accepted"]
    problem = told["results"][1]["problem"]
    assert problem["code"] == "TRANSACTION_INVALID"
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert set(house.engine.taken[house.own.tenant_id]) == {"t-1", "t-3"}


def foreign(number: int, money: str, counter_value: str) -> dict[str, Any]:
    (amount, currency), (other, base) = money.split(), counter_value.split()
    return row(
        number,
        money={"amount": amount, "currency": currency},
        counter_value={"amount": other, "currency": base},
    )


async def test_a_foreign_payment_says_what_it_was_booked_as(house: House) -> None:
    answer = await send(house, foreign(1, "10000.00 USD", "9300.00 EUR"))
    assert answer.status_code == 200
    [taken] = house.engine.taken[house.own.tenant_id].values()
    assert taken.counter_value is not None
    assert (taken.counter_value.amount, taken.counter_value.currency) == (Decimal("9300.00"), "EUR")
    assert taken.rates_of is None


@pytest.mark.parametrize(
    ("money", "counter_value", "says"),
    [
        ("10000.00 USD", "930000.00 EUR", "more than 50 times off"),
        ("150000 JPY", "24000000.00 EUR", "the direction of the rate"),
        ("10000.00 USD", "8000.00 GBP", "monitored in EUR"),
    ],
)
async def test_a_booking_that_cannot_be_is_refused_and_the_rest_goes_on(
    house: House, money: str, counter_value: str, says: str
) -> None:
    good = foreign(1, "10000.00 USD", "9300.00 EUR")
    answer = await send(house, [good, foreign(2, money, counter_value), row(3)])
    assert answer.status_code == 207
    told = answer.json()
    assert [result["status"] for result in told["results"]] == ["accepted", "refused", "accepted"]
    [error] = told["results"][1]["problem"]["errors"]
    assert error["pointer"] == "/counter_value"
    assert says in error["detail"]


async def test_what_cannot_be_is_measured_by_the_tenants_own_rates_where_there_are(house: House) -> None:
    fallen = foreign(1, "10000.00 USD", "90.00 EUR")
    assert (await send(house, fallen)).status_code == 422
    house.engine_app.state.rates = lambda tenant, currency: {"USD": Decimal("0.009")}
    assert (await send(house, fallen)).status_code == 200


async def test_an_id_that_is_no_text_is_refused_and_not_repeated(house: House) -> None:
    body = json.dumps([row(1), row(2)]).replace("t-2", "\\ud800")
    answer = await house.service(app=house.engine_app).post("/v1/transactions", content=body)
    assert answer.status_code == 207
    assert [result["transaction_id"] for result in answer.json()["results"]] == ["t-1", None]


@pytest.mark.parametrize("broken", [None, 7, "t-1", [], [row()]])
async def test_a_row_that_is_no_object_is_refused_alone(house: House, broken: Any) -> None:
    answer = await send(house, [row(1), broken])
    assert [result["status"] for result in answer.json()["results"]] == ["accepted", "refused"]


async def test_a_known_id_says_so(house: House) -> None:
    await send(house, row(1))
    answer = await send(house, [row(1), row(2)])
    assert answer.status_code == 207
    told = answer.json()
    assert (told["accepted"], told["duplicates"]) == (1, 1)
    assert told["results"][0]["problem"]["code"] == "TRANSACTION_DUPLICATE"
    assert "id of its own" in told["results"][0]["problem"]["detail"]


async def test_a_single_broken_or_repeated_transaction_is_answered_as_a_problem(house: House) -> None:
    broken = await send(house, row(1, channel="pigeon"))
    assert (broken.status_code, broken.headers["Content-Type"]) == (422, "application/problem+json")
    await send(house, row(1))
    repeated = await send(house, row(1))
    assert (repeated.status_code, repeated.json()["code"]) == (409, "TRANSACTION_DUPLICATE")


async def test_a_rebuilding_engine_is_503_and_nothing_is_taken(house: House) -> None:
    house.engine.rebuilding = True
    answer = await send(house, [row(1)])
    assert (answer.status_code, answer.json()["code"]) == (503, "ENGINE_REBUILDING")
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_silent_engine_is_503_and_says_that_it_is_not_known_what_was_kept(house: House) -> None:
    house.engine.silent = True
    answer = await send(house, [row(1)])
    assert (answer.status_code, answer.json()["code"]) == (503, "ENGINE_SILENT")
    assert int(answer.headers["Retry-After"]) > 0
    assert "answered as a duplicate" in answer.text


async def test_the_service_is_not_ready_without_its_engine(house: House) -> None:
    ready = await house.anyone(house.engine_app).get("/health/ready")
    assert (ready.status_code, ready.json()["engine"]) == (200, "ok")
    house.engine.rebuilding = True
    ready = await house.anyone(house.engine_app).get("/health/ready")
    assert (ready.status_code, ready.json()["status"], ready.json()["engine"]) == (503, "not ready", "down")
    assert "engine" not in (await house.anyone().get("/health/ready")).json()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'"x"', b"[" * 100_000, b"\xff"])
async def test_a_body_that_is_no_transaction_is_a_problem(house: House, body: bytes) -> None:
    answer = await house.service(app=house.engine_app).post("/v1/transactions", content=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


async def test_more_rows_than_the_limit_are_refused_as_a_whole(house: House) -> None:
    answer = await send(house, [0] * 10_001)
    assert answer.status_code == 400
    assert house.engine.taken == {}


async def test_the_transactions_are_those_of_the_keys_tenant(house: House) -> None:
    client = house.service(house.other, app=house.engine_app)
    await client.post("/v1/transactions", json=row(1))
    assert list(house.engine.taken) == [house.other.tenant_id]


async def test_the_documented_example_is_taken(house: House) -> None:
    [example] = TransactionIn.model_json_schema()["examples"]
    assert (await send(house, example)).status_code == 200


# --- Accounts --------------------------------------------------------------------------------------------------------


async def test_an_account_is_tied_to_a_customer_once(house: House) -> None:
    customer = str(await house.customer())
    body = {"account": "acc-1", "customer_id": customer}
    assert (await house.service().post("/v1/accounts", json=body)).status_code == 201
    assert (await house.service().post("/v1/accounts", json=body)).status_code == 200
    second = str(await house.customer())
    taken = await house.service().post("/v1/accounts", json=body | {"customer_id": second})
    assert (taken.status_code, taken.json()["code"]) == (409, "ACCOUNT_TAKEN")
    assert [str(row[0]) for row in house.rows("SELECT customer_id FROM account")] == [customer]


async def test_an_account_needs_a_customer_of_ones_own(house: House) -> None:
    customer = str(await house.customer())
    body = {"account": "acc-1", "customer_id": customer}
    answer = await house.service(house.other).post("/v1/accounts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "CUSTOMER_UNKNOWN")
    assert house.rows("SELECT 1 FROM account") == []
