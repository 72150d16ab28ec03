"""What text in a report may look like, which is the same rule for names, addresses and narratives."""

import re
import unicodedata

# XML 1.0, production 2: everything else cannot stand in a document at all.
_NOT_XML = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLANKS = re.compile(r"\s+")


def one_line(text: str) -> str:
    """Text without line breaks, tabs, control characters and outer or repeated blanks, in composed form (NFC).

    FinCEN SAR XML Schema User Guide, 3.2: values have no leading or trailing spaces and no carriage returns, line
    feeds or tabs.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return _NOT_XML.sub("", _BLANKS.sub(" ", unicodedata.normalize("NFC", text))).strip()


def digits(text: str) -> str:
    """Only the digits: numbers are reported without hyphens, blanks or brackets."""
    return "".join(character for character in text if character in "0123456789")
