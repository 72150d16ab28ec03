"""Legal forms and the words that organisations abbreviate, so that `OOO`, `LLC` and `Limited Liability Company` agree.

Kept apart because it is a table of usage: it grows with the lists, the matching does not change.
"""

from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from aml.screening.native import spellings

# Canonical form: spellings. A form is compared, but says little: see `alignment.weight_of`.
_FORMS = """
llc: llc ooo ltd limited lda ltda tov doo srl sarl gmbh spzoo sro kft bv bvba oy ou sia uab sdnbhd pte pty plc wll fzc fzco fze fzllc
llc: sp_z_o_o limited_liability_company s_de_rl sdn_bhd pte_ltd pty_ltd co_ltd private_limited pvt_ltd obshchestvo_s_ogranichennoi_otvetstvennostyu
llc: limitada sas eirl kk gida_limited_sirketi limited_sirketi obschestvo_s_ogranichennoy_otvetstvennostyu mchj
jsc: jsc ao oao pao zao pjsc ojsc cjsc ag sa sab as ab asa nv spa kgaa oyj ad dd nyrt zrt saoc sae sal sak kscc psc pao anonim_sirketi
jsc: joint_stock_company open_joint_stock_company public_joint_stock_company closed_joint_stock_company sociedad_anonima
jsc: sa_de_cv srl_de_cv s_de_rl_de_cv sapi_de_cv aktsionernoe_obshchestvo otkrytoe_aktsionernoe_obshchestvo publichnoe_aktsionernoe_obshchestvo
jsc: sa_e_c public_limited_company societe_anonyme aktiengesellschaft publichnoe_aktsionernoye_obshchestvo aktsionernoye_obshchestvo
inc: inc incorporated corp corporation cia compania company co cie companhia sherkat sherkate
grp: group grp gruppa groupe grupo gruppe holding holdings hldg kholding
"""  # noqa: E501
_WORDS = {
    "intl": "international",
    "int": "international",
    "internat": "international",
    "internacional": "international",
    "mfg": "manufacturing",
    "mfrs": "manufacturers",
    "ind": "industries",
    "inds": "industries",
    "indus": "industries",
    "industry": "industries",
    "industrial": "industries",
    "tech": "technology",
    "technologies": "technology",
    "univ": "university",
    "natl": "national",
    "nat": "national",
    "nacional": "national",
    "govt": "government",
    "dept": "department",
    "min": "ministry",
    "assn": "association",
    "assoc": "association",
    "inst": "institute",
    "org": "organization",
    "organisation": "organization",
    "eng": "engineering",
    "engr": "engineering",
    "svcs": "services",
    "svc": "services",
    "service": "services",
    "trdg": "trading",
    "trd": "trading",
    "imp": "import",
    "exp": "export",
    "dev": "development",
    "mgmt": "management",
    "bros": "brothers",
    "ctr": "center",
    "centre": "center",
    "lab": "laboratory",
    "labs": "laboratory",
    "comm": "commercial",
    "inv": "investment",
    "investments": "investment",
    "ent": "enterprises",
    "enterprise": "enterprises",
    "shpg": "shipping",
    "nav": "navigation",
    "transp": "transport",
    "transportation": "transport",
    "fed": "federal",
    "bk": "bank",
    "banco": "bank",
    "banque": "bank",
    "fdn": "foundation",
    "found": "foundation",
    "soc": "society",
    "sys": "systems",
    "system": "systems",
    "elec": "electronics",
    "electronic": "electronics",
    "chem": "chemical",
    "chemicals": "chemical",
    "petro": "petroleum",
    "gen": "general",
    "constr": "construction",
    "res": "research",
    "and": "",
    "the": "",
    "of": "",
    "for": "",
    "de": "",
    "la": "",
    "del": "",
    "du": "",
    "des": "",
    "et": "",
    "und": "",
    "y": "",
    "e": "",
    "los": "",
    "las": "",
    "da": "",
    "do": "",
    "ms": "",
}

