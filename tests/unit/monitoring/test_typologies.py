"""Each typology on a worked example that shows it and on its nearest innocent neighbour that does not."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from aml.engine import Engine
from aml.transaction import Channel, Transaction
from aml.typologies import NAMES, TYPOLOGIES
from tests.unit.monitoring.streams import PARAMETERS, found, pay


def test_every_typology_states_definition_source_and_sar_subtype() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for typology in TYPOLOGIES:
        assert typology.definition.endswith(".")
        assert typology.source
        assert typology.sar_subtype.isdigit()
        for parameter in typology.parameters:
            assert hasattr(PARAMETERS, parameter)


def test_structuring_names_the_deposits_and_their_sum() -> None:
    # FinCEN's own example of structuring: 9,900 and 9,500 on following days instead of one deposit above 10,000.
    deposits = [
        pay(i, day, "till", "A", amount, channel=Channel.CASH_DEPOSIT)
        for i, (day, amount) in enumerate([(0, "9900"), (0.2, "9500"), (1.1, "9800")])
    ]
    (hit,) = found(deposits, "structuring")
    assert hit.transactions == ("t0", "t1", "t2")
    assert hit.amount == Decimal("29200.00")
    assert hit.amounts == (Decimal("9900.00"), Decimal("9500.00"), Decimal("9800.00"))
    assert hit.accounts == ("A", "till")
    assert hit.window[1] - hit.window[0] == timedelta(days=7)
    assert "3 payments" in hit.text


@pytest.mark.parametrize("amounts", [("9900", "9500"), ("9900", "9500", "10000"), ("500", "600", "700")])
def test_deposits_that_are_too_few_reported_or_small_are_no_structuring(amounts: tuple[str, ...]) -> None:
    deposits = [pay(i, i, "till", "A", amount, channel=Channel.CASH_DEPOSIT) for i, amount in enumerate(amounts)]
    assert not found(deposits, "structuring")


def test_structuring_follows_the_threshold_that_is_passed_in() -> None:
    deposits = [pay(i, i, "till", "A", "2900", channel=Channel.CASH_DEPOSIT) for i in range(4)]
    assert not found(deposits, "structuring")
    assert found(deposits, "structuring", replace(PARAMETERS, reporting_threshold=Decimal(3000)))


def test_transfers_are_structuring_only_where_transfers_are_reported() -> None:
    transfers = [pay(i, i, "B", "A", "9500") for i in range(3)]
    assert not found(transfers, "structuring")
    assert found(transfers, "structuring", replace(PARAMETERS, reported_channels=frozenset()))


def test_fan_in_from_new_counterparties_within_a_week() -> None:
    payments = [pay(i, i * 0.8, f"mule{i}", "A", "900") for i in range(8)]
    (hit,) = found(payments, "fan_in")
    assert set(hit.transactions) == {f"t{i}" for i in range(8)}
    assert hit.amount == Decimal("7200.00")
    assert not found(payments[:-1], "fan_in")


def test_tenants_who_pay_every_month_are_no_fan_in() -> None:
    months = [pay(f"{m}-{i}", 30 * m + i * 0.1, f"tenant{i}", "A", "900") for m in range(2) for i in range(9)]
    assert found(months[:9], "fan_in")
    assert not found(months, "fan_in")


def test_a_shop_paid_by_card_is_no_fan_in() -> None:
    assert not found([pay(i, i * 0.1, f"buyer{i}", "A", "90", channel=Channel.CARD) for i in range(20)], "fan_in")


def test_fan_out_names_who_was_paid() -> None:
    (hit,) = found([pay(i, i * 0.01, "A", f"mule{i}", "900") for i in range(5)], "fan_out")
    assert hit.accounts == ("A", "mule0", "mule1", "mule2", "mule3", "mule4")
    assert hit.window[1] - hit.window[0] == timedelta(hours=1)


def test_pass_through_within_days() -> None:
    (hit,) = found([pay(1, 0, "X", "A", "5000"), pay(2, 2, "A", "Y", "4750")], "pass_through")
    assert hit.transactions == ("t1", "t2")
    assert "95%" in hit.text


@pytest.mark.parametrize(("days", "amount"), [(2, "4000"), (8, "4750"), (2, "5500")])
def test_money_that_stays_or_leaves_late_or_exceeds_is_no_pass_through(days: float, amount: str) -> None:
    assert not found([pay(1, 0, "X", "A", "5000"), pay(2, days, "A", "Y", amount)], "pass_through")


@pytest.mark.parametrize("hops", range(2, 11))
def test_cycles_of_two_to_ten_hops(hops: int) -> None:
    ring = [pay(i, i, f"a{i}", f"a{(i + 1) % hops}", str(1000 - 10 * i)) for i in range(hops)]
    (hit,) = found(ring, "cycle")
    assert hit.transactions == tuple(f"t{i}" for i in range(hops))
    assert set(hit.accounts) == {f"a{i}" for i in range(hops)}
    assert hit.amount == Decimal(1000 - 10 * (hops - 1))


def test_eleven_hops_are_beyond_the_search() -> None:
    assert not found([pay(i, i, f"a{i}", f"a{(i + 1) % 11}", "1000") for i in range(11)], "cycle")


@pytest.mark.parametrize(
    "ring",
    [
        [(2, "a", "b", "1000"), (1, "b", "c", "1000"), (3, "c", "a", "1000")],  # b paid before it was paid
        [(1, "a", "b", "1000"), (2, "b", "c", "400"), (3, "c", "a", "390")],  # most of it stayed with b
        [(1, "a", "b", "1000"), (2, "b", "c", "1500"), (3, "c", "a", "1500")],  # grew
        [(0, "a", "b", "1000"), (20, "b", "c", "1000"), (31, "c", "a", "1000")],  # took longer than the window
    ],
)
def test_payments_that_do_not_follow_each_other_are_no_cycle(ring: list[tuple[float, str, str, str]]) -> None:
    assert not found([pay(i, *hop) for i, hop in enumerate(ring)], "cycle")


@pytest.mark.parametrize("last", range(4))
def test_a_cycle_is_found_whichever_of_its_payments_arrives_last(last: int) -> None:
    ring = [pay(i, i * 0.2, f"a{i}", f"a{(i + 1) % 4}", str(1000 - 5 * i)) for i in range(4)]
    (hit,) = found([*ring[:last], *ring[last + 1 :], ring[last]], "cycle")
    assert hit.transactions == ("t0", "t1", "t2", "t3")


def test_a_search_that_ran_out_of_budget_says_so() -> None:
    hub = [pay(f"h{i}", 1 + i / 1000, f"x{i}", "b", "1000") for i in range(50)]
    ring = [pay("a", 1.9, "a", "b", "1000"), *hub, pay("b", 2, "b", "a", "990")]
    (hit,) = found(ring, "cycle", replace(PARAMETERS, search_budget=10))
    assert hit.exhausted
    assert "stopped at its budget" in hit.text


DE_IT = {"debtor_country": "DE", "creditor_country": "IT"}
IN_CASH = {"channel": Channel.CASH_DEPOSIT}
HABIT = [pay(f"h{i}", i * 1.1, "A", f"shop{i % 3}", str(40 + i % 7)) for i in range(25)]
"""A quiet life: 25 payments of about 40 to three shops, at changing hours."""

RETAIL = {"debtor_segment": "retail", "creditor_segment": "shop"}
PEERS = [pay(f"p{i}", i / 30, f"r{i % 40}", f"shop{i % 7}", str(20 + i % 50), **RETAIL) for i in range(700)]

EXAMPLES: dict[str, list[Transaction]] = {
    "smurfing": [
        pay(1, 0, "till", "A", "4000", **IN_CASH, branch="north"),
        *(
            pay(i, i, "till", "A", "7500", **IN_CASH, branch=branch)
            for i, branch in ((2, "north"), (3, "south"), (4, "east"))
        ),
    ],
    "just_below": [pay(i, i * 3, "A", f"b{i}", amount) for i, amount in enumerate(("9900", "9800", "9950", "9990"))],
    "scatter_gather": [
        *(pay(f"s{i}", i * 0.1, "S", f"m{i}", "1000") for i in range(3)),
        *(pay(f"g{i}", 1 + i * 0.1, f"m{i}", "D", "950") for i in range(3)),
    ],
    "gather_scatter": [
        *(pay(f"g{i}", i * 0.1, f"s{i}", "A", "1000") for i in range(4)),
        *(pay(f"s{i}", 1 + i * 0.1, "A", f"d{i}", "950") for i in range(4)),
    ],
    "bipartite": [pay(f"{i}{j}", i * 0.3 + j * 0.1, f"s{i}", f"d{j}", "500") for i in range(3) for j in range(2)],
    "stack": [
        *(pay(f"a{i}{j}", i * 0.3 + j * 0.1, f"s{i}", f"m{j}", "500") for i in range(2) for j in range(2)),
        *(pay(f"b{i}{j}", 2 + i * 0.3 + j * 0.1, f"m{i}", f"d{j}", "480") for i in range(2) for j in range(2)),
    ],
    "random_walk": [pay(i, i, f"a{i}", f"a{i + 1}", str(2000 - 20 * i)) for i in range(5)],
    "layered_fan_in": [
        *(pay(f"{c}{i}", i * 0.1, f"m{c}{i}", f"c{c}", "500") for c in range(2) for i in range(4)),
        pay("x", 2, "c0", "A", "1400"),
        pay("y", 2.1, "c1", "A", "1400"),
    ],
    "layered_fan_out": [
        pay("x", 0, "A", "c0", "1500"),
        pay("y", 0.1, "A", "c1", "1500"),
        *(pay(f"{c}{i}", 1 + i * 0.1, f"c{c}", f"m{c}{i}", "480") for c in range(2) for i in range(4)),
    ],
    "funnel_account": [
        *(pay(i, i, f"till{i}", "A", "3000", **IN_CASH, branch=f"b{i}") for i in range(3)),
        pay(9, 4, "A", "till9", "3000", channel=Channel.CASH_WITHDRAWAL, branch="far"),
    ],
    "deposit_and_send": [pay(1, 0, "till", "A", "5000", **IN_CASH), pay(2, 1, "A", "B", "4900", channel=Channel.WIRE)],
    "rapid_movement": [pay(1, 0, "X", "A", "5000"), pay(2, 0.03, "A", "Y", "4600")],
    "mirrored_transfers": [
        pay(1, 0, "X", "A", "1000"),
        pay(2, 1, "A", "Y", "980"),
        pay(3, 2, "W", "A", "2000"),
        pay(4, 3, "A", "Z", "1960"),
    ],
    "round_amounts": [pay(i, i, "A", f"b{i}", str(1000 + 100 * i)) for i in range(5)],
    "benford": [pay(i, i * 0.3, "A", f"b{i % 5}", str(500 + i % 400)) for i in range(160)],
    "large_single": [*HABIT, pay("x", 30, "A", "B", "12000")],
    "over_invoicing": [
        *(pay(i, i * 9, "P", "S", str(1900 + 50 * i)) for i in range(4)),
        pay("x", 40, "P", "S", "6000"),
    ],
    "behaviour_change": [*HABIT, pay("x", 28.49, "A", "B", "5000", channel=Channel.CRYPTO)],
    "dormant_then_active": [pay(1, 0, "A", "B", "50"), pay(2, 95, "X", "A", "4000")],
    "new_payee": [*HABIT, pay("x", 30, "A", "B", "5000")],
    "high_risk_jurisdiction": [pay(1, 0, "A", "B", "5000", debtor_country="DE", creditor_country="KP")],
    "nested_correspondent": [pay(i, i, "R", f"b{i}", "900", debtor_party=f"p{i}", **DE_IT) for i in range(3)],
    "cuckoo_smurfing": [
        pay(i, i * 0.5, f"till{i}", "A", "4000", **IN_CASH, debtor_party=f"p{i}", creditor_party="owner")
        for i in range(2)
    ],
    "same_person": [pay(1, 0, "A", "B", "20000", debtor_party="p", creditor_party="p", **DE_IT)],
    "third_party_cash": [
        pay(i, i * 8, "till", "A", "4000", **IN_CASH, debtor_party="p", creditor_party="owner") for i in range(2)
    ],
    "sanctioned_counterparty": [pay(1, 0, "A", "listed", "5")],
    "peer_deviation": [*PEERS, pay("x", 24, "r1", "shop1", "5000", **RETAIL)],
}
LISTED = replace(PARAMETERS, high_risk_countries=frozenset({"KP"}), sanctioned=frozenset({"listed"}))
INNOCENT: dict[str, list[Transaction]] = {
    "smurfing": [pay(i, i, "till", "A", "7500", **IN_CASH, branch="north") for i in range(4)],
    "just_below": [pay(i, i * 3, "A", f"b{i}", amount) for i, amount in enumerate(("9900", "100", "9950", "9990"))],
    "scatter_gather": [
        *(pay(f"g{i}", i * 0.1, f"m{i}", "D", "950") for i in range(2)),  # they paid before they were paid
        *(pay(f"s{i}", 1 + i * 0.1, "S", f"m{i}", "1000") for i in range(3)),
        pay("last", 2, "m2", "D", "950"),
    ],
    "gather_scatter": [pay(f"g{i}", i * 0.1, f"s{i}", "A", "1000") for i in range(8)],
    "bipartite": [pay(f"{i}", i * 0.3, f"s{i}", "d", "500") for i in range(6)],
    "stack": [pay(f"b{i}{j}", 2 + i * 0.3 + j * 0.1, f"m{i}", f"d{j}", "480") for i in range(2) for j in range(2)],
    "random_walk": [pay(i, i, f"a{i}", f"a{i + 1}", str(2000 - 400 * i)) for i in range(5)],
    "layered_fan_in": [pay(f"{i}", i * 0.1, f"m{i}", "A", "500") for i in range(7)],
    "layered_fan_out": [pay(f"{i}", i * 0.1, "A", f"m{i}", "500") for i in range(7)],
    "funnel_account": [
        *(pay(i, i, f"till{i}", "A", "3000", **IN_CASH, branch=f"b{i}") for i in range(3)),
        pay(9, 4, "A", "till9", "3000", channel=Channel.CASH_WITHDRAWAL, branch="b1"),
    ],
    "deposit_and_send": [pay(1, 0, "till", "A", "5000", **IN_CASH), pay(2, 3, "A", "B", "4900")],
    "rapid_movement": [pay(1, 0, "X", "A", "5000"), pay(2, 0.05, "A", "Y", "4600")],
    "mirrored_transfers": [pay(1, 0, "X", "A", "1000"), pay(2, 1, "A", "X", "980"), pay(3, 3, "A", "Z", "1960")],
    "round_amounts": [pay(i, i, "A", f"b{i}", str(1000 + 101 * i)) for i in range(5)],
    "benford": [pay(i, i * 0.3, "A", f"b{i % 5}", str(round(10 ** (1 + 2 * (i % 160) / 160), 2))) for i in range(160)],
    "large_single": [*HABIT, pay("x", 30, "A", "B", "120")],
    "over_invoicing": [
        *(pay(i, i * 9, "P", "S", str(1900 + 50 * i)) for i in range(4)),
        pay("x", 40, "P", "S", "3100"),
    ],
    "behaviour_change": [*HABIT, pay("x", 28.49, "A", "shop1", "45")],
    "dormant_then_active": [pay(1, 0, "A", "B", "50"), pay(2, 80, "X", "A", "4000")],
    "new_payee": [*HABIT, pay("w", 29, "A", "B", "5"), pay("x", 30, "A", "B", "5000")],
    "high_risk_jurisdiction": [pay(1, 0, "A", "B", "5000", **DE_IT)],
    "nested_correspondent": [pay(i, i, "R", f"b{i}", "900", debtor_party="p", **DE_IT) for i in range(3)],
    "cuckoo_smurfing": [
        pay(0, 0, "till", "A", "900", **IN_CASH, debtor_party="owner", creditor_party="owner"),
        *(
            pay(i, i * 0.5, f"till{i}", "A", "4000", **IN_CASH, debtor_party=f"p{i}", creditor_party="owner")
            for i in (1, 2)
        ),
    ],
    "same_person": [pay(1, 0, "A", "B", "20000", debtor_party="p", creditor_party="q", **DE_IT)],
    "third_party_cash": [
        pay(i, i, "till", "A", "4000", **IN_CASH, debtor_party="owner", creditor_party="owner") for i in range(2)
    ],
    "sanctioned_counterparty": [pay(1, 0, "A", "B", "5")],
    "peer_deviation": [*PEERS, pay("x", 24, "firm", "shop1", "5000", debtor_segment="firm", creditor_segment="none")],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_typology_is_found_in_its_example_with_the_evidence(name: str) -> None:
    example = EXAMPLES[name]
    hits = found(example, name, LISTED)
    assert hits
    hit = hits[0]
    ids = {transaction.transaction_id for transaction in example}
    assert set(hit.transactions) <= ids
    assert example[-1].transaction_id in hit.transactions
    assert len(hit.amounts) == len(hit.transactions)
    involved = {account for t in example for account in (t.debtor_account, t.creditor_account)}
    assert set(hit.accounts) <= involved
    assert 0.0 < hit.score <= 1.0
    assert hit.amount > 0
    assert "{" not in hit.text


@pytest.mark.parametrize("name", INNOCENT)
def test_the_typology_is_not_found_in_its_innocent_neighbour(name: str) -> None:
    assert not found(INNOCENT[name], name, LISTED)


def test_every_typology_has_an_example() -> None:
    elsewhere = {"structuring", "fan_in", "fan_out", "pass_through", "cycle"}
    assert set(EXAMPLES) | elsewhere == set(NAMES)
    assert set(INNOCENT) == set(EXAMPLES)


def test_what_cannot_be_evaluated_is_named_with_the_reason() -> None:
    engine = Engine(replace(PARAMETERS, typologies=frozenset(NAMES) - {"cycle"}))
    engine.push([pay(1, 0, "A", "B", "5", debtor_country="DE", creditor_country="FR")])
    reasons = engine.not_evaluated()
    assert reasons["cycle"].startswith("switched off")
    assert reasons["high_risk_jurisdiction"] == "the list high_risk_countries is empty"
    assert reasons["same_person"] == "no transaction has debtor_party and creditor_party"
    assert "fan_in" not in reasons


def test_a_payment_that_screening_is_known_to_have_confirmed_is_a_hit_without_a_list() -> None:
    engine = Engine(PARAMETERS)
    assert engine.not_evaluated()["sanctioned_counterparty"] == "the list sanctioned is empty"
    told = engine.push([pay(1, 0, "A", "B", "5"), pay(2, 1, "A", "C", "5")], sanctioned=[True, False])
    assert [[hit.typology for hit in hits] for hits in told.hits] == [["sanctioned_counterparty"], []]
    assert "sanctioned_counterparty" not in engine.not_evaluated()
    assert "sanctioned_counterparty" not in Engine.restore(engine.snapshot(), PARAMETERS).not_evaluated()


def test_peers_are_not_evaluated_where_no_segment_is_known() -> None:
    engine = Engine(PARAMETERS)
    engine.push([pay(1, 0, "A", "B", "5")])
    assert engine.not_evaluated()["peer_deviation"] == "no transaction has debtor_segment and creditor_segment"
    engine.push([pay(2, 1, "A", "B", "5", **RETAIL)])
    assert "peer_deviation" not in engine.not_evaluated()


def test_a_payee_or_a_country_that_was_never_paid_is_a_change_of_behaviour() -> None:
    home = {"debtor_country": "DE", "creditor_country": "DE"}
    steady = [pay(i, i * 0.5, "A", f"shop{i % 2}", "900", **home) for i in range(120)]
    usual = pay("u", 60.5, "A", "shop1", "1500", **home)
    strange = pay("x", 61, "A", "stranger", "4000", debtor_country="DE", creditor_country="TR")
    assert not found([*steady, usual], "behaviour_change")
    (hit,) = found([*steady, usual, strange], "behaviour_change")
    assert "in 3 ways" in hit.text
