"""Words in personal names that are not the name: articles, particles, titles; and the compounds of `Abd`.

Kept apart as the table of what may be missing from a name without saying anything.
"""

import re
from functools import lru_cache

from aml.screening.native import script_of, spellings


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARTICLES = _words(
    "al el ul il as ash ad an ar at az us ur ud bin ibn ben bint binti binte bt ould wuld uld oghlu oglu "
    "ogly kyzy qizi ugli zade zadeh "
    "de la le del della dos da do das di du des van von der den ter ten y e i and af av st san santa los las"
)
TITLES = _words(
    "mr mrs ms miss dr doctor prof professor eng engineer gen general col colonel maj major capt captain lt sir lord "
    "haji hajji hadji haj hajj alhaj alhajj mullah mulla maulavi mawlawi maulvi molvi mawlana maulana sheikh shaikh "
    "shaykh shaik sheik sayyid sayed syed said qari ustad ustadh hafiz agha aqa amir emir commander comandante abu "
    "abou abo um umm jr sr iii ii brigadier khaji sheykh ayatollah imam lieutenant "
    "señor don dona herr frau mme monsieur"
)
ABU = frozenset(("abu", "abou", "abo", "um", "umm", "said", "syed", "sayed"))
"""Titles that are as often part of the name: half a name's weight."""
NATIVE_SMALL_WORDS = {
    **dict.fromkeys(_words("ال بن ابن بنت ولد بو اولد دختر אל בן בת אבן"), 0.35),
    **dict.fromkeys(_words("ابو ابي ابا ام سيد אבו"), 1.5),
    **dict.fromkeys(_words("اغا حاج حاجي حاجى شيخ ملا مولوي مولوى مولانا قاري قارى دكتور مهندس امير דר"), 0.5),
}
"""The same in their own letters, as `native` keeps them, with the weight in nats."""
SERVANT = "abdu"
_ABD = _words("abd abdul abdel abdal abdol abdoul abdur abdus abdud abdun abdut abduz abdu abdou abed abid")
_ARTICLES = _words("al el ul ar er ur as es us ad ed ud an en un at et ut az ez uz ash ush")
SPOKEN_ARTICLES = _ARTICLES | {"ال"}
_ALLAH = _words("allah alla allh ullah ulla ollah lah lh llah")
_DIN = _words("din deen dine dyn eddin eddine uddin uddeen aldin aldeen addin oddin eldin eldine")
_ABD_WORD = re.compile(r"^abd(?:ou|[aeiou])?l?(?=[^aeiou]|[aeiou][^aeiou])")
_LAH_WORD = re.compile(r"(?:[aeou]+l|[aeou]+|l)?lah?$")
_DIN_WORD = re.compile(r"(?:[aeou]+[ld]?|[ld])?d(?:ee|i|y)ne?$")


_LAH, _DIN_NATIVE, _ABD_NATIVE, _ARTICLE = "له", "دين", "عبد", "ال"
_ABD_HEBREW, _ARTICLE_HEBREW, _DIN_HEBREW = ("עבד", "אבד"), "אל", "דינ"
_NATIVE_ARTICLES = (_ARTICLE, _ARTICLE_HEBREW)


def compounds(found: tuple[str, ...]) -> tuple[str, ...]:
    """Arabic compounds as one word without article, however they were parted: `Abd al-Rahman`, `Abdurrahman` →
    `abdurahman`; `Saif Allah`, `Sayfullah` → `saiflah`, `sayflah`; `Salah al-Din`, `Salahuddin` → `salahdin`; the same
    in Arabic letters."""
    kept: list[str] = []
    words = tuple(_familiar(word) for word in found)
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        if (word in _ABD or word == _ABD_NATIVE or word in _ABD_HEBREW) and place < len(words):
            if (words[place] in _ARTICLES or words[place] in _NATIVE_ARTICLES) and place + 1 < len(words):
                place += 1
            kept.append(_servant(word, words[place]))
            place += 1
        elif (word in _ALLAH or word in _DIN or word in ("الله", _DIN_NATIVE)) and kept:
            if len(kept) > 1 and (kept[-1] in _ARTICLES or kept[-1] == _ARTICLE):
                kept.pop()
            native = not word.isascii()
            if kept[-1] not in PARTICLES and kept[-1] not in NATIVE_SMALL_WORDS and len(kept[-1]) > 2 - native:
                of_god = word in _ALLAH or word == "الله"
                kept[-1] += (_LAH if of_god else _DIN_NATIVE) if native else "lah" if of_god else "din"
            else:
                kept.append(word)
        elif word == _DIN_HEBREW and len(kept) > 1 and kept[-1] == _ARTICLE_HEBREW:
            kept.pop()
            kept[-1] += word
        else:
            kept.append(_one_word(word) if word.isascii() else _one_native_word(word))
    return tuple(kept)


@lru_cache(maxsize=30_000)
def _familiar(word: str) -> str:
    """A Cyrillic or Greek token that is a particle, a title or part of an Arabic compound in Latin letters, so that it
    is known for one; any other as it is."""
    if word.isascii() or script_of(word) not in ("cyrillic", "greek"):
        return word
    latin = next(iter(spellings(word, 1)), word)
    small = latin in PARTICLES or latin in TITLES or latin in _ABD or latin in _ALLAH or latin in _DIN
    return latin if small or (latin.isascii() and _one_word(latin) != latin) else word


def _servant(word: str, name: str) -> str:
    """`Abd` and a name; the u keeps d and h apart in Latin letters."""
    if word.isascii():
        latin = name if name.isascii() else next(iter(spellings(name, 1)), name)
        return SERVANT + _bare("lah" if latin in _ALLAH else latin)
    return word + name if word in _ABD_HEBREW else _ABD_NATIVE + (_LAH if name == "الله" else name)


def _one_native_word(word: str) -> str:
    if word.startswith("عبدال") and len(word) > 6:
        return _ABD_NATIVE + (_LAH if word == "عبدالله" else word[5:])
    if word.endswith("الله") and len(word) > 5:
        return word[:-4] + _LAH
    return word[:-5] + _DIN_NATIVE if word.endswith("الدين") and len(word) > 6 else word


def _one_word(word: str) -> str:
    if len(word) >= 6 and word.startswith("abd") and word not in _ABD:
        return SERVANT + _bare(_ABD_WORD.sub("", word))
    if len(word) >= 7:
        if word.endswith(("lah", "lla")):
            return _LAH_WORD.sub("", word) + "lah"
        if word.endswith(("ddin", "ddine", "ddeen", "ldin", "ldeen", "uddyn", "eddine", "oudine", "odine")):
            return _DIN_WORD.sub("", word) + "din"
    return word


def _bare(word: str) -> str:
    return re.sub(r"^(.)\1", r"\1", word).removesuffix("h") if len(word) > 3 else word
