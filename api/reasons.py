"""What an applicant may be told about an outcome: one table from rule names to words, and silence for everything else.

A rule that is not here is never shown: screening, risk and sanctions leave no trace in what the applicant can see, and
an outcome that rests on them alone reads the same as any other.
"""

from collections.abc import Sequence

from api.schemas.applications import ReasonOut

_SEND_ANOTHER = "Send a new application with a clear photo or scan of the whole document, without glare."
_CHECK_DATA = "Compare what you typed with your document, and send a new application."
_UNCONFIRMED = "Parts of your document could not be confirmed."

TEXTS: dict[str, tuple[str, str]] = {
    # What only decoding reveals (kyc.decode).
    "EMPTY_FILE": ("A file is empty.", "Send the photo or scan again."),
    "NO_PAGES": ("A file has no pages.", _SEND_ANOTHER),
    "NOT_AN_IMAGE": ("A file is not an image that we can open.", _SEND_ANOTHER),
    "DAMAGED_IMAGE": ("An image is damaged or incomplete.", "Send the original file in a new application."),
    "DAMAGED_PDF": ("A PDF is damaged.", "Send a photo of the document in a new application."),
    "ENCRYPTED_PDF": ("A PDF is protected by a password.", "Send it without a password, or send a photo."),
    "TOO_SMALL": ("An image is too small to show a document.", _SEND_ANOTHER),
    "TOO_LARGE": ("An image is too large to be processed.", "Send it in the resolution of a phone photo."),
    "TOO_DEMANDING": ("A file takes too much to be opened.", "Send a photo as JPEG."),
    "DOCUMENT_UNREADABLE": ("We could not open or read a document.", _SEND_ANOTHER),
    # What the policy says of documents and data (kyc.policy).
    "NO_ACCEPTED_DOCUMENT": (
        "None of your documents could be accepted.",
        "Send a new application with a passport or a national identity card.",
    ),
    "DOCUMENT_NOT_ACCEPTED_TYPE": (
        "This kind of document is not accepted.",
        "Send a new application with a passport or a national identity card.",
    ),
    "DOCUMENT_EXPIRED": ("Your document has expired.", "Send a new application with a valid document."),
    "CHECK_DIGIT_FAILED": (_UNCONFIRMED, _SEND_ANOTHER),
    "ZONES_DISAGREE": (_UNCONFIRMED, _SEND_ANOTHER),
    "READERS_DISAGREE": (_UNCONFIRMED, _SEND_ANOTHER),
    "PORTRAITS_DISAGREE": (_UNCONFIRMED, _SEND_ANOTHER),
    "APPLICATION_MISMATCH": ("Your document and the data of your application differ.", _CHECK_DATA),
    "FACE_DIFFERS": (
        "We could not confirm that the photo of you shows the holder of the document.",
        "Send a new application with a photo of your face in daylight.",
    ),
    "FACE_UNSURE": (
        "We could not confirm that the photo of you shows the holder of the document.",
        "Send a new application with a photo of your face in daylight.",
    ),
    "AGE_UNKNOWN": ("We could not read your date of birth from a document.", _SEND_ANOTHER),
    "UNDER_AGE": ("You have not reached the age that is needed.", "You are welcome to apply when you have."),
}

_IN_REVIEW = ReasonOut(code="IN_REVIEW", text="A member of our staff is looking at your application.")
_NOT_ACCEPTED = ReasonOut(
    code="NOT_ACCEPTED",
    text="We cannot accept your application.",
    advice="You can contest this: someone new will look at it.",
)


def applicant_reasons(state: str, outcome: str | None, rules: Sequence[str]) -> list[ReasonOut]:
    """The reasons to show, in the order of the rules, each once.

    A rule name may carry a field after a colon (`APPLICATION_MISMATCH:birth_date`); the field is not shown.
    """
    if state == "in_review":
        return [_IN_REVIEW]
    if state != "concluded" or outcome == "approved":
        return []
    codes = dict.fromkeys(rule.split(":")[0].split("(")[0].upper() for rule in rules)
    known = [ReasonOut(code=code, text=TEXTS[code][0], advice=TEXTS[code][1]) for code in codes if code in TEXTS]
    return known or [_NOT_ACCEPTED]
