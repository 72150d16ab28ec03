"""A foreign payment counts as it was booked, else at the tenant's rates, else not at all; and it says which."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aml.counter_value import Rates, conversion, implausible, parse_rates, with_counter_value
from aml.engine import Engine, PushResult
from aml.files import BrokenRow, FileUnreadable, read_transactions
from aml.money import DECIMALS, InvalidMoney, Money, to_minor
from aml.parameters import MonitoringParameters
from aml.transaction import Channel, InvalidTransaction, Transaction

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
PARAMETERS = MonitoringParameters(
    "USD", Decimal(10_000), reported_channels=frozenset({"cash_deposit", "cash_withdrawal"})
)
RATES = Rates("the rates of 2026-01-01", {"EUR": Decimal("1.08"), "JPY": Decimal("0.0067")})


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def cash() -> list[Transaction]:
    """Structured deposits, in dollars."""
    return [
        Transaction(f"c{n}", START + timedelta(hours=n), "till", "A", usd(amount), Channel.CASH_DEPOSIT, branch="1")
        for n, amount in enumerate(("9500.00", "9400.00", "9300.00", "9200.00"))
    ]


def one_large() -> list[Transaction]:
    small = [Transaction(f"s{n}", START + timedelta(days=n), "A", "B", usd(f"{90 + n}.00")) for n in range(8)]
    return [*small, Transaction("large", START + timedelta(days=9), "A", "B", usd("30000.00"))]


def abroad(payments: list[Transaction], booked: bool) -> list[Transaction]:
    """The same in euro."""
    return [
        replace(
            t,
            money=Money((t.money.amount / Decimal("1.08")).quantize(Decimal("0.01")), "EUR"),
            counter_value=t.money if booked else None,
        )
        for t in payments
    ]


def pushed(payments: list[Transaction], parameters: MonitoringParameters = PARAMETERS) -> PushResult:
    return Engine(parameters).push(payments)


@pytest.mark.parametrize(
    ("payments", "typology"), [(cash(), "structuring"), (one_large(), "large_single")], ids=["cash", "large"]
)
def test_a_foreign_payment_with_its_booking_counts_as_its_domestic_twin(
    payments: list[Transaction], typology: str
) -> None:
    domestic, foreign, unrated = pushed(payments), pushed(abroad(payments, True)), pushed(abroad(payments, False))
    assert typology in {hit.typology for hit in domestic.hits[-1]}
    assert foreign.hits == domestic.hits
    assert np.array_equal(foreign.features, domestic.features, equal_nan=True)
    assert foreign.unrated == ()
    assert unrated.unrated == tuple(range(len(payments)))
    assert typology not in {hit.typology for hits in unrated.hits for hit in hits}


def test_the_booking_goes_before_any_table_and_a_third_currency_only_helps_where_the_table_lacks_the_first() -> None:
    parameters = replace(PARAMETERS, rates={"EUR": Decimal(2), "GBP": Decimal(2)})

    def counted(currency: str, counter_value: Money | None) -> int:
        payment = Transaction("t", START, "A", "B", Money(Decimal(100), currency), counter_value=counter_value)
        return Engine(parameters)._numbering.in_base(payment)

    assert counted("EUR", None) == 20_000
    assert counted("EUR", usd("108.00")) == 10_800
    assert counted("EUR", Money(Decimal(90), "GBP")) == 20_000
    assert counted("CHF", Money(Decimal(90), "GBP")) == 18_000
    assert counted("CHF", Money(Decimal(90), "SEK")) == -1


def test_a_table_gives_what_is_then_kept_with_the_payment() -> None:
    payments = abroad(cash(), False)
    counted = [with_counter_value(payment, "USD", RATES) for payment in payments]
    assert [t.counter_value for t in counted] == [t.money for t in cash()]
    assert {t.rates_of for t in counted} == {"the rates of 2026-01-01"}
    # Another table later changes nothing: the payment says what it counts as.
    later = replace(RATES, units={"EUR": Decimal(3)})
    assert [with_counter_value(payment, "USD", later) for payment in counted] == counted
    assert pushed(counted).hits == pushed(cash()).hits
    assert counted[0].between("a", "b").counter_value == counted[0].counter_value


def test_what_the_table_cannot_tell_stays_as_it_is() -> None:
    [domestic, foreign] = cash()[0], abroad(cash(), False)[0]
    unknown = replace(foreign, money=Money(Decimal(5), "XAF"))
    for payment in (domestic, unknown, replace(foreign, counter_value=usd("1.00"))):
        assert with_counter_value(payment, "USD", RATES) is payment
    enormous = replace(foreign, money=Money(Decimal(90_000_000_000_000), "EUR"))
    assert with_counter_value(enormous, "USD", RATES) is enormous
    tiny = replace(foreign, money=Money(Decimal(1), "JPY"))
    assert with_counter_value(tiny, "USD", RATES).counter_value == usd("0.01")


@given(
    st.sampled_from(sorted(DECIMALS)),
    st.sampled_from(["USD", "JPY", "BHD"]),
    st.integers(1, 10**9),
    st.decimals("0.00001", "100000", places=5),
)
def test_a_converted_amount_is_money_of_the_regime_and_what_the_engine_would_have_counted(
    currency: str, base: str, minor: int, rate: Decimal
) -> None:
    money = Money(Decimal(minor).scaleb(-DECIMALS[currency]), currency)
    payment = Transaction("t", START, "A", "B", money)
    counted = with_counter_value(payment, base, Rates("r", {currency: rate})).counter_value
    parameters = MonitoringParameters(base, Decimal(10_000), rates={currency: rate})
    try:
        direct = Engine(parameters)._numbering.in_base(payment)
    except InvalidMoney:
        assert counted is None
        return
    if currency == base:
        assert counted is None
    else:
        assert counted is not None
        assert to_minor(counted.amount, base) == max(direct, 1)


@pytest.mark.parametrize(
    ("money", "stated", "says"),
    [
        ("100.00 EUR", "108.00 USD", None),
        ("100.00 EUR", "92.59 USD", None),  # which way a rate near one was meant nobody can tell
        ("100.00 EUR", "5399.00 USD", None),
        ("100.00 EUR", "10800.00 USD", "check its unit and the direction of the rate"),
        ("100.00 EUR", "1.08 USD", "more than 50 times off 108.00 USD"),
        ("150000 JPY", "22388059.70 USD", "direction of the rate"),
        ("100.00 EUR", "90.00 GBP", "your payments are monitored in USD"),
        ("100.00 XAF", "9000000.00 USD", None),
        ("100.00 USD", "100.00 USD", None),
        ("100.00 USD", "90.00 EUR", None),
    ],
)
def test_what_cannot_be_is_told_from_what_the_table_does_not_know(money: str, stated: str, says: str | None) -> None:
    def read(text: str) -> Money:
        amount, _, currency = text.partition(" ")
        return Money(Decimal(amount).quantize(Decimal(1).scaleb(-DECIMALS[currency])), currency)

    payment = Transaction("t", START, "A", "B", read(money), counter_value=read(stated))
    problem = implausible(payment, "USD", RATES.units)
    assert problem is None if says is None else problem is not None and says in problem


def test_a_decision_says_what_the_payment_counted_as() -> None:
    domestic, [unrated, *_], [booked, *_] = cash()[0], abroad(cash(), False), abroad(cash(), True)
    assert conversion(domestic, "USD") == ()
    [finding] = conversion(booked, "USD")
    assert (finding.rule, finding.text) == ("valued_as", "8796.30 EUR counted as 9500.00 USD, as it was booked")
    assert finding.values["counted"] == "9500.00"
    [finding] = conversion(with_counter_value(unrated, "USD", RATES), "USD")
    assert finding.text.endswith("USD, at the rates of 2026-01-01")
    [finding] = conversion(unrated, "USD")
    assert (finding.rule, finding.effect) == ("without_rate", "not counted")
    assert "No rate for EUR" in finding.text


def test_a_second_amount_in_the_payments_own_currency_is_refused_unless_it_is_the_same() -> None:
    payment = cash()[0]
    assert replace(payment, counter_value=usd("9500.00")).counter_value == payment.money
    with pytest.raises(InvalidTransaction, match="another amount in the payment's own currency, USD") as refused:
        replace(payment, counter_value=usd("9500.01"))
    assert refused.value.field == "counter_value"
    with pytest.raises(InvalidTransaction, match="give a Money"):
        replace(payment, counter_value=Decimal(1))  # type: ignore[arg-type]


@pytest.mark.parametrize("stated", [[1], None, {"EUR": "x"}, {"EUR": True}, {"EUR": None}, {"ZZZ": "1"}, {"EUR": "0"}])
def test_a_table_that_is_none_is_refused(stated: object) -> None:
    with pytest.raises(ValueError, match=r"currenc|rate"):
        parse_rates(stated)


HEADER = "transaction_id,booked_at,debtor_account,creditor_account,amount,currency,counter_amount,counter_currency"


def written(folder: Path, rows: Sequence[str], header: str = HEADER) -> Path:
    path = folder / "payments.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def test_files_of_our_own_layout_and_mapped_ones_say_it_in_two_columns(tmp_path: Path) -> None:
    path = written(tmp_path, ["t1,2026-01-31T12:00:00Z,A,B,100,EUR,108.00,USD", "t2,2026-01-31T12:00:00Z,A,B,5,EUR,,"])
    first, second = read_transactions(path)
    assert isinstance(first, Transaction)
    assert isinstance(second, Transaction)
    assert (first.counter_value, second.counter_value) == (usd("108.00"), None)
    parquet = tmp_path / "payments.parquet"
    polars.read_csv(path, infer_schema_length=0).write_parquet(parquet)
    assert list(read_transactions(parquet)) == [first, second]
    path = written(tmp_path, ["t1,2026-01-31T12:00:00Z,A,B,100,EUR,108.00"], "id,at,from,to,sum,cur,in dollars")
    columns = {
        "transaction_id": "id",
        "booked_at": "at",
        "debtor_account": "from",
        "creditor_account": "to",
        "amount": "sum",
        "currency": "cur",
    }
    mapped = {**columns, "counter_amount": "in dollars", "counter_currency": "=USD"}
    assert list(read_transactions(path, mapped)) == [first]
    with pytest.raises(FileUnreadable, match="counter_amount, counter_currency"):
        list(read_transactions(path, {**columns, "rate": "in dollars"}))


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        ("-1,USD", "counter_amount", "not above zero"),
        ("many,USD", "counter_amount", "is not an amount"),
        ("1.08,", "counter_currency", "ISO 4217"),
        ("1.08,ZZZ", "counter_currency", "ISO 4217"),
        ("99,EUR", "counter_amount", "another amount in the payment's own currency"),
    ],
)
def test_a_broken_counter_value_names_its_column(tmp_path: Path, cells: str, column: str, says: str) -> None:
    [broken] = read_transactions(written(tmp_path, [f"t1,2026-01-31T12:00:00Z,A,B,100,EUR,{cells}"]))
    assert isinstance(broken, BrokenRow)
    assert broken.column == column
    assert says in broken.problem
