"""From a name as somebody typed it to clean lower-case tokens: invisible characters, look-alike letters, digits that
stand for letters, and punctuation are dealt with here, before anything is compared.
"""

import re
import unicodedata
from functools import lru_cache

from aml.screening.native import SCRIPTS, native_words, script_of
from aml.screening.transliteration import plain_letters

# Letters of other alphabets that look like Latin ones (Unicode TR39 confusables, the part that occurs in names).
_LOOK_ALIKE = str.maketrans(
    "аеорсухіѕјԁԛԝһӏкмтвнпАВЕКМНОРСТХУІЅЈοανρτυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲɑɡıꓲ",
    "aeopcyxisjdqwhlkmtbhnABEKMHOPCTXYISJoavptuikABEZHIKMNOPTYXcagil",
)
_DIGIT_LETTERS = str.maketrans("0134578@$|!", "oieastbasil")
_APOSTROPHES = re.compile(r"['’‘`´ʼʻʿʾ′＇\"“”„«»״]")
_GERESH = re.compile("(?<=[\u05d2\u05d6\u05e5\u05e6])['\u2019\u2018`\u00b4\u2032]")
"""After these Hebrew letters an apostrophe is a letter's mark: gimel with it is j, tsadi with it ch."""
_SEPARATORS = re.compile(r"[^\w@$|!\u05f3]+|_+|(?<![\u05d0-\u05ea])\u05f3")
_DOTTED = re.compile(r"\b(?:\w\.){2,}")


@lru_cache(maxsize=65536)
def tokens(text: str, person: bool = True) -> tuple[str, ...]:
    """The tokens of a name: lower-case ASCII letters and digits, or the letters of a script that `native` compares.
    `person` reads digits inside words as letters."""
    clean = "".join(
        c
        for c in unicodedata.normalize("NFKC", text)
        if unicodedata.category(c) not in ("Cf", "Cc", "Mn")
        or (script_of(c) != "latin" and unicodedata.category(c) == "Mn")
    )
    clean = _GERESH.sub("\u05f3", clean) if not clean.isascii() else clean
    clean = _APOSTROPHES.sub("", clean).replace("&", " and ").replace("ß", "ss")
    clean = _DOTTED.sub(lambda match: match[0].replace(".", "") + " ", clean) if not person else clean
    words = [word for word in _SEPARATORS.split(clean) if word]
    latin = sum(script_of(word) in ("latin", "mixed") for word in words)
    found: list[str] = []
    for word in words:
        script = script_of(word)
        if script == "mixed" or (script in ("cyrillic", "greek") and latin * 2 > len(words)):
            swapped = word.translate(_LOOK_ALIKE)
            if script_of(swapped) == "latin":
                word = swapped
        if any(c.isdigit() or c in "@$|!" for c in word):
            word = _digits(word, person)
        if (script := script_of(word)) in SCRIPTS:
            found.extend(native_words(word, script))
            continue
        for part in plain_letters(word).split():
            kept = "".join(c for c in part if c.isalnum())
            if kept:
                found.append(kept)
    return tuple(found)


def _digits(word: str, person: bool) -> str:
    letters = sum(c.isalpha() for c in word)
    inside = bool(re.search(r"[^\W\d][\d@$|!]+[^\W\d]", word))
    if letters >= 2 and (inside or (person and letters > len(word) - letters)):
        return word.translate(_DIGIT_LETTERS)
    return re.sub(r"[@$|!]", "", word)
