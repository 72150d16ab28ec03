"""The onboarding policy: one ordered, cited table from what is known about an application to what happens with it.

Separate from the checks that find the facts. The table is data (`explain.record.RuleTable`), so each decision stores
the digest of exactly the policy it was made by, and replays when the policy has moved on.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from explain.record import Condition, Operator, Rule, RuleTable, Value

OUTCOMES = ("approve", "refer", "reject", "block")
STRENGTHS = ("none", "possible", "strong", "exact")
RATINGS = ("low", "medium", "high")
FACE_RESULTS = ("match", "unsure", "no_match", "not_checked")

TABLE_VERSION = "1"
"""Raised with every change of a rule, its order, its text or the background below."""


@dataclass(frozen=True, slots=True)
class PolicyParameters:
    """What a regime decides about the table. Every number and permission comes with its citation.

    `rejects` names rules that may reject, `blocks` rules that may block, without an officer having looked; every other
    adverse rule refers. `citations` replaces a rule's general citation by the regime's own.
    """

    regime: str
    regime_version: str
    minimum_age: int
    minimum_age_citation: str
    rejects: frozenset[str] = frozenset()
    rejects_citation: str = ""
    blocks: frozenset[str] = frozenset()
    blocks_citation: str = ""
    citations: Mapping[str, str] = field(default_factory=dict)


class PolicyRefused(ValueError):
    """The regime's parameters ask for something that the table does not allow; the message names it."""


CODE_FACTS: Mapping[str, str] = {
    "EXPIRED": "document_expired",
    "CHECK_DIGIT_FAILED": "check_digit_failed",
    "MRZ_VIZ_MISMATCH": "zones_disagree",
    "BARCODE_MISMATCH": "zones_disagree",
    "APPLICATION_MISMATCH": "application_mismatch",
    "READERS_DISAGREE": "readers_disagree",
    "DOCUMENTS_DISAGREE": "documents_disagree",
    "IMPOSSIBLE_DATE": "impossible_date",
    "PORTRAIT_GHOST_MISMATCH": "portraits_disagree",
    "UNSUPPORTED_DOCUMENT": "document_not_accepted_type",
}
"""Which finding of the document checks sets which fact. Codes may carry a field: `APPLICATION_MISMATCH(surname)`."""

JUDGED_BEFORE = frozenset(
    {
        # the capture: judged by document acceptance (kyc.acceptance)
        "BLUR", "GLARE", "CROPPED", "TOO_SMALL", "ROTATED", "NO_DOCUMENT", "NO_MRZ", "NO_FACE", "MULTIPLE_FACES",
        "MRZ_UNREADABLE", "MRZ_MALFORMED", "UNSURE_READING",
        # decoding: the document counts as unreadable (kyc.decode)
        "NOT_AN_IMAGE", "DAMAGED_IMAGE", "DAMAGED_PDF", "ENCRYPTED_PDF", "EMPTY_FILE", "NO_PAGES", "TOO_LARGE",
        "TOO_DEMANDING", "DOCUMENT_UNREADABLE",
        # the comparison of faces: the fact `face`
        "FACE_MISMATCH", "FACE_UNSURE", "FACE_NOT_CHECKED", "NO_FACE_ON_SELFIE", "NO_FACE_ON_DOCUMENT",
        "MULTIPLE_FACES_ON_SELFIE",
        # hints of alteration that are advisory: features of document acceptance, never decisive alone (kyc.tamper)
        "LIVENESS_NOT_CHECKED", "PORTRAIT_SUBSTITUTED", "NOISE_ANOMALY", "FONT_ANOMALY", "EDITED_BY_SOFTWARE",
        "RECOMPRESSED", "NUMBER_UNUSUAL",
    }
)  # fmt: skip
"""Codes that need no rule of their own here. A code that is neither here nor above is unknown, and refers."""

_REJECTABLE = frozenset({"under_age", "document_expired", "no_accepted_document", "face_differs"})
_BLOCKABLE = frozenset({"sanctions_exact"})


