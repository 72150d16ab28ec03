"""Words in personal names that are not the name: articles, particles, titles; and the compounds of `Abd`.

Kept apart as the table of what may be missing from a name without saying anything.
"""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARTICLES = _words(
    "al el ul il as ash ad an ar at az us ur ud bin ibn ben bint binti binte bt ould wuld uld oghlu oglu zade zadeh "
    "de la le del della dos da do das di du des van von der den ter ten y e i and af av st san santa los las"
)
TITLES = _words(
    "mr mrs ms miss dr doctor prof professor eng engineer gen general col colonel maj major capt captain lt sir lord "
    "haji hajji hadji haj hajj alhaj alhajj mullah mulla maulavi mawlawi maulvi molvi mawlana maulana sheikh shaikh "
    "shaykh shaik sheik sayyid sayed syed said qari ustad ustadh hafiz agha aqa amir emir commander comandante abu "
    "abou abo um umm jr sr iii ii brigadier ayatollah imam lieutenant señor don dona herr frau mme monsieur"
)
ABU = frozenset(("abu", "abou", "abo", "um", "umm", "said", "syed", "sayed"))
"""Titles that are as often part of the name: half a name's weight."""
ABJAD_SMALL_WORDS = {
    **dict.fromkeys(("~bn", "~abn", "~bnt", "~wld", "~al"), 0.35),
    **dict.fromkeys(("~abw", "~aby", "~aba", "~am", "~syd"), 1.5),
    **dict.fromkeys(("~aGa", "~alhaj", "~haj", "~hajy", "~SyX", "~alSyX", "~mla", "~mwlwy", "~mwlana", "~qary"), 0.5),
}
"""The same in Arabic letters, as `transliteration` writes them, with the weight in nats."""
SERVANT = "abdu"
_ABD = _words("abd abdul abdel abdal abdol abdoul abdur abdus abdud abdun abdut abduz abdu abdou abed abid")
_ARTICLES = _words("al el ul ar er ur as es us ad ed ud an en un at et ut az ez uz ash ush")
_ALLAH = _words("allah alla allh ullah ulla ollah lah lh llah")
_DIN = _words("din deen dine dyn eddin eddine uddin uddeen aldin aldeen addin oddin eldin eldine")
_ABD_WORD = re.compile(r"^abd(?:ou|[aeiou])?l?(?=[^aeiou]|[aeiou][^aeiou])")
_LAH_WORD = re.compile(r"(?:[aeou]+l|[aeou]+|l)?lah?$")
_DIN_WORD = re.compile(r"(?:[aeou]+[ld]?|[ld])?d(?:ee|i|y)ne?$")


def compounds(found: tuple[str, ...]) -> tuple[str, ...]:
    """Arabic compounds as one word without article, however they were parted: `Abd al-Rahman`, `Abdurrahman` →
    `abdurahman`; `Saif Allah`, `Sayfullah` → `saiflah`, `sayflah`; `Salah al-Din`, `Salahuddin` → `salahdin`."""
    kept: list[str] = []
    place = 0
    while place < len(found):
        mark, word = _unmarked(found[place])
        place += 1
        if word in _ABD and place < len(found):
            if _unmarked(found[place])[1] in _ARTICLES and place + 1 < len(found):
                place += 1
            other, name = _unmarked(found[place])
            kept.append(_servant(mark or other, "lah" if name in _ALLAH else name))
            place += 1
        elif (word in _ALLAH or word in _DIN) and kept:
            if len(kept) > 1 and kept[-1] in _ARTICLES:
                kept.pop()
            if kept[-1] not in PARTICLES and len(kept[-1]) > 2:
                kept[-1] += "lah" if word in _ALLAH else "din"
            else:
                kept.append(mark + word)
        else:
            kept.append(_one_word(mark, word))
    return tuple(kept)


def _servant(mark: str, name: str) -> str:
    """`Abd` and a name; the u keeps d and h apart in Latin letters."""
    return (mark + "abd" if mark else SERVANT) + _bare(name)


def _one_word(mark: str, word: str) -> str:
    if len(word) >= 6 and word.startswith("abd") and word not in _ABD:
        return _servant(mark, _ABD_WORD.sub("", word))
    if len(word) >= 7:
        if word.endswith(("lah", "lla")):
            return mark + _LAH_WORD.sub("", word) + "lah"
        if word.endswith(("ddin", "ddine", "ddeen", "ldin", "ldeen", "uddyn", "eddine", "oudine", "odine")):
            return mark + _DIN_WORD.sub("", word) + "din"
    return mark + word


def _unmarked(word: str) -> tuple[str, str]:
    return ("~", word[1:]) if word.startswith("~") else ("", word)


def _bare(word: str) -> str:
    return re.sub(r"^(.)\1", r"\1", word).removesuffix("h") if len(word) > 3 else word
