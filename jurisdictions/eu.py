"""The European Union: Directive (EU) 2015/849 until 9 July 2027, then Regulation (EU) 2024/1624 (AMLR).

Member States' own rules (a lower cash limit, a national list of FIU codes) are the tenant's to add.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from jurisdictions.calendars import target_holiday
from jurisdictions.countries import countries
from jurisdictions.lists import FATF_INCREASED_MONITORING
from jurisdictions.regime import HOUSE_RULE, Amount, Cited, FilingClocks, FourEyes, Regime, Term, Unit

_AMLD4 = date(2017, 6, 26)
_AMLD5 = date(2020, 1, 10)
_TRANSFERS = date(2024, 12, 30)
"""Regulation (EU) 2023/1113 applies."""
_LAST_OF_AMLD = date(2027, 7, 9)
_AMLR = date(2027, 7, 10)
"""Regulation (EU) 2024/1624, Art. 90."""

_HIGH_RISK = Cited(
    countries("AF AO BF CD CI CM DZ HT IR KE KP LA LB MC ML MM MZ NA NG NP SS SY TT TZ VE VN VU YE ZA"),
    "Delegated Regulation (EU) 2016/1675, annex, as amended by Delegated Regulation (EU) 2025/1184",
    date(2025, 8, 5),
)

EU_AMLD = Regime(
    code="EU",
    version="eu-2024.1",
    name="European Union (Directive (EU) 2015/849)",
    effective_from=_TRANSFERS,
    effective_to=_LAST_OF_AMLD,
    currency="EUR",
    documents=Cited(
        ("TD3", "TD1", "TD2"),
        "Directive (EU) 2015/849, Art. 13(1)(a): documents from a reliable and independent source",
        _AMLD5,
        _LAST_OF_AMLD,
    ),
    unexpired_document=Cited(True, "EBA/GL/2022/15, para. 30 (remote onboarding)", date(2023, 10, 2)),
    minimum_age=Cited(18, f"{HOUSE_RULE}: majority in nearly all Member States", _TRANSFERS),
    beneficial_ownership_percent=Cited(
        Decimal(25), "Directive (EU) 2015/849, Art. 3(6)(a)(i): more than 25 %", _AMLD4, _LAST_OF_AMLD
    ),
    rejects=Cited(
        frozenset(),
        "Regulation (EU) 2016/679, Art. 22(1): no refusal by automated means alone; an officer refuses",
        date(2018, 5, 25),
    ),
    policy_citations=(
        ("sanctions_confirmed", "Regulation (EU) No 269/2014, Art. 2, and its sisters under Art. 215 TFEU"),
        ("watchlist_stale", "EBA/GL/2024/15; house rule on the age of lists"),
        ("no_accepted_document", "Directive (EU) 2015/849, Art. 13(1)(a)"),
        ("document_not_accepted_type", "Directive (EU) 2015/849, Art. 13(1)(a)"),
        ("document_expired", "EBA/GL/2022/15, para. 30"),
        ("application_mismatch", "Directive (EU) 2015/849, Art. 13(1)(a)"),
        ("risk_high", "Directive (EU) 2015/849, Art. 18(1)"),
        ("high_risk_country", "Directive (EU) 2015/849, Art. 18a"),
        ("politically_exposed", "Directive (EU) 2015/849, Art. 20(b)"),
    ),
    required_lists=Cited(
        ("eu_fsf", "un_sc_sanctions"),
        "Regulations under Art. 215 TFEU (consolidated financial sanctions list); UN Security Council resolutions",
        _AMLD4,
    ),
    watchlist_max_age=Cited(
        timedelta(days=1),
        f"{HOUSE_RULE}: EBA/GL/2024/15 asks for an update without delay, so the source is checked daily",
        _TRANSFERS,
    ),
    cleared_hit_lifetime=Cited(
        timedelta(days=365),
        f"{HOUSE_RULE}: what an officer cleared is looked at again within a year, as customer due diligence is kept up",
        _TRANSFERS,
    ),
    high_risk_countries=_HIGH_RISK,
    monitored_countries=FATF_INCREASED_MONITORING,
    reporting_threshold=Cited(
        Amount(Decimal(10_000), "EUR"),
        "Directive (EU) 2015/849, Art. 11(c): cash of EUR 10 000 or more, in one or several linked operations",
        _AMLD4,
        _LAST_OF_AMLD,
    ),
    reported_from_threshold=Cited(
        True, "Directive (EU) 2015/849, Art. 11(c): amounting to EUR 10 000 or more", _AMLD4, _LAST_OF_AMLD
    ),
    aggregation=Cited(timedelta(days=7), f"{HOUSE_RULE}: for 'operations which appear to be linked'", _TRANSFERS),
    suspicion_threshold=Cited(
        Amount(Decimal(0), "EUR"),
        "Directive (EU) 2015/849, Art. 33(1)(a): regardless of the amount",
        _AMLD4,
        _LAST_OF_AMLD,
    ),
    occasional_transaction=Cited(
        Amount(Decimal(15_000), "EUR"), "Directive (EU) 2015/849, Art. 11(b)(i)", _AMLD4, _LAST_OF_AMLD
    ),
    transfer_information=Cited(
        Amount(Decimal(1_000), "EUR"), "Regulation (EU) 2023/1113, Art. 5(2) and 6(2)", _TRANSFERS
    ),
    four_eyes=Cited(
        FourEyes(
            (
                ("application", frozenset({"block", "reject"})),
                ("contest", frozenset({"approve", "block", "reject"})),
                ("alert", frozenset({"true_positive"})),
                ("screening", frozenset({"true_positive"})),
            )
        ),
        f"{HOUSE_RULE}: one form of the internal controls of Directive (EU) 2015/849, Art. 8(4)(a)",
        _TRANSFERS,
    ),
    case_deadlines=Cited(
        (("application", Term(5)), ("contest", Term(10)), ("alert", Term(10)), ("screening", Term(3))),
        f"{HOUSE_RULE}: 'promptly' in Directive (EU) 2015/849, Art. 33(1); "
        "an answer to a contest within the month of Regulation (EU) 2016/679, Art. 12(3)",
        _TRANSFERS,
    ),
    filing=FilingClocks(
        suspicion=Cited(
            Term(3, Unit.BUSINESS_DAYS), f"{HOUSE_RULE}: 'promptly' in Directive (EU) 2015/849, Art. 33(1)", _TRANSFERS
        ),
        suspicion_without_suspect=Cited(
            Term(3, Unit.BUSINESS_DAYS), f"{HOUSE_RULE}: 'promptly', with or without a suspect", _TRANSFERS
        ),
        continuing=Cited(Term(90), f"{HOUSE_RULE}: a quarterly review of a reported relationship", _TRANSFERS),
        continuing_review=Cited(Term(60), f"{HOUSE_RULE}: a month before the quarterly review is over", _TRANSFERS),
        correction=Cited(
            Term(3, Unit.BUSINESS_DAYS), f"{HOUSE_RULE}: 'promptly', as for the report that is corrected", _TRANSFERS
        ),
        threshold_report=None,
        blocking=Cited(
            Term(10, Unit.BUSINESS_DAYS),
            f"{HOUSE_RULE}: 'immediately' in Regulation (EU) No 269/2014, Art. 8(1), two weeks at most",
            _TRANSFERS,
        ),
    ),
    report_format=Cited(
        "goaml", f"{HOUSE_RULE}: the UNODC format that most FIUs take; the FIU's own guide decides", _TRANSFERS
    ),
    retention_years=Cited(5, "Directive (EU) 2015/849, Art. 40(1)", _AMLD4, _LAST_OF_AMLD),
    sanctions_retention_years=Cited(5, f"{HOUSE_RULE}: as for other records", _TRANSFERS),
    is_holiday=target_holiday,
)

EU_AMLR = replace(
    EU_AMLD,
    version="eu-2027.1",
    name="European Union (Regulation (EU) 2024/1624)",
    effective_from=_AMLR,
    effective_to=None,
    documents=Cited(
        ("TD3", "TD1", "TD2"),
        "Regulation (EU) 2024/1624, Art. 22(6)(a): an identity document, passport or equivalent",
        _AMLR,
    ),
    beneficial_ownership_percent=Cited(Decimal(25), "Regulation (EU) 2024/1624, Art. 52(1): 25 % or more", _AMLR),
    reporting_threshold=Cited(
        Amount(Decimal(10_000), "EUR"), "Regulation (EU) 2024/1624, Art. 80(1) and (4): cash above the limit", _AMLR
    ),
    reported_from_threshold=Cited(False, "Regulation (EU) 2024/1624, Art. 80(1): up to an amount of EUR 10 000", _AMLR),
    policy_citations=(
        ("sanctions_confirmed", "Regulation (EU) No 269/2014, Art. 2, and its sisters under Art. 215 TFEU"),
        ("watchlist_stale", "EBA/GL/2024/15; house rule on the age of lists"),
        ("no_accepted_document", "Regulation (EU) 2024/1624, Art. 22(6)"),
        ("document_not_accepted_type", "Regulation (EU) 2024/1624, Art. 22(6)(a)"),
        ("document_expired", "EBA/GL/2022/15, para. 30"),
        ("application_mismatch", "Regulation (EU) 2024/1624, Art. 22(6)"),
        ("risk_high", "Regulation (EU) 2024/1624, Art. 34"),
        ("high_risk_country", "Regulation (EU) 2024/1624, Art. 29 and 30"),
        ("politically_exposed", "Regulation (EU) 2024/1624, Art. 42"),
    ),
    suspicion_threshold=Cited(
        Amount(Decimal(0), "EUR"), "Regulation (EU) 2024/1624, Art. 69(1)(a): regardless of the amount", _AMLR
    ),
    occasional_transaction=Cited(Amount(Decimal(10_000), "EUR"), "Regulation (EU) 2024/1624, Art. 19(1)(b)", _AMLR),
    four_eyes=replace(
        EU_AMLD.four_eyes,
        citation=f"{HOUSE_RULE}: one form of the internal controls of Regulation (EU) 2024/1624, Art. 9",
        effective_from=_AMLR,
    ),
    filing=replace(
        EU_AMLD.filing,
        suspicion=Cited(
            Term(3, Unit.BUSINESS_DAYS), f"{HOUSE_RULE}: 'promptly' in Regulation (EU) 2024/1624, Art. 69(1)", _AMLR
        ),
    ),
    retention_years=Cited(5, "Regulation (EU) 2024/1624, Art. 77(3)", _AMLR),
)

VERSIONS = (EU_AMLD, EU_AMLR)
