"""The words for the facts that tables of rules look at, for those that no rule has said: mostly what is in order.

The names are those of the tables, which this one must not import; a test holds them against each other.
"""

from collections.abc import Mapping

from explain.words import Words

_DOCUMENTS = "ICAO Doc 9303; FATF R.10(a); AMLR 2024/1624 Art. 22"
_SANCTIONS = "FATF R.6 and R.7"
_RISK = "FATF R.10, INR.10; AMLR 2024/1624 Art. 20"
_REPORTS = "FATF R.20; AMLR 2024/1624 Art. 69; 31 CFR 1020.320"


def _whether(subject: str, no: str, yes: str, citation: str = _DOCUMENTS) -> Words:
    return Words(subject, f"{subject}: {{value}}", citation, {0.0: no, 1.0: yes})


def _count(subject: str, none: str, some: str, citation: str = _DOCUMENTS) -> Words:
    return Words(subject, some, citation, {0.0: none}, decimals=0)


DOCUMENTS: Mapping[str, Words] = {
    "document_accepted": _whether(
        "the kind of document", "the kind of document is not accepted", "the kind of document is accepted"
    ),
    "mrz_read": _whether("the zone", "no machine readable zone was read", "the machine readable zone was read"),
    "check_digits_failed": _count(
        "the number of wrong check digits", "every check digit holds", "{value} check digits are wrong"
    ),
    "mrz_malformed": _whether("the zone's form", "the zone keeps its format", "the zone contradicts its format"),
    "second_opinion": _whether(
        "the second reading", "no second reading confirms the first", "a second reading confirms the first"
    ),
    "unconfirmed_fields": _count(
        "the number of fields that the print does not repeat",
        "the print repeats the zone",
        "the print does not repeat {value} fields of the zone",
    ),
    "reading_confidence": Words(
        "the confidence of the reading", "the zone was read with a confidence of {value}", _DOCUMENTS, percent=True
    ),
    "zone_mismatches": _count(
        "the number of fields in which the zones differ",
        "the zones of the document agree",
        "the zones differ in {value} fields",
    ),
    "application_mismatches": _count(
        "the number of fields in which the document differs from the application",
        "the document agrees with the application",
        "the document differs from the application in {value} fields",
    ),
    "expired": _whether("the expiry date", "the document has not expired", "the document has expired"),
    "impossible_dates": _count(
        "the number of dates that contradict others",
        "the dates agree with each other",
        "{value} dates contradict others",
    ),
    "portrait_found": _whether("the portrait", "no portrait was found", "a portrait was found"),
    "portraits_differ": _whether(
        "portrait and ghost portrait",
        "no ghost portrait contradicts the portrait",
        "portrait and ghost portrait show two persons",
    ),
    "portrait_proven": _whether(
        "what proves the portrait",
        "nothing shows that the portrait is genuine",
        "what is asked for as proof of the portrait is there",
    ),
    "format_problems": _count(
        "the number of codes that do not exist", "codes and numbers have forms that exist", "{value} have no such form"
    ),
    "liveness_failed": _whether(
        "the liveness of the selfie",
        "nothing speaks against the selfie's liveness",
        "the selfie was not taken of a living person",
    ),
    "anomalies": _count(
        "the number of unusual signs", "print and picture look usual", "{value} signs in print and picture are unusual"
    ),
    "face": Words("the comparison with the selfie", "the comparison with the selfie says {value}", _DOCUMENTS),
    "face_compared": _whether("the faces", "the faces were not compared", "the faces were compared"),
    "face_distance": Words("the distance of the faces", "the distance of the faces is {value}", _DOCUMENTS),
    "liveness": Words("the liveness of the selfie", "the liveness of the selfie: {value}", _DOCUMENTS),
}
"""What the acceptance of documents and the comparison of faces look at."""

ONBOARDING: Mapping[str, Words] = {
    "screening_confirmed": _whether(
        "what officers confirmed", "no officer confirmed a hit", "an officer confirmed a hit", _SANCTIONS
    ),
    "screening_stale": _whether("the lists", "the lists are up to date", "a list is out of date", _SANCTIONS),
    "documents_accepted": _count(
        "the number of accepted documents", "no document was accepted", "{value} documents were accepted"
    ),
    "documents_unreadable": _count(
        "the number of unreadable documents", "every document could be read", "{value} could not be read"
    ),
    "unknown_findings": _count(
        "the number of other findings", "there is no other finding", "there are {value} other findings"
    ),
    "document_expired": _whether("the expiry date", "no document has expired", "a document has expired"),
    "check_digit_failed": _whether("the check digits", "every check digit holds", "a check digit is wrong"),
    "zones_disagree": _whether("the zones", "the zones of the documents agree", "zones of a document differ"),
    "application_mismatch": _whether(
        "the application", "the documents agree with the application", "a document differs from the application"
    ),
    "readers_disagree": _whether("the readers", "the readers agree", "two readers read a document differently"),
    "documents_disagree": _whether("several documents", "no two documents differ", "two documents differ"),
    "impossible_date": _whether("the dates", "the dates agree with each other", "a date is impossible"),
    "portraits_disagree": _whether(
        "the portraits", "no ghost portrait contradicts a portrait", "portrait and ghost portrait show two persons"
    ),
    "document_not_accepted_type": _whether(
        "the kinds of documents",
        "every document is of an accepted kind",
        "a document is of a kind that is not accepted",
    ),
    "age": Words("the age", "the applicant is {value} years old", _RISK, decimals=0),
    "risk_rating": Words("the risk rating", "the risk rating is {value}", _RISK),
    "high_risk_country": _whether(
        "the country", "no high-risk country is involved", "a high-risk country is involved", _RISK
    ),
    "politically_exposed": _whether(
        "public offices", "the applicant is not politically exposed", "the applicant is politically exposed", _RISK
    ),
}
"""What the decision on an application looks at."""

AFTERWARDS: Mapping[str, Words] = {
    "rating": Words("the rating", "the rating was {value}", _RISK),
    "disposition": Words("the case", "the case was closed as {value}", _RISK),
    "inconclusive_before": _count(
        "the number of inconclusive cases before",
        "no earlier case was inconclusive",
        "{value} earlier cases were inconclusive",
        _RISK,
    ),
    "amount_reached": _whether(
        "the amount", "the amounts stay below the threshold", "the amounts reach the threshold", _REPORTS
    ),
    "structuring": _whether("structuring", "no structuring was found", "structuring was found", _REPORTS),
    "typologies": Words("the typologies", "the typologies are {value}", _REPORTS),
    "regime": Words("the regime", "the regime is {value}", _REPORTS),
    "cash_in_exceeds": _whether(
        "cash paid in", "cash paid in stays below the threshold", "cash paid in exceeds the threshold", _REPORTS
    ),
    "cash_out_exceeds": _whether(
        "cash paid out", "cash paid out stays below the threshold", "cash paid out exceeds the threshold", _REPORTS
    ),
    "frozen": _whether("the property", "no property is frozen", "property is frozen", _SANCTIONS),
    "holds_property": _whether("what is held", "no property is held", "property is held", _SANCTIONS),
}
"""What the review of a rating and the duties to report look at."""

FACTS: Mapping[str, Words] = {**DOCUMENTS, **ONBOARDING, **AFTERWARDS}
