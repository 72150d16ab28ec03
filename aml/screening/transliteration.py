"""Latin letters with marks, and the scripts that are not compared letter by letter (`native`), in plain Latin letters.

Kept apart from `text` because a table of letters changes for other reasons than the cleaning of a string.
"""

import unicodedata

from anyascii import anyascii

_LATIN = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ö": "o",
        "ü": "u",
        "đ": "d",
        "ł": "l",
        "ı": "i",
        "þ": "th",
        "ð": "d",
        "ə": "a",
        "ŋ": "ng",
        "ħ": "h",
        "ʼ": "",
        "ʻ": "",
        "’": "",
        "‘": "",
        "`": "",
        "´": "",
    }
)


def plain_letters(token: str) -> str:
    """A token in lower-case ASCII letters: marks removed, other scripts by `anyascii`."""
    lowered = token.lower()
    if lowered.isascii():
        return lowered
    special = lowered.translate(_LATIN)
    plain = "".join(c for c in unicodedata.normalize("NFD", special) if not unicodedata.combining(c))
    return plain if plain.isascii() else anyascii(plain).lower()
