"""The words for what the transaction score sees: a payment, its two accounts, their windows, and found typologies.

The names are those of `aml.features`, which this table must not import; a test holds the two against each other.
"""

from collections.abc import Mapping

from explain.reasons_typologies import TYPOLOGIES
from explain.words import Words

_MONITORING = "FATF R.10(d); AMLR 2024/1624 Art. 26; 31 CFR 1020.320(a)(2)"
_STRUCTURING = "31 U.S.C. 5324; 31 CFR 1010.314; AMLR 2024/1624 Art. 80"
_CASH = "FATF R.10; 31 CFR 1010.311; AMLR 2024/1624 Art. 80"
_BORDER = "FATF R.16; Regulation (EU) 2023/1113; 31 CFR 1010.410(f)"
_MULES = "FATF, Professional Money Laundering (2018); AMLR 2024/1624 Art. 26"
_NOT_SEEN = -1.0
"""How `aml.features` writes "nothing of the kind yet"."""

_PAYMENT: Mapping[str, Words] = {
    "amount_log": Words("the amount", "the amount is {value}", _MONITORING, log=True),
    "amount_to_threshold": Words(
        "the amount beside the threshold", "the amount is {value} of the reporting threshold", _STRUCTURING,
        percent=True,
    ),
    "hour": Words("the hour", "it was booked at {value} h UTC", _MONITORING, decimals=0),
    "weekday": Words(
        "the weekday", "weekday {value}", _MONITORING,
        {float(i): f"it was booked on a {day}" for i, day in enumerate(
            ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))},
    ),
    "is_cash": Words("the channel", "cash {value}", _CASH, {0.0: "it is no cash payment", 1.0: "it is cash"}),
    "is_round": Words(
        "the amount's form", "round {value}", _MONITORING, {0.0: "the amount is not round", 1.0: "the amount is round"}
    ),
    "is_below_threshold": Words(
        "the distance to the threshold", "below the threshold {value}", _STRUCTURING,
        {0.0: "the amount is not just below the reporting threshold",
         1.0: "the amount is just below the reporting threshold"},
    ),
    "is_cross_border": Words(
        "the countries", "cross-border {value}", _BORDER,
        {_NOT_SEEN: "a country is not known", 0.0: "it stays within one country", 1.0: "it crosses a border"},
    ),
    "is_own_transfer": Words(
        "the holders", "own transfer {value}", _MONITORING,
        {0.0: "payer and payee are different accounts", 1.0: "payer and payee are the same"},
    ),
    "debtor_age_days": Words(
        "since when the payer is known", "the payer's account was first seen {value} days ago", _MONITORING, decimals=0
    ),
    "creditor_age_days": Words(
        "since when the payee is known", "the payee's account was first seen {value} days ago", _MONITORING, decimals=0
    ),
    "debtor_hours_since_out": Words(
        "the payer's previous payment", "the payer paid {value} hours before", _MONITORING,
        {_NOT_SEEN: "the payer had not paid anyone lately"}, decimals=1,
    ),
    "debtor_hours_since_in": Words(
        "the payer's previous receipt", "the payer had received money {value} hours before", _MULES,
        {_NOT_SEEN: "the payer had not received anything lately"}, decimals=1,
    ),
    "creditor_hours_since_in": Words(
        "the payee's previous receipt", "the payee had received money {value} hours before", _MULES,
        {_NOT_SEEN: "the payee had not received anything lately"}, decimals=1,
    ),
    "debtor_amount_deviation": Words(
        "the payer's usual amounts", "the amount is {value} standard deviations from the payer's usual", _MONITORING,
        {0.0: "the payer has no usual amount to compare with"}, decimals=1,
    ),
    "creditor_amount_deviation": Words(
        "the payee's usual amounts", "the amount is {value} standard deviations from the payee's usual", _MONITORING,
        {0.0: "the payee has no usual amount to compare with"}, decimals=1,
    ),
    "pair_count": Words(
        "how often the two paid each other", "it is payment {value} of this payer to this payee", _MONITORING,
        {_NOT_SEEN: "it came too late to be counted"}, decimals=0,
    ),
    "pair_age_days": Words(
        "since when the two pay each other", "this payer first paid this payee {value} days ago", _MONITORING,
        {_NOT_SEEN: "it came too late to be counted"}, decimals=0,
    ),
    "cycle_count": Words(
        "round trips", "it closes {value} round trips", _MULES, {0.0: "it closes no round trip"}, decimals=0
    ),
    "cycle_hops": Words(
        "the length of the round trip", "the round trip has {value} hops", _MULES,
        {0.0: "there is no round trip to measure"}, decimals=0,
    ),
    "cycle_budget_spent": Words(
        "the search for round trips", "search budget {value}", _MONITORING,
        {0.0: "the search for round trips was complete", 1.0: "the search for round trips had to stop early"},
    ),
}  # fmt: skip

_WINDOWS = {"1h": "one hour", "1d": "one day", "7d": "seven days", "30d": "30 days"}
_SIDES = {
    "debtor_out": ("the payer's account sent", "to"),
    "debtor_in": ("the payer's account received", "from"),
    "creditor_out": ("the payee's account sent", "to"),
    "creditor_in": ("the payee's account received", "from"),
}


def _window_words() -> dict[str, Words]:
    words: dict[str, Words] = {}
    for side, (verb, way) in _SIDES.items():
        for window, span in _WINDOWS.items():
            within = f"within {span}"
            words |= {
                f"{side}_count_{window}": _counted(f"{verb} {{value}} payments {within}", _MONITORING),
                f"{side}_sum_log_{window}": Words(
                    f"what {verb} {within}", f"{verb} {{value}} in all {within}", _MONITORING, decimals=0, log=True
                ),
                f"{side}_distinct_{window}": _counted(f"{verb} payments {way} {{value}} accounts {within}", _MULES),
                f"{side}_below_count_{window}": _counted(
                    f"{verb} {{value}} payments just below the reporting threshold {within}", _STRUCTURING
                ),
                f"{side}_fresh_{window}": _counted(
                    f"{verb} {{value}} payments {way} accounts new to it {within}", _MULES
                ),
            }
    for role, whose in (("debtor", "the payer's"), ("creditor", "the payee's")):
        for window, span in _WINDOWS.items():
            words[f"{role}_flow_ratio_{window}"] = Words(
                f"what {whose} account sent on", f"{whose} account sent on {{value}} of what it received within {span}",
                _MULES, {_NOT_SEEN: f"{whose} account received nothing within {span}"}, percent=True,
            )  # fmt: skip
    return words


def _counted(text: str, citation: str) -> Words:
    return Words(text.format(value="a number of"), text, citation, {0.0: text.format(value="no")}, decimals=0)


TRANSACTIONS: Mapping[str, Words] = {**_PAYMENT, **_window_words(), **TYPOLOGIES}
