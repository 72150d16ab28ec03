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
_ABD = _words("abd abdul abdel abdal abdol abdoul abdur abdus abdud abdun abdut abduz abdu abdou abed abid")
_ARTICLES = _words("al el ul ar er ur as es us ad ed ud an en un at et ut az ez uz ash ush")
_ONE_WORD = re.compile(r"^abd(?:ou|[aeiou])?l?(?=[^aeiou]|[aeiou][^aeiou])")


def compounds(found: tuple[str, ...]) -> tuple[str, ...]:
    """`Abd al-Rahman`, `Abdul Rahman`, `Abdurrahman` → `abdrahman`; other tokens as they are."""
    if not any(word.startswith(("ab", "~ab")) for word in found):
        return found
    kept: list[str] = []
    place = 0
    while place < len(found):
        word = found[place]
        place += 1
        if word.lstrip("~") in _ABD and place < len(found):
            if found[place] in _ARTICLES and place + 1 < len(found):
                place += 1
            mark = "~" if found[place].startswith("~") else ""
            kept.append(mark + "abd" + _bare(found[place].lstrip("~")))
            place += 1
        elif word.startswith("abd") and len(word) >= 7 and word not in _ABD:
            kept.append("abd" + _bare(_ONE_WORD.sub("", word)))
        else:
            kept.append(word)
    return tuple(kept)


def _bare(word: str) -> str:
    return re.sub(r"^(.)\1", r"\1", word).removesuffix("h") if len(word) > 3 else word
