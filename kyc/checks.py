"""Compares what documents say with each other, with the application and with the selfie: one small rule a suspicion.

Separate from reading, because a reader must not know what anybody hoped to read.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from rapidfuzz.distance import Levenshtein

from explain.record import Finding, Value
from kyc import number_formats, tamper
from kyc.confirmation import stands_in, unconfirmed
from kyc.document import ApplicantFacts, DocumentReading, DocumentType, FieldReading, TextLine
from kyc.faces import MATCH_DISTANCE, UNSURE_DISTANCE, FaceMatch
from kyc.mrz import LAYOUTS
from kyc.names import same_name, same_number, transliterate, variants
from kyc.print_signs import fold
from kyc.states import STATES

VISUAL_CONFIDENCE = 0.80
"""A printed field read less surely than this does not testify against the machine readable zone."""
NAME_SIMILARITY = 0.75
"""Normalised Levenshtein similarity of two names below which they are two names."""
NUMBER_SIMILARITY = 0.5
"""The same of two numbers: altered ones keep most of their signs."""
ICAO = "ICAO Doc 9303"
SHORTEST_NUMBER = 5
SURE_SOURCE = "caption+layout"
NAMES = ("surname", "given_names")
COMPARED = ("surname", "given_names", "number", "birth_date", "expiry_date", "sex")


def cross_check(
    readings: Sequence[DocumentReading],
    application: ApplicantFacts | None,
    as_of: date,
    selfie: FaceMatch | None = None,
) -> tuple[Finding, ...]:
    """Every finding about the documents of one applicant. `application` is `None` when only documents are judged."""
    findings: list[Finding] = []
    for index, reading in enumerate(readings, start=1):
        findings += [
            *check_digits(reading, index),
            *readers(reading, index),
            *zones(reading, "visual", reading.visual, index),
            *zones(reading, "barcode", reading.barcode, index),
            *form(reading, index),
            *expiry(reading, as_of, index),
            *dates(reading, as_of, index),
            *tamper.findings(reading, index),
        ]
        if application is not None:
            findings += against_application(reading, application, index)
    if len(readings) > 1:
        findings += between_documents(readings)
    if selfie is not None:
        findings += face(selfie)
    return tuple(findings)


def code_of(finding: Finding) -> str:
    """The finding as a code: `MRZ_VIZ_MISMATCH(surname)`, `EXPIRED`."""
    field = finding.values.get("field")
    return f"{finding.rule}({field})" if field is not None else finding.rule


def check_digits(reading: DocumentReading, index: int) -> list[Finding]:
    if reading.mrz is None:
        return []
    return [
        _finding(
            "CHECK_DIGIT_FAILED",
            f"The check digit of the {_words(name)} does not match what is printed.",
            f"{ICAO} part 3, 4.9",
            {"document": index, "field": name},
        )
        for name, holds in reading.mrz.checks.items()
        if not holds
    ]


def readers(reading: DocumentReading, index: int) -> list[Finding]:
    """Readers that differ, unless the print repeats the zone: then two zones agree, and no second reader is needed."""
    if reading.mrz is None or reading.mrz.readers_agree or not unconfirmed(reading):
        return []
    return [
        _finding(
            "READERS_DISAGREE",
            "Two independent readers do not read the same machine readable zone.",
            "Clearance reading policy 1",
            {"document": index, "second_reader": reading.mrz.second_reader or "none"},
        )
    ]


def form(reading: DocumentReading, index: int) -> list[Finding]:
    """What the zone says in a form that no document has: a state that 9303 does not know, a number with gaps in it or
    shorter than any issued; and, as a hint, a passport's number of another shape than its issuer uses."""
    if reading.mrz is None:
        return []
    findings = []
    for name in ("issuer", "nationality"):
        state = reading.fields.get(name)
        if state is not None and state.source == "mrz" and state.value not in STATES:
            text = f"The {_words(name)} is no state or organisation that issues documents."
            values: dict[str, Value] = {"document": index, "field": name, "mrz": state.value}
            findings.append(_finding("UNKNOWN_STATE", text, f"{ICAO} part 3, 5", values))
    number = reading.fields.get("number")
    if number is not None and number.source == "mrz" and ("<" in number.value or len(number.value) < SHORTEST_NUMBER):
        text = "The number of the document has a form that no issuer uses."
        findings.append(_finding("NUMBER_FORMAT", text, f"{ICAO} part 3, 4.7", {"document": index, "field": "number"}))
    issuer = reading.fields.get("issuer")
    passport = reading.type is DocumentType.TD3 and reading.mrz.lines[0].startswith("P")
    if passport and issuer is not None and number is not None and number_formats.unusual(issuer.value, number.value):
        text = "The number has another form than the issuer is known to give its passports."
        odd: dict[str, Value] = {"document": index, "field": "number", "issuer": issuer.value}
        findings.append(Finding("NUMBER_UNUSUAL", "advise", text, "PRADO, the issuer's passports", odd))
    return findings


