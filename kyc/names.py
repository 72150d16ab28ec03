"""Names and numbers as zones write them: transliteration by ICAO 9303-3 section 6, and when two writings are one."""

import re
import unicodedata


def _pairs(table: str) -> dict[str, str]:
    return dict(entry.split(":") for entry in table.split())


LATIN = {
    "Æ": ("AE",), "Ä": ("AE", "A"), "Å": ("AA", "A"), "Ð": ("D", "DH"), "Đ": ("D", "DJ"), "Ø": ("OE", "O"),
    "Ö": ("OE", "O"), "Œ": ("OE",), "Ü": ("UE", "UXX", "U"), "Ñ": ("N", "NXX"), "ß": ("SS",), "ẞ": ("SS",),
    "Þ": ("TH",), "Ł": ("L",), "Ŋ": ("N",), "Ĳ": ("IJ",), "Ħ": ("H",), "Ŧ": ("T",), "ı": ("I",), "İ": ("I",),
    "ĸ": ("Q",), "Ə": ("E",), "Ő": ("O", "OE"), "Ű": ("U", "UE"), "Á": ("A",), "É": ("E",), "Í": ("I",), "Ó": ("O",),
    "Ú": ("U",), "Õ": ("O",), "Ÿ": ("Y",), "Ș": ("S",), "Ț": ("T",),
}  # fmt: skip
"""Table 6-A: letters with more than one accepted or a multi-letter writing; others lose their marks."""
CYRILLIC = {
    letter: tuple(writings.split("|"))
    for letter, writings in _pairs(
        """
        А:A Б:B В:V Г:G|H Д:D Е:E Ё:E|IO Ж:ZH|ZH|Z З:Z И:I|Y|I Й:I К:K Л:L М:M Н:N О:O П:P Р:R С:S Т:T У:U Ф:F
        Х:KH|KH|H Ц:TS|TS|C Ч:CH|CH|C Ш:SH|SH|S Щ:SHCH|SHCH|SHCH|SHT Ъ:IE|IE|IE|A Ы:Y Ь: Э:E Ю:IU Я:IA І:I Ї:I
        Є:IE Ґ:G Ј:J Љ:LJ Њ:NJ Ћ:C Џ:DZ Ђ:D Ѓ:G Ќ:K Ѕ:DZ Ў:U Ѝ:I
        """
    ).items()
}
"""Table 6-B: first the general writing, then those of Ukrainian and Belarusian, Serbian and Macedonian, Bulgarian; the
soft sign is omitted."""
GREEK = _pairs("Α:A Β:V Γ:G Δ:D Ε:E Ζ:Z Η:I Θ:TH Ι:I Κ:K Λ:L Μ:M Ν:N Ξ:X Ο:O Π:P Ρ:R Σ:S Τ:T Υ:Y Φ:F Χ:CH Ψ:PS Ω:O")
"""ELOT 743, as Greek passports use."""
ARABIC = _pairs(
    """
    ء:XE آ:XAA أ:XAE ؤ:U إ:I ئ:XI ا:A ب:B ة:XTA ت:T ث:XTH ج:J ح:XH خ:XKH د:D ذ:XDH ر:R ز:Z س:S ش:XSH ص:XSS ض:XDZ
    ط:XTT ظ:XZZ ع:E غ:G ف:F ق:Q ك:K ل:L م:M ن:N ه:H و:W ى:XAY ي:Y
    """
)
"""Table 6-C, where X leads letters that Latin has not."""


def transliterate(text: str) -> str:
    """The text in A to Z, digits and single spaces, each letter by its first accepted writing."""
    return _written(text, 0)


def variants(text: str) -> frozenset[str]:
    """The accepted writings of a text: each of the tables' choices applied throughout, and marks merely dropped."""
    return frozenset(_written(text, choice) for choice in (0, 1, 2, 3))


def _written(text: str, choice: int) -> str:
    out: list[str] = []
    for character in unicodedata.normalize("NFC", text).upper():
        options = LATIN.get(character) or CYRILLIC.get(character)
        if options is not None:
            out.append(options[min(choice, len(options) - 1)])
        elif character in GREEK or character in ARABIC:
            out.append(GREEK.get(character) or ARABIC[character])
        elif character in "'’`´":
            continue  # 9303-3, 4.6.2: an apostrophe is left out and the parts are joined
        else:
            plain = "".join(c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c))
            out.append("".join(GREEK.get(c, c) for c in plain))
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
