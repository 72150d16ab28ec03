"""The words for found typologies as features of the transaction score: what each pattern is, and where it is described.

The names are those of `aml.typologies`, which this table must not import; a test holds the two against each other.
"""

from collections.abc import Mapping

from explain.words import Words

_FFIEC = "FFIEC BSA/AML Manual, appendix F"
_PROFESSIONAL = "FATF, Professional Money Laundering (2018)"
_GRAPHS = "Altman et al., Realistic Synthetic Financial Transactions (2023)"
_MONITORING = "AMLR 2024/1624 Art. 26; 31 CFR 1020.320(a)(2)"
_STRUCTURING = "31 U.S.C. 5324; 31 CFR 1010.314; AMLR 2024/1624 Art. 80"

# what an officer calls the pattern, who describes it
_PATTERNS: Mapping[str, tuple[str, str]] = {
    "structuring": ("structuring below the reporting threshold", _STRUCTURING),
    "smurfing": ("cash deposits below the threshold at several branches (smurfing)", _STRUCTURING),
    "just_below": ("a habit of amounts just below the reporting threshold", _STRUCTURING),
    "fan_in": ("collection from many new accounts (fan-in)", _PROFESSIONAL),
    "fan_out": ("distribution to many new accounts (fan-out)", _PROFESSIONAL),
    "scatter_gather": ("money scattered over accounts and gathered again", _GRAPHS),
    "gather_scatter": ("money gathered from many and scattered to many", _GRAPHS),
    "bipartite": ("several accounts paying the same several accounts", _GRAPHS),
    "stack": ("three layers of accounts, each paying all of the next", _GRAPHS),
    "random_walk": ("a chain of like payments through many accounts", _PROFESSIONAL),
    "layered_fan_in": ("collection in two layers", _PROFESSIONAL),
    "layered_fan_out": ("distribution in two layers", _PROFESSIONAL),
    "funnel_account": ("cash banked in places and taken out elsewhere (funnel account)", "FinCEN FIN-2014-A005"),
    "pass_through": ("money passed straight on (pass-through)", _PROFESSIONAL),
    "deposit_and_send": ("cash deposited and sent on at once", _FFIEC),
    "rapid_movement": ("money sent on within the hour", _FFIEC),
    "mirrored_transfers": ("payments that mirror receipts", _PROFESSIONAL),
    "round_amounts": ("a habit of round amounts", _FFIEC),
    "benford": ("amounts whose first digits are unlike natural ones", "Nigrini, Benford's Law (2012), ch. 5"),
    "large_single": ("a single payment far above the account's usual", "31 CFR 1020.320(a)(2)(iii)"),
    "over_invoicing": ("a payment far above earlier ones of the pair", "FATF, Trade-Based Money Laundering (2020)"),
    "behaviour_change": ("a change of the account's behaviour", _FFIEC),
    "dormant_then_active": ("a long silence broken by large payments", _FFIEC),
    "new_payee": ("an unusually large first payment to a new payee", _FFIEC),
    "high_risk_jurisdiction": ("a high-risk country", "FATF R.19; AMLR 2024/1624 Art. 29; 31 CFR 1010.651"),
    "nested_correspondent": ("payments across borders for many others (nested account)", "FATF R.13; 31 CFR 1010.610"),
    "cuckoo_smurfing": ("strangers' cash in place of a transfer (cuckoo smurfing)", "AUSTRAC, Cuckoo Smurfing (2021)"),
    "same_person": ("a large transfer across a border between accounts of one party", _FFIEC),
    "third_party_cash": ("cash deposited by others than the owner", "31 CFR 1010.312"),
    "sanctioned_counterparty": ("a sanctioned counterparty", "31 CFR part 501; Regulation (EU) 269/2014, Art. 2"),
    "cycle": ("a round trip of money (cycle)", _GRAPHS),
    "peer_deviation": ("payments unlike those of the account's peers", _FFIEC),
}  # fmt: skip


def _words(what: str, source: str) -> Words:
    citation = f"{source}; {_MONITORING}"
    return Words(what, f"{what} was found with a strength of {{value}}", citation, {0.0: f"{what} was not found"})


TYPOLOGIES: Mapping[str, Words] = {f"hit_{name}": _words(*pattern) for name, pattern in _PATTERNS.items()}