def onboarding_facts(
    *,
    document_codes: Iterable[str],
    check_codes: Iterable[str],
    documents_accepted: int,
    documents_unreadable: int,
    screening_strength: str,
    screening_stale: bool,
    risk_rating: str | None,
    age: int | None,
    face: str = "not_checked",
    screening_confirmed: bool = False,
    high_risk_country: bool | None = None,
    politically_exposed: bool | None = None,
) -> dict[str, Value]:
    """The fact vector of an application.

    `document_codes` and `check_codes` are what reading and cross-checking reported; `age` is in whole years by the
    documents at `as_of`; `face` is the comparison with the selfie; `screening_confirmed` says that an officer confirmed
    a hit; None means not known. Raises `ValueError` for a word the table does not know.
    """
    for word, known in ((screening_strength, STRENGTHS), (risk_rating, (*RATINGS, None)), (face, FACE_RESULTS)):
        if word not in known:
            raise ValueError(f"{word!r} is none of {known}")
    codes = {_stem(code) for code in (*document_codes, *check_codes)}
    if "FACE_MISMATCH" in codes:
        face = "no_match"
    elif "FACE_UNSURE" in codes and face != "no_match":
        face = "unsure"
    found = {CODE_FACTS[code] for code in codes if code in CODE_FACTS}
    facts: dict[str, Value] = {
        "screening_confirmed": screening_confirmed,
        "screening_strength": screening_strength,
        "screening_stale": screening_stale,
        "documents_accepted": documents_accepted,
        "documents_unreadable": documents_unreadable,
        "unknown_findings": len(codes - CODE_FACTS.keys() - JUDGED_BEFORE),
    }
    facts |= {fact: fact in found for fact in dict.fromkeys(CODE_FACTS.values())}
    return facts | {
        "face": face,
        "age": age,
        "risk_rating": risk_rating,
        "high_risk_country": high_risk_country,
        "politically_exposed": politically_exposed,
    }


def _stem(code: str) -> str:
    """`CHECK_DIGIT_FAILED(number)` is a `CHECK_DIGIT_FAILED`."""
    return re.split(r"[(:]", code, maxsplit=1)[0].strip()


_SANCTIONS = "FATF R.6 and R.7"
_IDENTITY = "FATF R.10(a)"
_RISK = "FATF R.10, INR.10 para. 15-20"

# name, fact, operator, operand, outcome, text, general citation
_Line = tuple[str, str, Operator, Value, str, str, str]


def _lines(parameters: PolicyParameters) -> tuple[_Line, ...]:
    is_, above, at_most, below = Operator.IS, Operator.ABOVE, Operator.AT_MOST, Operator.BELOW
    return (
        ("sanctions_confirmed", "screening_confirmed", is_, True, "block",
         "an officer confirmed that the applicant is on a sanctions list", _SANCTIONS),
        ("sanctions_exact", "screening_strength", is_, "exact", "refer",
         "an identifier or the full identity equals a listed party's", _SANCTIONS),
        ("sanctions_strong", "screening_strength", is_, "strong", "refer",
         "name and further particulars strongly resemble a listed party's", _SANCTIONS),
        ("sanctions_possible", "screening_strength", is_, "possible", "refer",
         "the name may be a listed party's", _SANCTIONS),
        ("watchlist_stale", "screening_stale", is_, True, "refer",
         "a required watchlist was not checked with its source within the allowed time", _SANCTIONS),
        ("no_accepted_document", "documents_accepted", at_most, 0, "refer",
         "no identity document was accepted", _IDENTITY),
        ("document_unreadable", "documents_unreadable", above, 0, "refer",
         "a submitted document could not be read", _IDENTITY),
        ("unknown_finding", "unknown_findings", above, 0, "refer",
         "a check reported something that this policy does not know", _IDENTITY),
        ("document_not_accepted_type", "document_not_accepted_type", is_, True, "refer",
         "a document is of a type that the regime does not accept", _IDENTITY),
        ("document_expired", "document_expired", is_, True, "refer", "a document has expired", _IDENTITY),
        ("check_digit_failed", "check_digit_failed", is_, True, "refer",
         "a check digit of the machine readable zone is wrong", "ICAO Doc 9303-3, 4.9"),
        ("zones_disagree", "zones_disagree", is_, True, "refer",
         "the zones of a document contradict each other", "ICAO Doc 9303-3; FATF R.10(a)"),
        ("application_mismatch", "application_mismatch", is_, True, "refer",
         "the application states something else than the document", _IDENTITY),
        ("readers_disagree", "readers_disagree", is_, True, "refer",
         "two independent readers did not read the same", _IDENTITY),
        ("documents_disagree", "documents_disagree", is_, True, "refer",
         "two documents of the applicant contradict each other", _IDENTITY),
        ("impossible_date", "impossible_date", is_, True, "refer",
         "the dates of a document contradict each other", _IDENTITY),
        ("portraits_disagree", "portraits_disagree", is_, True, "refer",
         "portrait and ghost portrait show different faces", _IDENTITY),
        ("face_differs", "face", is_, "no_match", "refer", "the selfie shows another face", _IDENTITY),
        ("face_unsure", "face", is_, "unsure", "refer",
         "selfie and portrait are neither clearly the same nor clearly different", _IDENTITY),
        ("age_unknown", "age", is_, None, "refer", "the date of birth is not known from a document", _IDENTITY),
        ("under_age", "age", below, parameters.minimum_age, "refer",
         f"the applicant is younger than {parameters.minimum_age}", parameters.minimum_age_citation),
        ("risk_unknown", "risk_rating", is_, None, "refer", "the risk could not be rated", _RISK),
        ("risk_high", "risk_rating", is_, "high", "refer",
         "the risk is high: enhanced due diligence comes first", _RISK),
        ("high_risk_country", "high_risk_country", is_, True, "refer",
         "a tie to a high-risk country asks for enhanced due diligence", "FATF R.19"),
        ("politically_exposed", "politically_exposed", is_, True, "refer",
         "a politically exposed person needs senior approval", "FATF R.12"),
    )  # fmt: skip


