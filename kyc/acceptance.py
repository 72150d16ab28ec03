"""Whether a document is accepted without a person: one ordered table of rules over what was read and checked.

A table and not a trained score, because no amount of good signs may outweigh a wrong check digit. Its attribution
(`explain.rules`) gives each check its exact Shapley value, so that it says which check moved the decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explain.record import Condition, Finding, Operator, Rule, RuleTable, Value
from kyc.confirmation import CONFIRMABLE, unconfirmed
from kyc.document import DocumentReading, DocumentType, PortraitProof
from kyc.faces import FaceMatch

OUTCOMES = ("accept", "refer", "reject")
VERSION = "5"
FORMATS = frozenset({"UNKNOWN_STATE", "NUMBER_FORMAT"})
"""Values that no issuing state writes so."""
ADVISORY = {
    "FONT_ANOMALY": "strokes",
    "NOISE_ANOMALY": "grain",
    "PORTRAIT_SUBSTITUTED": "grain",
    "EDITED_BY_SOFTWARE": "file",
    "RECOMPRESSED": "file",
}
"""Checks that find something unusual in a picture without saying that the document is false (kyc.tamper), and what each
looks at: two that look at the same grain are one sign."""


@dataclass(frozen=True, slots=True)
class AcceptanceParameters:
    """What a regime or tenant may set. `accepted_types` are the formats that count as identity documents."""

    accepted_types: tuple[DocumentType, ...] = (DocumentType.TD1, DocumentType.TD2, DocumentType.TD3)
    confirming_fields: tuple[str, ...] = CONFIRMABLE
    """Fields of the machine readable zone that the print (or a barcode) must repeat: a zone that was read well proves
    nothing about print that was altered."""
    minimum_confidence: float = 0.50
    """Of the zone's reading. All its check digits hold and the print repeats names, number and dates besides."""
    portrait_proof: PortraitProof = "none"
    maximum_anomalies: int = 2
    """Kinds of advisory checks that may speak against a document before a person looks. Type and grain vary on genuine
    pages: of some 120 valid generated documents three showed both, so the file's own traces must join them."""
    reject_expired: bool = False
    expiry_citation: str = "Clearance document policy 1"


def acceptance_facts(
    reading: DocumentReading,
    findings: Sequence[Finding],
    parameters: AcceptanceParameters | None = None,
    selfie: FaceMatch | None = None,
) -> Mapping[str, Value]:
    """The facts that the table judges, of one reading, its findings (those of `cross_check`) and the selfie."""
    parameters = parameters or AcceptanceParameters()
    rules = [finding.rule for finding in findings]
    mrz = reading.mrz
    missing = unconfirmed(reading, parameters.confirming_fields)
    stems = {code.partition("(")[0] for code in (*reading.codes, *rules)}
    face: Value = None
    for rule, result in (
        ("FACE_MISMATCH", "no_match"),
        ("FACE_UNSURE", "unsure"),
        ("FACE_NOT_CHECKED", "not_checked"),
    ):
        if rule in rules:
            face = result
    repeated = reading.ghost_check.result == "same"
    matched = selfie is not None and selfie.result == "match"
    printed = reading.border_check.result == "merged" and reading.ghost_check.result != "different"
    proven = {"none": True, "any": repeated or matched, "print": repeated or printed, "ghost": repeated}
    return {
        "document_accepted": reading.type in parameters.accepted_types,
        "mrz_read": mrz is not None,
        "check_digits_failed": None if mrz is None else sum(not holds for holds in mrz.checks.values()),
        "mrz_malformed": any(code.startswith("MRZ_MALFORMED") for code in reading.codes),
        "second_opinion": mrz is not None and (mrz.readers_agree or not missing),
        "unconfirmed_fields": None if mrz is None else len(missing),
        "reading_confidence": None if mrz is None else round(mrz.confidence, 3),
        "zone_mismatches": rules.count("MRZ_VIZ_MISMATCH") + rules.count("BARCODE_MISMATCH"),
        "application_mismatches": rules.count("APPLICATION_MISMATCH") + rules.count("DOCUMENTS_DISAGREE"),
        "expired": "EXPIRED" in rules,
        "impossible_dates": rules.count("IMPOSSIBLE_DATE"),
        "portrait_found": reading.faces > 0,
        "portraits_differ": "PORTRAIT_GHOST_MISMATCH" in stems,
        "portrait_proven": proven[parameters.portrait_proof],
        "format_problems": len(stems & FORMATS),
        "liveness_failed": "LIVENESS_FAILED" in stems,
        "anomalies": len({ADVISORY[stem] for stem in stems & ADVISORY.keys()}),
        "face": face,
    }


