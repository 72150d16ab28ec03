"""Invented Latin names written in another script, as their bearers might: so the scorer is fitted on such queries too.

For training only. It spells with few rules and much chance, the other way round from `letters`, and the evaluation
(`benchmarks/screening_scripts.py`) uses neither: its names are a table of their own.
"""

import random
import re

_RULES = {
    "arabic": "sh=ش kh=خ gh=غ th=ث/ت dh=ذ/ض/ظ ch=ش/چ/تش ou=و oo=و u=و/- ee=ي i=ي/- y=ي a=ا/- aa=ا/عا "
    "e=-/-/ي o=و/و/- b=ب "
    "p=ب/پ t=ت/ت/ت/ط d=د/د/د/د/د/د/د/ض j=ج h=ه/ح r=ر z=ز/ز/ز/ز/ز/ظ s=س/س/س/ص f=ف q=ق k=ك g=ج/غ l=ل m=م n=ن w=و v=و/ف "
    "x=كس c=ك",
    "cyrillic": "shch=щ zh=ж kh=х ts=ц ch=ч sh=ш yu=ю ya=я ye=е yo=ё/е iy=ий yi=ы y=й/и/ы x=кс j=дж/й "
    "w=в h=х/г q=к c=к/ц "
    "a=а b=б v=в g=г d=д e=е/э z=з i=и k=к l=л m=м n=н o=о p=п r=р s=с t=т u=у f=ф ou=у oo=у",
    "greek": "th=θ ph=φ ch=χ/τσ ps=ψ x=ξ ou=ου oo=ου ai=αι/αϊ b=μπ/β d=ντ/δ g=γκ/γ v=β w=ου/β y=ι/υ h=-/χ j=τζ c=κ f=φ "
    "sh=σ i=ι/η/ει o=ο/ω e=ε/αι a=α k=κ l=λ m=μ n=ν p=π q=κ r=ρ s=σ t=τ u=ου z=ζ",
    "hebrew": "sh=ש ch=ח/צ׳ kh=ח/כ tz=צ ts=צ th=ת a=-/-/א e=- i=י/י/- y=י o=ו/- u=ו ou=ו oo=ו b=ב v=ב/ו "
    "g=ג d=ד h=ה/ח z=ז "
    "t=ט/ת k=ק/כ l=ל m=מ n=נ s=ס/ס/ש f=פ p=פ r=ר j=ג׳ w=ו q=ק c=ק x=קס",
}
_SYLLABLES = (
    "wei=伟/卫/微 ming=明/铭 jun=军/俊/君 jian=建/健 guo=国/郭 xiao=小/晓 ping=平/萍 qiang=强 zhi=志/智 hai=海 "
    "bo=波/博 wen=文 jie=杰/洁 yong=永/勇 sheng=胜/生 zhen=振/珍 hua=华/花 da=大/达 peng=鹏 hong=红/宏/洪 chun=春 "
    "lei=雷/磊 feng=峰/锋 tao=涛 min=民/敏 li=李/丽 mei=梅/美 xiu=秀 ying=英/颖 yan=燕/艳 fang=芳/方 na=娜 "
    "jing=静/晶 yu=玉/宇 lan=兰/岚 shu=淑/树 fen=芬 xue=雪 wang=王/汪 zhang=张/章 liu=刘 chen=陈 yang=杨/阳 "
    "huang=黄 zhao=赵 wu=吴/武 zhou=周 xu=徐/许 sun=孙 ma=马 zhu=朱 hu=胡 he=何 lin=林 gao=高 luo=罗 zheng=郑 "
    "liang=梁 xie=谢 tang=唐"
)
_SCRIPTS = {
    "arabic": ("arabic",),
    "persian": ("arabic",),
    "south_asian": ("arabic",),
    "russian": ("cyrillic",),
    "turkic": ("cyrillic",),
    "western": ("greek", "hebrew", "cyrillic"),
    "spanish": ("greek", "hebrew"),
    "west_african": ("arabic", "hebrew"),
    "chinese": ("han",),
}

