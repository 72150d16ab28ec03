"""Names and numbers as zones write them: transliteration by ICAO 9303-3 section 6, and when two writings are one."""

import re
import unicodedata

LATIN = {
    "Æ": ("AE",), "Ä": ("AE", "A"), "Å": ("AA", "A"), "Ð": ("D", "DH"), "Đ": ("D", "DJ"), "Ø": ("OE", "O"),
    "Ö": ("OE", "O"), "Œ": ("OE",), "Ü": ("UE", "UXX", "U"), "Ñ": ("N", "NXX"), "ß": ("SS",), "ẞ": ("SS",),
    "Þ": ("TH",), "Ł": ("L",), "Ŋ": ("N",), "Ĳ": ("IJ",), "Ħ": ("H",), "Ŧ": ("T",), "ı": ("I",), "İ": ("I",),
    "ĸ": ("Q",), "Ə": ("E",), "Ő": ("O", "OE"), "Ű": ("U", "UE"), "Á": ("A",), "É": ("E",), "Í": ("I",), "Ó": ("O",),
    "Ú": ("U",), "Õ": ("O",), "Ÿ": ("Y",), "Ș": ("S",), "Ț": ("T",),
}  # fmt: skip
"""Table 6-A: letters with more than one accepted or a multi-letter writing; others lose their marks."""
CYRILLIC = dict(
    zip(
        "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯІЇЄҐЈЉЊЋЏЂЃЌЎ",
        [
            "A",
            "B",
            "V",
            "G",
            "D",
            "E",
            "E",
            "ZH",
            "Z",
            "I",
            "I",
            "K",
            "L",
            "M",
            "N",
            "O",
            "P",
            "R",
            "S",
            "T",
            "U",
            "F",
            "KH",
            "TS",
            "CH",
            "SH",
            "SHCH",
            "IE",
            "Y",
            "",
            "E",
            "IU",
            "IA",
            "I",
            "I",
            "IE",
            "G",
            "J",
            "LJ",
            "NJ",
            "C",
            "DZ",
            "D",
            "G",
            "K",
            "U",
        ],
        strict=True,
    )
)
"""Table 6-B, Cyrillic; the soft sign is omitted."""
GREEK = dict(
    zip(
        "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
        [
            "A",
            "V",
            "G",
            "D",
            "E",
            "Z",
            "I",
            "TH",
            "I",
            "K",
            "L",
            "M",
            "N",
            "X",
            "O",
            "P",
            "R",
            "S",
            "T",
            "Y",
            "F",
            "CH",
            "PS",
            "O",
        ],
        strict=True,
    )
)
"""ELOT 743, as Greek passports use."""


def transliterate(text: str) -> str:
    """The text in A to Z, digits and single spaces, each letter by its first accepted writing."""
    return _written(text, 0)


def variants(text: str) -> frozenset[str]:
    """The accepted writings of a text: each of table 6-A's choices applied throughout, and marks merely dropped."""
    return frozenset(_written(text, choice) for choice in (0, 1, 2))


def _written(text: str, choice: int) -> str:
    out: list[str] = []
    for character in unicodedata.normalize("NFC", text).upper():
        if character in LATIN:
            options = LATIN[character]
            out.append(options[min(choice, len(options) - 1)])
        elif character in CYRILLIC or character in GREEK:
            out.append(CYRILLIC.get(character) or GREEK.get(character, ""))
        elif character in "'’`´":
            continue  # 9303-3, 4.6.2: an apostrophe is left out and the parts are joined
        else:
            out.append("".join(c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c)))
    return re.sub(r"[^A-Z0-9]+", " ", "".join(out)).strip()


def same_name(left: str, right: str) -> bool:
    """Whether two writings are one name: equal in some accepted writing, spaces aside; or one was cut short by the
    width of its zone (at least 25 characters, and a beginning of the other)."""
    lefts = {v.replace(" ", "") for v in variants(left)}
    rights = {v.replace(" ", "") for v in variants(right)}
    if lefts & rights:
        return True
    return any(min(len(a), len(b)) >= 25 and (a.startswith(b) or b.startswith(a)) for a in lefts for b in rights)


def same_number(left: str, right: str) -> bool:
    """Whether two writings are one document number: letters and digits equal."""
    return _compact(left) == _compact(right)


def _compact(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())
