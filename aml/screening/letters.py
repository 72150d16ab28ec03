"""How the letters of Arabic, Hebrew, Cyrillic and Greek are spelt in Latin letters, with what each spelling costs.

A table of usage, kept apart from `native`, which compares with it. One line a letter (or group of letters): what people
write for it, most usual first; `:3` is a cost of 0.3 for what is less usual or only regional, `-` is nothing at all.
Sources: the romanisation standards in use for passports and maps (ICAO 9303, BGN/PCGN, ISO 9, ISO 259, ISO 843, ELOT
743, GOST, the Ukrainian, Bulgarian and Serbian national ones) and the habits of French, English and German writing.
Doubled Latin letters are written once (`native` folds them on the other side too).
"""

from typing import NamedTuple


class Spelling(NamedTuple):
    latin: str
    cost: float


Units = dict[str, tuple[Spelling, ...]]

_ARABIC = """
ا a e:1 -:5 i:1 o:1 u:2 ae:3 y:5
ب b p:3 v:4
پ p b:3
ت t d:6
ث th t:1 s:1 c:5
ج j g:1 dj:1 dzh:1 dg:3 c:3 gi:3 y:5 ch:5
چ ch tch:1 c:2 sh:3 j:4
ح h ch:4 kh:4 -:8
خ kh h:2 k:3 x:2 ch:2 q:5
د d t:6
ذ dh d:1 z:1 th:2 dz:3
ر r
ز z s:4 dz:4
ژ zh j:1 z:3 g:4
س s c:3 z:5
ش sh ch:1 s:3 sch:2 sy:4
ص s c:4 z:5
ض d dh:1 z:1 dz:2 th:4
ط t th:3 d:6
ظ z dh:1 th:2 d:2 tz:4
ع - a:0 e:0 o:0 i:1 u:1 y:5
غ gh g:1 q:3 r:6 h:7
ف f ph:2 v:3 p:5
ق q k:1 g:2 gh:2 c:3 kh:5
ك k c:2 q:3 kh:5 g:6 ck:1
گ g gu:1 k:4 j:6
ل l
م m
ن n
ه h a:1 e:2 -:3 eh:2 ah:1 ha:2
ة a ah:1 e:1 at:1 et:2 eh:1 h:2 -:2 t:3 ath:3
و w u:0 o:0 v:0 ou:0 au:1 aw:0 ow:1 ew:2 uw:1 av:2 ov:3 ue:3 aou:2 -:6
ؤ u o:1 ou:1 w:2 -:2 a:3 e:4
ي i y:0 e:1 ay:0 ai:0 ei:0 ey:0 iy:0 ie:1 j:2 ae:3 -:6
ئ i e:1 -:2 y:1 a:3
ى a i:1 e:1 y:1 -:4
ء - a:3 i:4
ے e ai:1 ay:1 y:2 i:2
ں n -:3
ٹ t th:3
ڈ d dh:3
ڑ r d:3
ړ r d:4
ډ d
ټ t
ښ sh kh:2 s:3 x:3
ږ zh g:2 j:2 z:3
ځ z dz:1 j:3
څ ts s:2 c:3 ch:3
ڼ n rn:3
ې e i:2 ay:2
ۍ ai ay:0 i:2 ey:1
ێ e ey:1 i:3 y:3
ۆ o u:2 ou:1
ە a e:0 -:3
ڤ v f:3
ڵ l
ڕ r
ۇ u o:2 ou:1
ۋ v w:0
ڭ ng n:2
ۈ u ue:1
"""
_HEBREW = """
א a -:0 e:1 o:1 i:1 u:2
ב b v:0 w:3
ג g gh:4 j:5
ד d
ה h a:0 -:2 e:1 o:2 ah:0 eh:1
ו v u:0 o:0 w:1 ou:1 oo:0 ov:3 uv:3 ow:3 -:4
ז z s:4
ח h ch:0 kh:1 -:9 cha:1 x:4 j:5
ט t th:4
י i y:0 e:2 j:1 ei:0 ey:0 ai:0 ay:0 yi:1 ie:2 ye:2 ja:3 -:3
כ k ch:0 kh:0 c:1 h:2 ck:1 q:4 x:4
ל l
מ m
נ n
ס s c:3 z:5
ע a -:0 e:1 o:1 i:2 u:2
פ p f:0 ph:1
צ tz ts:0 z:1 s:3 c:2 cz:2
ק k q:0 c:1 ck:1 kh:5
ר r
ש sh s:0 sch:1 ch:3 sz:3 z:6
ת t th:1 s:5 d:7
ג׳ j dj:1 g:2 gi:3
ז׳ zh j:1 g:3
צ׳ ch tch:1 c:3 tsch:1 cz:2
שטיין stein shtein:0 steen:2 shtain:0
"""
_CYRILLIC = """
а a
б b
в v w:1 f:3
г g h:1 gh:1 gu:3
ґ g
ѓ g gj:1 dj:2 dy:3
д d
ђ dj dz:3 d:1 gy:3
е e ye:0 je:0 ie:0 ya:6 ee:3
ё e yo:0 io:0 o:0 jo:0 ye:1 ie:2 iyo:2
є ye e:1 ie:0 je:0 ae:3
ж zh j:1 z:1 g:3 sh:4 gh:4 dzh:2
з z s:3
ѕ dz z:2
и i y:1 e:4 ee:2 j:5
і i y:2 j:4
ї yi i:0 ji:0 ii:0 y:2
й y i:0 j:0 -:2
ј j y:0 i:1
к k c:2 q:2 ck:2
л l
љ lj ly:1 l:2 li:2
м m
н n
њ nj ny:1 n:2 ni:2 gn:3
о o a:4
п p
р r
с s c:4
т t th:3
ћ c ch:1 t:3 cj:2 tj:2
ќ kj k:2 c:3 ky:2
у u ou:0 oo:0 w:3 o:4 y:5
ў w u:1 o:5 v:3
ф f ph:1 v:5
х kh h:0 ch:2 x:1 k:3 j:5
ц ts c:0 tz:1 z:2 tc:3 s:4 cz:2
ч ch tch:1 c:1 tsch:1 cz:1 tsh:2 cs:3 sh:5 tj:4
џ dz dzh:1 j:2 g:4 dj:3
ш sh s:2 sch:1 ch:2 sz:2
щ shch chtch:1 sch:1 sht:1 sc:2 sh:2 stch:2 schtsch:2 shh:3 s:4 ch:5
ъ - a:1 u:1 y:2 o:4 ie:4
ы y i:1 iy:2 u:5 ui:5 e:5
ь - i:2 y:2 j:2 o:5
э e ae:3 eh:2 a:5
ю yu iu:0 ju:0 u:2 iou:2 you:2
я ya ia:0 ja:0 a:2 e:5 iya:1
ә a e:1 ae:1 -:4
ғ gh g:0 h:4
қ q k:0 c:4 kh:4
ң ng n:1
ө o u:2 oe:2
ұ u
ү u y:3 ue:3
һ h kh:3
ҳ h kh:2
ҷ j dj:1 ch:3
ӣ i
ӯ u o:2
ий y i:0 iy:0 ii:0 ij:0 yi:2 ie:3 ey:4
ый y i:1 iy:0 yi:1 yj:1 yy:0 ii:2 ij:2 e:4
ия ia iya:0 ija:0 ya:1 iia:0 ea:4
ья ia ya:0 ja:0 iya:0 iia:1 a:4
ье ie ye:0 je:0 e:1 iye:0
ьё io yo:0 jo:0 ie:1 ye:0 e:2 iyo:1
ьо io yo:0 jo:0 o:2
ью iu yu:0 ju:0 u:3
кс ks x:0
дж j dj:0 dzh:0 dg:2 g:1 c:4 dz:1
дз dz z:2
шч shch sch:1
нг ng n:3
ей ey ei:0 ej:0 ay:1 ai:2 y:2 eyi:3 ee:2
ай ay ai:0 aj:0 ei:3 i:4 y:4
эй ey ei:0 ay:1 ai:1 ej:1 ae:3
ой oy oi:0 oj:0 y:4
зг zg sg:4
сх skh sh:1 sch:0
зх zkh zh:1
ау au aw:1 ao:1 av:4
уа ua wa:0 oua:0 oa:2
уи ui wi:0 oui:0
ив iv if:2 yv:1 iff:2
ов ov of:1 off:1 ow:1 ova:6
ев ev ef:1 yev:0 eff:1 ew:2 iev:0 jev:0 eev:1
"""
_GREEK = """
α a
β v b:1 w:4
γ g y:1 gh:1 j:3 i:4
δ d dh:1 th:5
ε e
ζ z s:4
η i e:1 h:4 y:2
θ th t:2 f:5
ι i y:2 j:4
κ k c:1 ck:3
λ l
μ m
ν n
ξ x ks:0 z:5
ο o
π p
ρ r rh:2
σ s z:4
τ t
υ y i:0 u:2
φ f ph:0
χ ch h:0 kh:0 x:2 k:3
ψ ps
ω o
ου ou u:0 oo:0
μπ b mp:0 mb:0
ντ d nt:0 nd:0
γκ g gk:0 ng:0 nk:1
γγ ng g:3 gg:1
γχ nch gch:0 nh:1 nkh:1
γξ nx gx:1
τζ tz j:1 dz:1 dj:2 tzi:3 tg:4
τσ ts ch:2 c:3 tch:3
αυ av af:0 au:0
ευ ev ef:0 eu:0
ηυ iv if:0
ει i ei:0 y:2 e:3
οι i oi:0 oe:3 y:2
υι i yi:1 ui:2
αι e ai:0 ae:1
αϊ ai ay:1 ae:3
γι y gi:0 yi:1 i:1 j:2 g:2
γιω yo gio:0 gyo:1 io:1 jo:2 geo:2
γε ye ge:0 ie:1 je:2
κσ x ks:0
"""


def _table(text: str) -> Units:
    found: Units = {}
    for line in text.strip().splitlines():
        letters, *spellings = line.split()
        best: dict[str, float] = {}
        for place, entry in enumerate(spellings):
            latin, _, tenths = entry.partition(":")
            latin = "".join(c for i, c in enumerate(latin) if i == 0 or c != latin[i - 1])
            latin = "" if latin == "-" else latin
            if latin.isascii():
                cost = int(tenths) / 10 if tenths else 0.0 if place == 0 else 0.05
                best[latin] = min(cost, best.get(latin, 9.0))
        found[letters] = tuple(Spelling(latin, cost) for latin, cost in sorted(best.items(), key=lambda e: e[1]))
    return found


LETTERS: dict[str, Units] = {
    "arabic": _table(_ARABIC),
    "hebrew": _table(_HEBREW),
    "cyrillic": _table(_CYRILLIC),
    "greek": _table(_GREEK),
}
"""Script to its table; groups of up to three letters are looked up before single ones."""