def zones(reading: DocumentReading, source: str, other: Mapping[str, FieldReading], index: int) -> list[Finding]:
    """The machine readable zone against another zone of the same document, field by field."""
    if reading.mrz is None:
        return []
    rule = "MRZ_VIZ_MISMATCH" if source == "visual" else "BARCODE_MISMATCH"
    findings = []
    for name in COMPARED:
        ours, theirs = reading.fields.get(name), other.get(name)
        if ours is None or theirs is None or ours.source != "mrz" or theirs.confidence < VISUAL_CONFIDENCE:
            continue
        # Where the value stands in the print all the same, a caption was taken for another's; one letter that says the
        # sex stands nowhere else, and is misread most easily.
        repeated = name in reading.confirmed or stands_in(reading.text_lines, name, ours.value)
        if name == "sex":
            repeated = theirs.source != SURE_SOURCE
        elif theirs.source == SURE_SOURCE and name not in reading.confirmed:
            repeated = repeated and _another_field(reading, name, ours.value, theirs.value)
        cut = name == "given_names" and _cut_short(reading, ours.value, theirs.value)
        if _contradicts(name, ours.value, theirs.value) and not repeated and not cut:
            findings.append(
                _finding(
                    rule,
                    f"The {_words(name)} of the machine readable zone differs from the {source} zone.",
                    f"{ICAO} part 3, 3.4",
                    {"document": index, "field": name, "mrz": ours.value, source: theirs.value},
                )
            )
    return findings


def _another_field(reading: DocumentReading, name: str, ours: str, theirs: str) -> bool:
    """Whether a value that two ways of reading the print agree on is another field's: a name beside a name, or its
    second writing; a number that is nothing like the zone's; one of the zone's other dates. Print altered in one of
    two places is like what it was."""
    if name in NAMES:
        return not stands_in((TextLine(theirs, 1.0, ((0.0, 0.0),) * 4),), name, ours)
    if name == "number":
        return Levenshtein.normalized_similarity(fold(ours), fold(theirs)) < NUMBER_SIMILARITY
    return theirs in {reading.value("birth_date"), reading.value("expiry_date")}


def supported_fields(reading: DocumentReading) -> tuple[str, ...]:
    """The fields of the machine readable zone that the visual zone or a barcode of the same document confirms."""
    if reading.mrz is None:
        return ()
    confirmed = []
    for name in COMPARED:
        ours = reading.fields.get(name)
        if ours is None or ours.source != "mrz":
            continue
        seen = [zone[name].value for zone in (reading.visual, reading.barcode) if name in zone]
        if any(agrees(name, ours.value, value) for value in seen) or stands_in(reading.text_lines, name, ours.value):
            confirmed.append(name)
    return tuple(confirmed)