_FAMILIAR = """
محمد muhammad mohammad mohammed mohamed muhamad mehmet; احمد ahmad ahmed ahmet; علي ali; حسن hassan hasan; محمود mahmoud
mahmud; حسين hussein husayn hossein hussain; مصطفى mustafa mostafa; ابراهيم ibrahim; خالد khalid khaled; عمر omar umar;
يوسف yusuf yousef youssef; سالم salem; سليم salim; طارق tariq tarek; وليد walid; زياد ziyad ziad; 
عبدالله abdullah abdallah; رحمن rahman; عزيز aziz;
ناصر nasir nasser naser; فيصل faisal; جمال jamal; كريم karim; راشد rashid; رشيد rashid; سعيد said saeed; سمير samir;
حمزة hamza; بلال bilal; عماد imad; مروان marwan; فاطمة fatima fatemeh; عائشة aisha; مريم maryam; ليلى layla leila;
زينب zaynab; خديجة khadija; نور noor; هدى huda; سميرة samira; رانيا rania; امل amal; سلمى salma; نادية nadia; رضا reza;
مهدي mehdi mahdi; امير amir; حميد hamid; جواد javad; بهروز behrouz; فرهاد farhad; كامران kamran; مسعود masoud;
پرويز parviz; وحيد vahid; زهرا zahra; شيرين shirin; نسرين nasrin; عمران imran; اشرف ashraf; زاهد zahid; عارف arif;
نديم nadeem; موسى moussa; عبد abd abdul abdel; ابو abu; بن bin ben; الدين din eddin uddin; الله allah ullah
"""
_CANON = {
    latin: native
    for native, *latins in (entry.split() for entry in _FAMILIAR.replace("\n", " ").split(";"))
    for latin in latins
}
"""How names that everybody knows are written in Arabic letters, whatever their Latin spelling."""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    return {
        latin: tuple("" if part == "-" else part for part in spelt.split("/"))
        for latin, _, spelt in (entry.partition("=") for entry in text.split())
    }


_TABLES = {script: _table(text) for script, text in _RULES.items()} | {"han": _table(_SYLLABLES)}
_PATTERNS = {
    script: re.compile("|".join(sorted(table, key=lambda latin: (-len(latin), latin))))
    for script, table in _TABLES.items()
}


def in_own_script(name: str, culture: str, rng: random.Random) -> str | None:
    """The name in a script of its culture; None where it has none or a part of it has no spelling."""
    scripts = _SCRIPTS.get(culture)
    if scripts is None:
        return None
    script = rng.choice(scripts)
    words = [_written(word, script, rng) for word in re.split(r"[\s]+", name.lower())]
    if script == "han":
        return None if len(words) != 2 or not all(words) else "".join(words)
    told = " ".join(word for word in words if word)
    return told or None


def _written(word: str, script: str, rng: random.Random) -> str:
    if script == "han":
        syllables = re.sub(r"[^a-z]", "", word)
        whole = re.fullmatch(f"(?:{_PATTERNS['han'].pattern})+", syllables)
        return _PATTERNS["han"].sub(lambda match: rng.choice(_TABLES["han"][match[0]]), syllables) if whole else ""
    if script == "arabic":
        article, word = ("ال", word[3:]) if word.startswith(("al-", "el-")) else ("", word)
        if re.match("abd(ul|-al|el)-", word):  # the article is part of the compound
            return "عبد ال" + _arabic(word.rsplit("-", 1)[-1], rng)
        return article + " ".join(_arabic(part, rng) for part in re.split(r"-", word) if part)
    if script == "hebrew":
        return " ".join(_abjad(part, script, rng, "א") for part in re.split(r"-", word) if part)
    return _spelt(word.replace("-", ""), script, rng)


def _arabic(word: str, rng: random.Random) -> str:
    if word in _CANON:
        return _CANON[word]
    bare = word.removesuffix("h") if word.endswith(("ah", "eh")) else word
    return _abjad(bare, "arabic", rng, rng.choice("ااع"))


def _abjad(word: str, script: str, rng: random.Random, carrier: str) -> str:
    """A first vowel is always written, and so is a final one."""
    told = _spelt(word, script, rng)
    if word[:1] in "aeiou" and not told.startswith(carrier):
        told = carrier + told
    if word.endswith(("a", "ah")) and told[-1:] not in "اهةה":
        told += rng.choice("اةه" if script == "arabic" else "ה")
    if word.endswith(("i", "y", "ee")) and told[-1:] not in "ىيי":
        told += "ي" if script == "arabic" else "י"
    if word.endswith(("u", "o")) and told[-1:] not in "وו":
        told += "و" if script == "arabic" else "ו"
    return told


def _spelt(word: str, script: str, rng: random.Random) -> str:
    single = re.sub(r"([^aeiou])\1", r"\1", word)
    kept = re.sub(r"[^a-z]", "", single)
    return _PATTERNS[script].sub(lambda match: rng.choice(_TABLES[script][match[0]]), kept)