def acceptance_table(parameters: AcceptanceParameters | None = None) -> RuleTable:
    """The table. Only what `parameters` say rejects; all other suspicion is for a person to look at."""
    parameters = parameters or AcceptanceParameters()
    icao = "ICAO Doc 9303 part 3, 4.9"
    own = "Clearance document policy 1"

    def rule(name: str, fact: str, operator: Operator, operand: Value, text: str, citation: str = own) -> Rule:
        outcome = "reject" if name == "EXPIRED" and parameters.reject_expired else "refer"
        return Rule(name, (Condition(fact, operator, operand),), outcome, text, citation)

    rules = (
        rule("NO_MRZ", "mrz_read", Operator.IS, False, "no machine readable zone was read"),
        rule("NOT_ACCEPTED", "document_accepted", Operator.IS, False, "the kind of document is not accepted"),
        rule("CHECK_DIGIT_FAILED", "check_digits_failed", Operator.ABOVE, 0, "a check digit is wrong", icao),
        rule("MRZ_MALFORMED", "mrz_malformed", Operator.IS, True, "the zone contradicts its format", icao),
        rule("READERS_DISAGREE", "second_opinion", Operator.IS, False, "no second reading confirms the first"),
        rule("UNCONFIRMED", "unconfirmed_fields", Operator.ABOVE, 0, "the print does not repeat a field of the zone"),
        rule(
            "UNSURE_READING",
            "reading_confidence",
            Operator.BELOW,
            parameters.minimum_confidence,
            "the zone was read with little confidence",
        ),
        rule("ZONES_DIFFER", "zone_mismatches", Operator.ABOVE, 0, "the zones of the document differ"),
        rule(
            "APPLICATION_DIFFERS",
            "application_mismatches",
            Operator.ABOVE,
            0,
            "the document differs from the application",
        ),
        rule("EXPIRED", "expired", Operator.IS, True, "the document has expired", parameters.expiry_citation),
        rule("IMPOSSIBLE_DATE", "impossible_dates", Operator.ABOVE, 0, "dates contradict each other"),
        rule("NO_PORTRAIT", "portrait_found", Operator.IS, False, "no portrait was found"),
        rule("PORTRAITS_DIFFER", "portraits_differ", Operator.IS, True, "portrait and ghost portrait show two persons"),
        rule("PORTRAIT_UNPROVEN", "portrait_proven", Operator.IS, False, "nothing shows that the portrait is genuine"),
        rule("IMPOSSIBLE_VALUE", "format_problems", Operator.ABOVE, 0, "no state has this code or numbers so"),
        rule("LIVENESS_FAILED", "liveness_failed", Operator.IS, True, "the selfie was not taken of a living person"),
        rule(
            "ANOMALIES",
            "anomalies",
            Operator.ABOVE,
            parameters.maximum_anomalies,
            "several checks of print and picture find something unusual",
        ),
        rule("FACE_MISMATCH", "face", Operator.IS, "no_match", "the selfie shows somebody else"),
        rule("FACE_UNSURE", "face", Operator.IS, "unsure", "the selfie could not be told apart"),
        rule("FACE_NOT_CHECKED", "face", Operator.IS, "not_checked", "the face could not be compared"),
    )
    return RuleTable("document-acceptance", VERSION, OUTCOMES, "accept", rules, background())


def background() -> tuple[Mapping[str, Value], ...]:
    """What attribution compares with: a clean document, and one for each common way in which documents fall short."""
    clean: dict[str, Value] = {
        "document_accepted": True,
        "mrz_read": True,
        "check_digits_failed": 0,
        "mrz_malformed": False,
        "second_opinion": True,
        "unconfirmed_fields": 0,
        "reading_confidence": 0.98,
        "zone_mismatches": 0,
        "application_mismatches": 0,
        "expired": False,
        "impossible_dates": 0,
        "portrait_found": True,
        "portraits_differ": False,
        "portrait_proven": True,
        "format_problems": 0,
        "liveness_failed": False,
        "anomalies": 0,
        "face": None,
    }
    nothing_read: dict[str, Value] = {
        "mrz_read": False,
        "document_accepted": False,
        "check_digits_failed": None,
        "reading_confidence": None,
        "second_opinion": False,
        "unconfirmed_fields": None,
    }
    return (
        clean,
        clean,
        clean,
        {**clean, "expired": True},
        {**clean, "unconfirmed_fields": 1, "anomalies": 1},
        {**clean, "second_opinion": False, "unconfirmed_fields": 2, "reading_confidence": 0.7},
        {**clean, "application_mismatches": 1},
        {**clean, "check_digits_failed": 2},
        {**clean, **nothing_read},
    )