def agrees(name: str, left: str, right: str) -> bool:
    """Whether two readings of a field are the same value, writings aside."""
    if name in ("surname", "given_names"):
        return same_name(left, right)
    if name in ("number", "personal_number"):
        return same_number(left, right)
    return left == right


def _contradicts(name: str, ours: str, theirs: str) -> bool:
    """Whether a printed value speaks against the zone's. A name that differs by a letter or two of many is small print
    badly read, which confirms nothing and accuses nobody; a date with day and month exchanged is another writing."""
    if agrees(name, ours, theirs):
        return False
    if name in NAMES:
        # Beside its writing in another script, which is badly read, a name is printed in Latin letters.
        written = (transliterate(part).replace(" ", "") for part in (theirs, *re.split(r"[/|]", theirs)))
        wanted = transliterate(ours).replace(" ", "")
        return all(Levenshtein.normalized_similarity(wanted, one) < NAME_SIMILARITY for one in written)
    if name.endswith("_date") and len(ours) == len(theirs) == 10:
        return ours != f"{theirs[:5]}{theirs[8:]}-{theirs[5:7]}"
    if name == "number":
        return fold(ours) != fold(theirs)  # O and 0, Z and 2: the reader's doubt, not the document's
    return True


def _cut_short(reading: DocumentReading, ours: str, theirs: str) -> bool:
    """Whether the zone's given names are the printed ones as far as its name element has room (9303-3, 4.7)."""
    layout = next((layout for layout in LAYOUTS if layout.type is reading.type), None)
    if layout is None or reading.mrz is None:
        return False
    line, first, last = layout.spans["name"]
    room = last - first - len(reading.mrz.lines[line][first:last].rstrip("<"))
    short = transliterate(ours).split()
    for writing in variants(theirs):
        whole = writing.split()
        if len(short) <= len(whole) and all(b.startswith(a) for a, b in zip(short, whole, strict=False)):
            needed = len(whole[len(short)]) + 1 if len(short) < len(whole) else 1
            return room < needed
    return False


def expiry(reading: DocumentReading, as_of: date, index: int) -> list[Finding]:
    ends = reading.date_of("expiry_date")
    if ends is None or ends >= as_of:
        return []
    values: dict[str, Value] = {"document": index, "expiry_date": ends.isoformat(), "days": (as_of - ends).days}
    return [_finding("EXPIRED", "The document has expired.", f"{ICAO} part 4, 4.1.1 (date of expiry)", values)]


def dates(reading: DocumentReading, as_of: date, index: int) -> list[Finding]:
    """Dates that contradict each other: born after issue, issued after expiry or in the future."""
    born, ends = reading.date_of("birth_date"), reading.date_of("expiry_date")
    issued = reading.date_of("issue_date") if _surely_issued(reading) else None
    problems = []
    if (born and issued and issued < born) or (issued and (issued > as_of or (ends is not None and issued >= ends))):
        problems.append("issue_date")
    if born and ends and ends <= born:
        problems.append("expiry_date")
    return [
        _finding(
            "IMPOSSIBLE_DATE",
            f"The {_words(name)} contradicts the other dates.",
            f"{ICAO} part 3, 4.8",
            {"document": index, "field": name},
        )
        for name in problems
    ]


def _surely_issued(reading: DocumentReading) -> bool:
    """Whether the print surely names a date of issue: only it has one. What was read in one way alone, or is one of the
    zone's dates, is another field's date under a wrong name."""
    issue = reading.fields.get("issue_date")
    if issue is None:
        return False
    others = {reading.value("birth_date"), reading.value("expiry_date")}
    sure = issue.source not in ("caption", "layout") and issue.confidence >= VISUAL_CONFIDENCE
    return sure and (issue.value not in others or reading.mrz is None)


