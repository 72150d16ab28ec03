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

_OLD = 45.0
"""The age in days from which accounts and pairs are simply old."""


def _nearby(what: str) -> Words:
    return Words(
        f"typologies on {what}", f"a typology was found on {what}, with a strength of {{value}}", _MULES,
        {0.0: f"no typology was found on {what}"},
    )  # fmt: skip


_PAYMENT: Mapping[str, Words] = {
    "amount_rank": Words(
        "the amount beside all others", "the amount is higher than {value} of all payments", _MONITORING, percent=True
    ),
    "amount_times_usual": Words(
        "the amount beside the usual one", "the amount is {value} times that of a usual payment", _MONITORING
    ),
    "amount_to_threshold": Words(
        "the amount beside the threshold", "the amount is {value} of the reporting threshold", _STRUCTURING,
        percent=True,
    ),
    "debtor_hour_share": Words(
        "the payer's hours", "the payer made {value} of its payments within an hour of this time of day", _MONITORING,
        {_NOT_SEEN: "the payer has no usual hours yet"}, percent=True,
    ),
    "debtor_channel_share": Words(
        "the payer's channels", "the payer made {value} of its payments this way", _MONITORING,
        {_NOT_SEEN: "the payer has no usual channel yet"}, percent=True,
    ),
    "debtor_amount_rank": Words(
        "the amount beside the payer's own", "the amount is higher than {value} of the payer's own payments",
        _MONITORING, {_NOT_SEEN: "the payer has no usual amount to compare with"}, percent=True,
    ),
    "is_cash": Words("the kind of payment", "cash {value}", _CASH, {0.0: "it is no cash payment", 1.0: "it is cash"}),
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
        "since when the payer is known", "the payer's account was first seen {value} days ago", _MONITORING,
        {_OLD: "the payer's account was first seen 45 days ago or more"}, decimals=0,
    ),
    "creditor_age_days": Words(
        "since when the payee is known", "the payee's account was first seen {value} days ago", _MONITORING,
        {_OLD: "the payee's account was first seen 45 days ago or more"}, decimals=0,
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
    "debtor_peer_deviation": Words(
        "what the payer's peers pay", "the amount is {value} robust deviations from what the payer's peers pay",
        _MONITORING, {0.0: "the amount is usual among the payer's peers, or they are not known"}, decimals=1,
    ),
    "creditor_peer_deviation": Words(
        "what the payee's peers receive", "the amount is {value} robust deviations from what the payee's peers receive",
        _MONITORING, {0.0: "the amount is usual among the payee's peers, or they are not known"}, decimals=1,
    ),
    "pair_count": Words(
        "how often the two paid each other", "it is payment {value} of this payer to this payee", _MONITORING,
        {_NOT_SEEN: "it came too late to be counted"}, decimals=0,
    ),
    "pair_age_days": Words(
        "since when the two pay each other", "this payer first paid this payee {value} days ago", _MONITORING,
        {_NOT_SEEN: "it came too late to be counted", _OLD: "this payer first paid this payee 45 days ago or more"},
        decimals=0,
    ),
    "returned_count": Words(
        "payments the other way", "the payee made {value} payments to the payer lately", _MONITORING,
        {0.0: "the payee paid the payer nothing lately"}, decimals=0,
    ),
    "debtor_below_count": Words(
        "the payer's amounts just below the threshold",
        "the payer's account had {value} payments just below the reporting threshold lately", _STRUCTURING,
        {0.0: "the payer's account had no payments just below the reporting threshold lately"}, decimals=0,
    ),
    "creditor_below_count": Words(
        "the payee's amounts just below the threshold",
        "the payee's account received {value} payments just below the reporting threshold lately", _STRUCTURING,
        {0.0: "the payee's account received no payments just below the reporting threshold lately"}, decimals=0,
    ),
    "passed_on_share": Words(
        "money passed on", "it is {value} of a payment that the payer had received within a week", _MULES,
        {0.0: "the payer had received no payment of about this size within a week"}, percent=True,
    ),
    "passed_on_hours": Words(
        "how fast money is passed on", "the payer had received a payment of about this size {value} hours before",
        _MULES, {_NOT_SEEN: "the payer had received no payment of about this size within a week"}, decimals=1,
    ),
    "passed_on_hops": Words(
        "how far money has come", "money of about this size came here over {value} accounts", _MULES,
        {0.0: "it passes on no money that came in one piece"}, decimals=0,
    ),
    "debtor_received_found": _nearby("what the payer received within a week"),
    "debtor_alike": Words(
        "like payments to others", "the payer made {value} payments of about this size to others new to it in a week",
        _MULES, {0.0: "the payer made no payments of this size to others new to it in a week"}, decimals=0,
    ),
    "debtor_sent_found": _nearby("what the payer sent within a week"),
    "creditor_alike": Words(
        "like payments from others",
        "the payee got {value} payments of about this size from others new to it in a week",
        _MULES, {0.0: "the payee got no payments of this size from others new to it in a week"}, decimals=0,
    ),
    "creditor_received_found": _nearby("what the payee received within a week"),
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
                f"{side}_turnover_{window}": Words(
                    f"what {verb} {within}", f"{verb} {{value}} times a usual payment {within}", _MONITORING, decimals=1
                ),
                f"{side}_fresh_{window}": _counted(
                    f"{verb} {{value}} payments {way} accounts new to it {within}", _MULES
                ),
                f"{side}_fresh_share_{window}": Words(
                    f"the share of new accounts {within}",
                    f"{verb} payments {way} accounts of which {{value}} were new to it {within}",
                    _MULES,
                    {_NOT_SEEN: f"{verb} no payments {within}"},
                    percent=True,
                ),
            }
            if side != "creditor_out" and window != "30d":
                words |= {
                    f"{side}_pace_{window}": Words(
                        f"the pace at which {verb} payments",
                        f"{verb} {{value}} times as many payments {within} as at an even pace",
                        _MONITORING,
                        decimals=1,
                    ),
                    f"{side}_surge_{window}": Words(
                        f"how what {verb} has grown",
                        f"{verb} {{value}} times as much {within} as at an even pace",
                        _MONITORING,
                        decimals=1,
                    ),
                }
    for role, whose in (("debtor", "the payer's"), ("creditor", "the payee's")):
        for window, span in _WINDOWS.items():
            words[f"{role}_flow_ratio_{window}"] = Words(
                f"what {whose} account sent on",
                f"{whose} account sent on {{value}} of what it received within {span}",
                _MULES,
                {_NOT_SEEN: f"{whose} account received nothing within {span}"},
                percent=True,
            )
    return words  # fmt: skip


def _counted(text: str, citation: str) -> Words:
    return Words(text.format(value="a number of"), text, citation, {0.0: text.format(value="no")}, decimals=0)


TRANSACTIONS: Mapping[str, Words] = {**_PAYMENT, **_window_words(), **TYPOLOGIES}

ALERTS: Mapping[str, Words] = {
    "score": Words(
        "the model's score", "the model gives {value} that it belongs to laundering", _MONITORING, percent=True
    ),
    "unknown_account": Words(
        "whose the accounts are", "an account is unknown: {value}", _MONITORING,
        {0.0: "both accounts are known", 1.0: "an account is unknown"},
    ),
    **{
        f"{family}_hit": Words(
            f"typologies on {what}", f"a typology on {what} was found, with a strength of {{value}}", _MULES,
            {0.0: f"no typology on {what} was found"},
        )
        for family, what in (
            ("graph", "who pays whom"),
            ("amount", "amounts and speed"),
            ("behaviour", "behaviour"),
            ("geography", "countries and status"),
        )
    },
}  # fmt: skip
"""The facts of the alert table (`aml.scoring.alert_facts`), where no rule has said them."""