def onboarding_table(parameters: PolicyParameters) -> RuleTable:
    """The table of a regime. Raises `PolicyRefused` where the regime lets a rule do what no rule of its kind may."""
    lines = _lines(parameters)
    names = {line[0] for line in lines}
    for asked, allowed, verb in ((parameters.rejects, _REJECTABLE, "reject"), (parameters.blocks, _BLOCKABLE, "block")):
        for name in sorted(asked - allowed):
            raise PolicyRefused(f"{parameters.regime}: rule {name!r} may not {verb} without an officer")
    for name in sorted(set(parameters.citations) - names):
        raise PolicyRefused(f"{parameters.regime}: a citation is given for {name!r}, which is no rule of the table")
    rules = []
    for name, fact, operator, operand, outcome, text, general in lines:
        citation = parameters.citations.get(name, general)
        if name in parameters.rejects:
            outcome, citation = "reject", f"{citation}; {parameters.rejects_citation}"
        if name in parameters.blocks:
            outcome, citation = "block", f"{citation}; {parameters.blocks_citation}"
        rules.append(Rule(name, (Condition(fact, operator, operand),), outcome, text, citation))
    return RuleTable(
        name="onboarding_policy",
        version=f"{TABLE_VERSION}-{parameters.regime}-{parameters.regime_version}",
        outcomes=OUTCOMES,
        default="approve",
        rules=tuple(rules),
        background=BACKGROUND,
    )


def _clean(age: int, rating: str, face: str, **other: Value) -> Mapping[str, Value]:
    facts = onboarding_facts(
        document_codes=(), check_codes=(), documents_accepted=1, documents_unreadable=0, screening_strength="none",
        screening_stale=False, risk_rating=rating, age=age, face=face, high_risk_country=False,
        politically_exposed=False,
    )  # fmt: skip
    return facts | other


BACKGROUND: tuple[Mapping[str, Value], ...] = (
    *(_clean(age, "low", "match") for age in (19, 23, 28, 34, 41, 52, 60, 73)),
    *(_clean(age, "medium", "match") for age in (22, 31, 44, 58)),
    *(_clean(age, "low", "not_checked") for age in (26, 37, 49, 66)),
    _clean(30, "low", "match", screening_strength="possible"),
    _clean(45, "high", "match"),
    _clean(38, "medium", "unsure"),
    _clean(27, "low", "match", application_mismatch=True),
)
"""Twenty invented applications that stand for the usual ones; attribution asks what moves a case away from them."""