FORMS: dict[str, str] = {}
_PHRASES: dict[tuple[str, ...], str] = {}
for _line in _FORMS.strip().splitlines():
    _form, _spellings = _line.split(": ")
    for _spelling in _spellings.split():
        if "_" in _spelling:
            _PHRASES[tuple(_spelling.split("_"))] = _form
        else:
            FORMS[_spelling] = _form
_LONGEST = max(map(len, _PHRASES))
FORM_TOKENS = frozenset(FORMS.values())


_USUAL = sorted(
    {word for phrase in _PHRASES for word in phrase if len(word) >= 6}
    | {word for word in (*FORMS, *_WORDS, *_WORDS.values()) if len(word) >= 6}
    | {"company", "limited", "corporation"}
)
_KNOWN = frozenset((*FORMS, *_WORDS, *_WORDS.values(), *_USUAL))
_KNOWN_LONG = frozenset(word for word in _KNOWN if len(word) >= 5)
_LAST = ("limited", "company", "corporation", "incorporated", "limitada", "compania", "holding", "holdings")
_ENDINGS = tuple(sorted((word for word in _USUAL if len(word) >= 7), key=lambda word: (-len(word), word)))
"""Usual words that other words run into, the longest first."""


@lru_cache(maxsize=30_000)
def _corrected(word: str) -> str:
    """A usual word with one typing error as it should be, so that `LIMTIED` is not taken for a name."""
    if len(word) < 6 or not word.isascii():
        return word
    nearest = process.extractOne(word, _USUAL, scorer=OSA.distance, score_cutoff=1)
    return nearest[0] if nearest else word


@lru_cache(maxsize=30_000)
def _parted(word: str) -> tuple[str, ...]:
    """A word that ran into a usual one as two: `COMPANYLIMITED`, `ZARKOTRADING`."""
    if len(word) < 9 or word in _KNOWN or not word.isascii():
        return (word,)
    for usual in _ENDINGS:
        if word.endswith(usual) and len(word) - len(usual) >= 3:
            return (*_parted(word[: -len(usual)]), usual)
    return (word,)


def _whole(found: tuple[str, ...]) -> tuple[str, ...]:
    """Words as they were before typing parted, joined or cut them: single letters in a row are one word (`S. A.`), two
    halves of a usual word are that word (`CORPO RATION`), and a last word that begins a legal form is that form."""
    kept: list[str] = []
    letters = False
    for word in found:
        single = len(word) == 1 and word.isascii() and word.isalpha()
        halves = bool(kept) and kept[-1] not in _KNOWN and word not in FORMS and kept[-1] + word in _KNOWN_LONG
        if halves or (letters and single):
            kept[-1] += word
        else:
            kept.extend(_parted(word))
        letters = single
    if len(kept) > 1 and len(kept[-1]) >= 4 and kept[-1] not in _KNOWN:
        kept[-1] = next((form for form in _LAST if form.startswith(kept[-1])), kept[-1])
    return tuple(kept)


def significant(found: tuple[str, ...]) -> tuple[str, ...]:
    """An organisation's tokens: phrases and abbreviations of legal forms as one token, filler words left out.

    A name that consists of nothing else is returned as it is.
    """
    found = tuple(_corrected(word) for word in _whole(found))
    kept: list[str] = []
    latin = tuple(word if word.isascii() else next(iter(spellings(word, 1)), word) for word in found)
    place = 0
    while place < len(found):
        for length in range(min(_LONGEST, len(found) - place), 1, -1):
            form = _PHRASES.get(latin[place : place + length])
            if form:
                kept.append(form)
                place += length
                break
        else:
            word = found[place]
            word = FORMS.get(latin[place], word) if place or len(found) > 1 else word
            word = _WORDS.get(word if word.isascii() else latin[place], word)
            if word:
                kept.append(word)
            place += 1
    meaningful = tuple(kept[:24])
    return meaningful if any(word not in FORM_TOKENS for word in meaningful) else found[:24]
