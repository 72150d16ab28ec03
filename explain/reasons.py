"""The words for every feature and the norm each one serves: a table, for a compliance lawyer to read and correct.

Rules that fired bring their own text and citation in their findings; the words here are for features and for facts
that no rule has said.
"""

from collections.abc import Mapping

from explain.reasons_monitoring import ALERTS, TRANSACTIONS
from explain.reasons_retired import RETIRED
from explain.reasons_rules import FACTS
from explain.reasons_screening import SCREENING
from explain.words import Words

UNKNOWN_FEATURE = "{name} is {value}"
"""How a feature without a line below is said: plainly, with no norm claimed for it."""

_GEOGRAPHY = "FATF R.10, INR.10 para. 15(b); AMLR 2024/1624 Annex III(3)"
_CUSTOMER = "FATF R.10, INR.10 para. 15(a); AMLR 2024/1624 Annex III(1)"
_PRODUCT = "FATF R.10, INR.10 para. 15(c); AMLR 2024/1624 Annex III(2)"
_PURPOSE = "FATF R.10(c); AMLR 2024/1624 Art. 20(1)(c)"
_IDENTITY = "FATF R.10(a); AMLR 2024/1624 Art. 22"
_SANCTIONS = "FATF R.6 and R.7"

CUSTOMER_RISK: Mapping[str, Words] = {
    "residence_risk": Words(
        "the risk of the country of residence", "country risk level {value}", _GEOGRAPHY,
        {0.0: "the country of residence is on no risk list",
         1.0: "the country of residence is under monitoring",
         2.0: "the country of residence is a high-risk country"},
    ),
    "channel_risk": Words(
        "the channel", "channel level {value}", _PRODUCT,
        {0.0: "the customer came in person", 1.0: "the customer came by video", 2.0: "the customer came online",
         3.0: "the customer came through an intermediary"},
    ),
    "product_risk": Words(
        "the product", "product level {value}", _PRODUCT,
        {0.0: "a savings product is asked for", 1.0: "a current account is asked for", 2.0: "a card is asked for",
         3.0: "remittances are asked for", 4.0: "crypto-assets are asked for"},
    ),
    "occupation_risk": Words(
        "the occupation", "occupation level {value}", _CUSTOMER,
        {0.0: "the occupation has little exposure to cash", 1.0: "there is no regular income from work",
         2.0: "the customer is self-employed", 3.0: "the customer handles other people's money",
         4.0: "the business is cash-intensive"},
    ),
    "expected_monthly_volume": Words(
        "the expected monthly volume", "the expected monthly volume is {value}", _PURPOSE, decimals=0
    ),
    "expected_monthly_transfers": Words(
        "the expected number of transfers", "{value} transfers a month are expected", _PURPOSE, decimals=0
    ),
    "expected_cash_share": Words(
        "the expected share of cash", "{value} of the volume is expected in cash", _PRODUCT, percent=True
    ),
    "expected_foreign_share": Words(
        "the expected share of foreign transfers", "{value} of the volume is expected to cross borders", _GEOGRAPHY,
        percent=True,
    ),
    "volume_to_income": Words(
        "the income to compare the volume with", "the expected volume is {value} times the income", _PURPOSE, decimals=1
    ),
    "document_age_years": Words(
        "the document's age", "the document was issued {value} years ago", _IDENTITY, decimals=1
    ),
    "document_months_left": Words(
        "the document's remaining validity", "the document is valid for {value} more months", _IDENTITY, decimals=0
    ),
    "document_findings": Words(
        "the document's findings", "the documents have {value} findings", _IDENTITY,
        {0.0: "the documents are without findings", 1.0: "the documents have one finding"}, decimals=0,
    ),
    "check_findings": Words(
        "the result of cross-checks", "cross-checks have {value} findings", _IDENTITY,
        {0.0: "documents and application agree", 1.0: "cross-checks have one finding"}, decimals=0,
    ),
    "screening_strength": Words(
        "the result of screening", "screening level {value}", _SANCTIONS,
        {0.0: "screening found nothing", 1.0: "screening found a possible match", 2.0: "screening found a strong match",
         3.0: "screening found an exact match"},
    ),
    "contact_country_differs": Words(
        "the telephone's country", "telephone country level {value}", _CUSTOMER,
        {0.0: "the telephone is from the country of residence", 1.0: "the telephone is from another country"},
    ),
}  # fmt: skip

REASONS: Mapping[str, Words] = {**FACTS, **SCREENING, **TRANSACTIONS, **ALERTS, **CUSTOMER_RISK, **RETIRED}
"""Every feature and fact that has words, of all models and tables: one name means one thing throughout."""
