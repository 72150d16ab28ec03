"""Other scripts in Latin letters, the way sanctions lists romanise them: Arabic, Cyrillic, Greek and Hebrew by tables
of our own, Chinese by syllable, everything else by `anyascii`.

Kept apart from `text` because a table of letters changes for other reasons than the cleaning of a string.
"""

import re
import unicodedata

from anyascii import anyascii

_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґўјљњћђџѓќѕқғңөұүһә",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "-",
            "y",
            "-",
            "e",
            "yu",
            "ya",
            "yo",
            "i",
            "yi",
            "ye",
            "g",
            "u",
            "j",
            "lj",
            "nj",
            "c",
            "dj",
            "dz",
            "g",
            "k",
            "dz",
            "k",
            "g",
            "n",
            "o",
            "u",
            "u",
            "h",
            "a",
        ],
        strict=True,
    )
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        [
            "a",
            "v",
            "g",
            "d",
            "e",
            "z",
            "i",
            "th",
            "i",
            "k",
            "l",
            "m",
            "n",
            "x",
            "o",
            "p",
            "r",
            "s",
            "s",
            "t",
            "y",
            "f",
            "ch",
            "ps",
            "o",
        ],
        strict=True,
    )
)
_GREEK_PAIRS = (
    ("ου", "ou"),
    ("μπ", "b"),
    ("ντ", "nt"),
    ("γκ", "gk"),
    ("γγ", "ng"),
    ("αυ", "av"),
    ("ευ", "ev"),
    ("ει", "ei"),
    ("οι", "oi"),
    ("αι", "ai"),
    ("τζ", "tz"),
)
# One letter for each letter: what a reader of Arabic or Hebrew would say is for `sounds` to tell. Capitals: X kh, S sh,
# G gh, C ch, Z zh; and letters with two readings: D d or z (ذ ض ظ), T t or s (ث), Q sh or s (ש), K k or kh, F p or f,
# B b or v.
_HEBREW = dict(zip("אבגדהוזחטיכךלמםנןסעפףצץקרשת", "aBgdhvzhtyKKlmmnnsaFFssqrQt", strict=True))
_ARABIC = dict(
    zip(
        "اأإآٱءبتثجحخدذرزسشصضطظعغفقكلمنهويىةئؤپچژگکیہھےںڈٹڑ",
        "aaaaa-btTjhXdDrzsSsDtDaGfqklmnhwyahywpCZgkyhhyndtr",
        strict=True,
    )
)
ABJAD = "~"
"""Marks a token whose script writes no short vowels: it is compared by its consonants."""
_DIACRITICS = re.compile("[\u0591-\u05c7\u064b-\u065f\u0670\u0640\u06d6-\u06ed]")
_SURNAMES_OF_TWO = (
    "欧阳",
    "歐陽",
    "司马",
    "司馬",
    "诸葛",
    "諸葛",
    "上官",
    "司徒",
    "夏侯",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
)


def script_of(token: str) -> str:
    """The script of a token's letters: `latin`, `arabic`, `cyrillic`, `greek`, `hebrew`, `han`, `mixed`, `other`."""
    found = {_script(char) for char in token if char.isalpha()}
    if not found:
        return "latin"
    return found.pop() if len(found) == 1 else "mixed"


def _script(char: str) -> str:
    code = ord(char)
    if code < 0x250 or 0x1E00 <= code < 0x1F00:
        return "latin"
    if 0x370 <= code < 0x400 or 0x1F00 <= code < 0x2000:
        return "greek"
    if 0x400 <= code < 0x530:
        return "cyrillic"
    if 0x590 <= code < 0x600:
        return "hebrew"
    if 0x600 <= code < 0x780 or 0xFB50 <= code < 0xFE00 or 0xFE70 <= code < 0xFF00:
        return "arabic"
    if 0x3400 <= code < 0xA000 or 0xF900 <= code < 0xFB00:
        return "han"
    return "other"


def romanise(token: str) -> str:
    """A token in lower-case Latin letters; Chinese comes back as `surname given` where it has the length of a name."""
    script = script_of(token)
    if script == "latin":
        return _letters(token)
    if script == "cyrillic":
        return "".join(_CYRILLIC.get(char, "") or _letters(char) for char in token.lower()).replace("-", "")
    if script == "greek":
        plain = "".join(c for c in unicodedata.normalize("NFD", token.lower()) if not unicodedata.combining(c))
        for pair, latin in _GREEK_PAIRS:
            plain = plain.replace(pair, latin)
        return "".join(_GREEK.get(char, char) for char in plain)
    if script == "hebrew":
        return ABJAD + "".join(_HEBREW.get(char, "") for char in _DIACRITICS.sub("", token))
    if script == "arabic":
        return _arabic(_DIACRITICS.sub("", unicodedata.normalize("NFKC", token)))
    if script == "han":
        return _chinese(token)
    return _letters(anyascii(token))


def _letters(token: str) -> str:
    lowered = token.lower()
    if lowered.isascii():
        return lowered
    special = lowered.translate(_LATIN)
    plain = "".join(c for c in unicodedata.normalize("NFD", special) if not unicodedata.combining(c))
    return plain if plain.isascii() else anyascii(plain).lower()


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


def _arabic(token: str) -> str:
    article = token.startswith("ال") and len(token) > 3
    body = token[2:] if article else token
    latin = "".join(_ARABIC.get(char, "") for char in body).replace("-", "")
    return ("al " if article else "") + (ABJAD + latin if latin else "")


def _chinese(token: str) -> str:
    syllables = [anyascii(char).lower() for char in token]
    if not 2 <= len(token) <= 4:
        return "".join(syllables)
    split = 2 if token[:2] in _SURNAMES_OF_TWO and len(token) > 2 else 1
    return "".join(syllables[:split]) + " " + "".join(syllables[split:])