def against_application(reading: DocumentReading, application: ApplicantFacts, index: int) -> list[Finding]:
    stated: dict[str, str | None] = {
        "surname": application.surname,
        "given_names": application.given_names,
        "birth_date": application.birth_date.isoformat(),
        "nationality": application.nationality,
        "number": application.document_number,
        "sex": application.sex,
    }
    findings = []
    for name, value in stated.items():
        read = reading.fields.get(name)
        if value is None or read is None:
            continue
        same = _same_given_names(read.value, value) if name == "given_names" else agrees(name, read.value, value)
        if not same:
            distance = Levenshtein.distance(transliterate(read.value), transliterate(value))
            findings.append(
                _finding(
                    "APPLICATION_MISMATCH",
                    f"The {_words(name)} of the application differs from the document.",
                    "31 CFR 1020.220(a)(2); Directive (EU) 2015/849 art. 13(1)(a)",
                    {
                        "document": index,
                        "field": name,
                        "document_value": read.value,
                        "stated": value,
                        "edits": distance,
                    },
                )
            )
    return findings


def _same_given_names(read: str, stated: str) -> bool:
    """An applicant may state the first of several given names, and a document may cut the last one short where its
    name element is full (ICAO Doc 9303 part 3, 4.6): then as many letters as there are must agree."""
    if same_name(read, stated):
        return True
    ours, theirs = transliterate(read).split(), transliterate(stated).split()
    if not ours or not theirs:
        return False
    both = min(len(ours), len(theirs))
    if ours[:both] == theirs[:both]:
        return True
    cut = len(ours) - 1
    enough = cut > 0 or len(ours[cut]) >= 3
    return enough and both > cut and ours[:cut] == theirs[:cut] and theirs[cut].startswith(ours[cut])


def between_documents(readings: Sequence[DocumentReading]) -> list[Finding]:
    """Several documents of one applicant must name one person."""
    findings = []
    first = readings[0]
    for index, other in enumerate(readings[1:], start=2):
        for name in ("surname", "birth_date"):
            ours, theirs = first.fields.get(name), other.fields.get(name)
            if ours and theirs and min(ours.confidence, theirs.confidence) >= VISUAL_CONFIDENCE:
                if agrees(name, ours.value, theirs.value):
                    continue
                findings.append(
                    _finding(
                        "DOCUMENTS_DISAGREE",
                        f"The {_words(name)} differs between the documents.",
                        "31 CFR 1020.220(a)(2)(ii)",
                        {"document": index, "field": name, "first": ours.value, "other": theirs.value},
                    )
                )
    return findings


def face(match: FaceMatch) -> list[Finding]:
    return [*_likeness(match), *_liveness(match)]


def _liveness(match: FaceMatch) -> list[Finding]:
    """That nobody checked whether a person stood before the camera is said, not left out; it decides nothing."""
    values: dict[str, Value] = {"liveness": match.liveness.result, "provider": match.liveness.provider}
    if match.liveness.result == "not_live":
        text = "The selfie does not show a living person."
        return [_finding("LIVENESS_FAILED", text, "Clearance face policy 1", values)]
    if match.liveness.result == "not_checked":
        text = "Whether the selfie shows a living person was not checked."
        return [Finding("LIVENESS_NOT_CHECKED", "advise", text, "Clearance face policy 1", values)]
    return []


def _likeness(match: FaceMatch) -> list[Finding]:
    if match.result == "match":
        return []
    values: dict[str, Value] = {"distance": match.distance, "match": MATCH_DISTANCE, "no_match": UNSURE_DISTANCE}
    if match.result == "not_checked":
        return [_finding("FACE_NOT_CHECKED", "The face was not compared.", "", {"reason": match.reason})]
    if match.result == "unsure":
        return [_finding("FACE_UNSURE", "The selfie may or may not show the document's holder.", "", values)]
    return [_finding("FACE_MISMATCH", "The selfie shows somebody else than the document.", "", values)]


def _finding(rule: str, text: str, citation: str, values: Mapping[str, Value]) -> Finding:
    return Finding(rule, "refer", text, citation or "Clearance face policy 1", values)


def _words(name: str) -> str:
    return name.replace("_", " ")
