"""The United States: Bank Secrecy Act rules (31 CFR chapter X) and sanctions rules of OFAC (31 CFR part 501)."""

from datetime import date, timedelta
from decimal import Decimal

from jurisdictions.calendars import us_federal_holiday
from jurisdictions.lists import FATF_CALL_FOR_ACTION, FATF_INCREASED_MONITORING
from jurisdictions.regime import HOUSE_RULE, Amount, Cited, FilingClocks, FourEyes, Regime, Term, Unit

_CHAPTER_X = date(2011, 3, 1)
"""31 CFR chapter X replaced part 103 (75 FR 65806)."""
_HOUSE = date(2025, 3, 12)
"""The first day of this version; numbers of the house hold from then on."""

US_2025 = Regime(
    code="US",
    version="us-2025.1",
    name="United States (FinCEN, OFAC)",
    effective_from=_HOUSE,
    effective_to=None,
    currency="USD",
    documents=Cited(
        ("TD3", "TD1", "TD2", "DRIVING_LICENCE"),
        "31 CFR 1020.220(a)(2)(ii)(A)(1): unexpired government-issued identification bearing a photograph",
        _CHAPTER_X,
    ),
    unexpired_document=Cited(True, "31 CFR 1020.220(a)(2)(ii)(A)(1)", _CHAPTER_X),
    minimum_age=Cited(18, f"{HOUSE_RULE}: capacity to contract is a matter of State law, mostly from 18", _HOUSE),
    beneficial_ownership_percent=Cited(Decimal(25), "31 CFR 1010.230(d)(1)", date(2018, 5, 11)),
    rejects=Cited(
        frozenset(),
        f"{HOUSE_RULE}: 31 CFR 1020.220(a)(2)(iii) leaves refusal to the bank's procedures, so an officer refuses",
        _HOUSE,
    ),
    policy_citations=(
        ("sanctions_confirmed", "31 CFR 501.603; 31 CFR chapter V"),
        ("sanctions_exact", "31 CFR chapter V; OFAC, Assessing OFAC Name Matches"),
        ("sanctions_strong", "31 CFR chapter V; OFAC, Assessing OFAC Name Matches"),
        ("sanctions_possible", "31 CFR chapter V; OFAC, Assessing OFAC Name Matches"),
        ("watchlist_stale", "31 CFR 501.603; house rule on the age of lists"),
        ("no_accepted_document", "31 CFR 1020.220(a)(2)(ii)(A)"),
        ("document_not_accepted_type", "31 CFR 1020.220(a)(2)(ii)(A)(1)"),
        ("document_expired", "31 CFR 1020.220(a)(2)(ii)(A)(1): unexpired"),
        ("application_mismatch", "31 CFR 1020.220(a)(2)(ii): reasonable belief that it knows the customer"),
        ("age_unknown", "31 CFR 1020.220(a)(2)(i)(A)(2): date of birth"),
        ("risk_high", "31 CFR 1020.210(a)(2)(v)"),
        ("high_risk_country", "31 CFR parts 510, 515, 560; 31 CFR 1020.210(a)(2)(v)"),
        ("politically_exposed", "31 CFR 1010.620(c)"),
    ),
    required_lists=Cited(
        ("us_ofac_sdn", "us_ofac_cons"),
        "31 CFR part 501 and appendix A to chapter V (SDN list); OFAC Consolidated Sanctions List",
        _CHAPTER_X,
    ),
    watchlist_max_age=Cited(
        timedelta(days=1),
        f"{HOUSE_RULE}: blocking is owed from the day of designation (31 CFR 501.603), so the source is checked daily",
        _HOUSE,
    ),
    cleared_hit_lifetime=Cited(
        timedelta(days=365),
        f"{HOUSE_RULE}: what an officer cleared is looked at again within a year, as customer due diligence is kept up",
        _HOUSE,
    ),
    high_risk_countries=Cited(
        FATF_CALL_FOR_ACTION.value | {"CU"},
        "31 CFR parts 510 (North Korea), 515 (Cuba), 560 (Iran); FinCEN's notices of FATF calls for action (Myanmar)",
        date(2022, 10, 21),
    ),
    monitored_countries=FATF_INCREASED_MONITORING,
    reporting_threshold=Cited(
        Amount(Decimal(10_000), "USD"), "31 CFR 1010.311: currency of more than $10,000", _CHAPTER_X
    ),
    reported_from_threshold=Cited(False, "31 CFR 1010.311: more than", _CHAPTER_X),
    aggregation=Cited(timedelta(days=1), "31 CFR 1010.313(b): by or for one person in one business day", _CHAPTER_X),
    suspicion_threshold=Cited(Amount(Decimal(5_000), "USD"), "31 CFR 1020.320(a)(2)", _CHAPTER_X),
    occasional_transaction=Cited(
        Amount(Decimal(3_000), "USD"), "31 CFR 1010.415(a): currency for monetary instruments", _CHAPTER_X
    ),
    transfer_information=Cited(Amount(Decimal(3_000), "USD"), "31 CFR 1010.410(f) (travel rule)", _CHAPTER_X),
    four_eyes=Cited(
        FourEyes(
            (
                ("application", frozenset({"block", "reject"})),
                ("contest", frozenset({"approve", "block", "reject"})),
                ("alert", frozenset({"true_positive"})),
                ("screening", frozenset({"true_positive"})),
            )
        ),
        f"{HOUSE_RULE}: one form of the internal controls of 31 CFR 1020.210(a)(2)(i)",
        _HOUSE,
    ),
    case_deadlines=Cited(
        (("application", Term(5)), ("contest", Term(10)), ("alert", Term(20)), ("screening", Term(3))),
        f"{HOUSE_RULE}: leaves ten of the 30 days of 31 CFR 1020.320(b)(3) for the filing",
        _HOUSE,
    ),
    filing=FilingClocks(
        suspicion=Cited(Term(30), "31 CFR 1020.320(b)(3): 30 calendar days from initial detection", _CHAPTER_X),
        suspicion_without_suspect=Cited(
            Term(60), "31 CFR 1020.320(b)(3): no suspect identified, in no case more than 60 days", _CHAPTER_X
        ),
        continuing=Cited(
            Term(120),
            "FinCEN SAR FAQs, 9 October 2025: 120 calendar days after the previous related SAR",
            date(2025, 10, 9),
        ),
        continuing_review=Cited(
            Term(90),
            "FinCEN SAR Electronic Filing Instructions, continuing activity: 90 days of the 120 to file",
            _CHAPTER_X,
        ),
        correction=Cited(
            Term(30),
            f"{HOUSE_RULE}: as long as for a first report; FinCEN asks for corrections once errors are known",
            _HOUSE,
        ),
        threshold_report=Cited(Term(15), "31 CFR 1010.306(a)(1): CTR within 15 days", _CHAPTER_X),
        blocking=Cited(
            Term(10, Unit.BUSINESS_DAYS), "31 CFR 501.603(b)(1)(i), 501.604(c): 10 business days", date(2019, 6, 21)
        ),
    ),
    report_format=Cited("fincen_sar", "31 CFR 1020.320(b)(1); FinCEN SAR XML schema 1.2", date(2021, 12, 17)),
    retention_years=Cited(5, "31 CFR 1010.430(d); SARs: 31 CFR 1020.320(d)", _CHAPTER_X),
    sanctions_retention_years=Cited(10, "31 CFR 501.601 as amended, 89 FR 74832", date(2025, 3, 12)),
    is_holiday=us_federal_holiday,
)

VERSIONS = (US_2025,)
