"""Invented people and organisations of many naming cultures: given names that are common, surnames put together from
syllables, so that nobody is meant.

Kept apart from the specimens' file formats because training and benchmarks draw names too.
"""

import random
from dataclasses import dataclass

from aml.screening.countries import country_title


@dataclass(frozen=True, slots=True)
class Culture:
    """How names are made in one region; `pattern` places g(iven), s(urname), f(ather's name)."""

    countries: tuple[str, ...]
    male: tuple[str, ...]
    female: tuple[str, ...]
    onsets: tuple[str, ...]
    middles: tuple[str, ...]
    endings: tuple[str, ...]
    pattern: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CULTURES: dict[str, Culture] = {
    "arabic": Culture(
        _words("sy iq lb eg ye ly sa jo sd tn dz ma"),
        _words(
            "Muhammad Ahmad Ali Hassan Hussein Mahmoud Mustafa Ibrahim Khalid Omar Yusuf Salim Tariq Walid Ziyad "
            "Abdullah Abdul-Rahman Abd-al-Aziz Nasir Faisal Jamal Karim Rashid Said Samir Hamza Bilal Imad Marwan"
        ),
        _words("Fatima Aisha Maryam Layla Zaynab Khadija Noor Huda Samira Rania Amal Salma Nadia"),
        _words("al-Ha al-Za al-Ra al-Su al-Mu al-Qa al-Tu al-Ba al-Ja al-Ka Bu Ha Sha Qu Dha Ghu Kha Na"),
        _words("wa bi si ra da qa ma na ta zi ha ru li sha"),
        _words("ri ni mi di wi bi hani rani tani shami lani qi dawi bari zi mari"),
        "gfs",
    ),
    "persian": Culture(
        _words("ir af"),
        _words(
            "Mohammad Reza Hossein Ali Mehdi Amir Hamid Javad Behrouz Farhad Kamran Masoud Naser Parviz Saeed Vahid"
        ),
        _words("Fatemeh Zahra Maryam Shirin Nasrin Leila Parisa Azadeh Mahin"),
        _words("Kar Bah Far Gol Hash Jav Mah Naz Raf Sad Tav Zar Shah Mos Qar Ashk"),
        _words("a am and ash eh esh i ou av or"),
        _words("zadeh pour ian nejad vand dar lou abadi shahi rani doust"),
        "gs",
    ),
    "russian": Culture(
        _words("ru by ua kz"),
        _words(
            "Aleksandr Sergey Vladimir Dmitry Andrey Nikolay Mikhail Yevgeny Oleg Igor Viktor Yury Konstantin "
            "Anatoly Pavel Roman Maksim Ruslan Timur Gennady"
        ),
        _words("Yelena Olga Natalya Svetlana Tatyana Irina Lyudmila Yekaterina Galina Oksana"),
        _words("Bar Gor Vol Kuz Lash Mor Niz Pet Rud Sav Tikh Khor Cher Shum Yar Zhar Dol Kru Bely Fad"),
        _words("a e i o chen ash en ov yat ush il"),
        _words("nov vin kov shkin chuk enko skiy tsev ryov lyov mov"),
        "gfs",
    ),
    "spanish": Culture(
        _words("mx co ve cu es ar pe ni hn gt pa"),
        _words(
            "Jose Juan Luis Carlos Miguel Jorge Francisco Jesus Rafael Alejandro Fernando Javier Ricardo Hector "
            "Oscar Ramon Victor Manuel Diego Ernesto"
        ),
        _words("Maria Ana Rosa Carmen Gloria Claudia Patricia Adriana Luz Beatriz Sandra Silvia"),
        _words("Val Mont Cas Esp Rod Gal Bel Cer Del Fuen Her Lor Nav Per Quin San Tor Ur Zam Bar"),
        _words("a e i o al an er os ar ent"),
        _words("rez guez doza nero tillo rano vedo lanos dilla cardo quera mendi"),
        "gss",
    ),
    "chinese": Culture(
        _words("cn hk tw sg"),
        _words(
            "Wei Ming Jun Jianguo Xiaoping Guoqiang Zhiming Haibo Wenjie Yongsheng Zhenhua Dapeng Hongwei Chunlei "
            "Qiang Bo Feng Lei Tao Weimin"
        ),
        _words("Li Mei Xiuying Yan Fang Na Jing Lihua Xiaomei Yulan Shufen Hongmei Xue"),
        _words(
            "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang"
        ),
        ("",),
        ("",),
        "sg",
    ),
    "korean": Culture(
        _words("kp kr"),
        _words(
            "Chol-su Yong-ho Song-il Kwang-min Myong-chol Jong-hyok Tae-song Un-chol Chang-ho In-guk Hyon-u Nam-chol"
        ),
        _words("Yong-hui Sun-ok Mi-hyang Kyong-ae Hye-song Un-ju Jong-sun"),
        _words("Kim Ri Pak Choe Jong Kang Jo Yun Jang Han O So Sin Kwon Hwang An Ryu Hong"),
        ("",),
        ("",),
        "sg",
    ),
    "west_african": Culture(
        _words("ng ml sn cd cf ss rw"),
        _words(
            "Emmanuel Ibrahim Moussa Amadou Jean Joseph Pierre Samuel Oumar Seydou Patrick Innocent Bosco Sylvestre"
        ),
        _words("Aminata Grace Esther Fatou Mariam Jeanne Josephine Blessing"),
        _words("Bal Muk Ndi Kab Tsh Oko Ade Chu Mba Kou Dia Ola Nta Mwa Ruk"),
        _words("a u o i am an ala unda ongo emi"),
        _words("ba mba ye kwu nde le ra lo nga re bo sa ganda"),
        "gs",
    ),
    "western": Culture(
        _words("gb us de fr it nl ie za"),
        _words(
            "John Peter Thomas Martin Robert Michael William Charles Paul Stefan Marco Henri Karl David Daniel George"
        ),
        _words("Anna Elizabeth Sarah Julia Catherine Laura Emma Margaret Sophie Christine"),
        _words("Ash Bren Carl Dun Ell Fair Gren Hart Kess Lang Mar Nor Pem Roth Stan Thorn Wald Wex Lind Berg"),
        _words("a e ing en er ter ling wor"),
        _words("ton field mann ham ley son dorf ford well bach ault ini wick"),
        "gs",
    ),
    "south_asian": Culture(
        _words("pk in bd lk"),
        _words(
            "Muhammad Abdul Imran Rashid Tariq Faisal Ashraf Zahid Rajesh Sanjay Vijay Anil Ravi Suresh Arif Nadeem"
        ),
        _words("Ayesha Sunita Priya Shabana Rukhsana Lakshmi Nasreen Farzana"),
        _words("Chau Bha Ran Sid Qur Meh Gup Raj Ver Kha Mal Sha Dar Nai"),
        _words("dh ta ja wa ni si ra ma vi"),
        _words("ry wala shi kar raja ndra iqi uddin wal hani sena"),
        "gs",
    ),
    "turkic": Culture(
        _words("tr az uz tm kg"),
        _words("Mehmet Ahmet Mustafa Ali Hasan Murat Emre Yusuf Kemal Orhan Rustam Anvar Elchin Ilham Bakhtiyar"),
        _words("Ayse Fatma Emine Zeynep Elif Gulnara Dilnoza Sevinc"),
        _words("Kara Yil Oz De Ak Bal Cel Er Gul Kay Tas Dem Sah Tur"),
        _words("a i u e ma ba ka li mi"),
        _words("oglu maz kaya demir tas soy bek yev can ci lar gan"),
        "gs",
    ),
}
_SECTORS = _words(
    "Trading Shipping Petroleum Construction Holding Investment Engineering Logistics Chemical Aviation "
    "Mining Exchange Marine Electronics Agriculture Textile Metals Energy Pharmaceutical Telecom Bank"
)
_FORMS = {
    "ru": ("OOO", "AO", "PAO"),
    "mx": ("S.A. DE C.V.",),
    "co": ("LTDA.", "S.A.S."),
    "ve": ("C.A.",),
    "de": ("GmbH", "AG"),
    "fr": ("SARL", "SA"),
    "cn": ("CO., LTD.",),
    "gb": ("LIMITED", "LTD", "PLC"),
    "us": ("LLC", "INC."),
    "ae": ("FZE", "LLC"),
    "tr": ("A.S.", "LTD. STI."),
}
_BODIES = ("Front for the Liberation of", "Movement of", "Brigade of", "Foundation of", "Network of", "Council of")


@dataclass(frozen=True, slots=True)
class InventedName:
    """`parts` in the order spoken; `surname` is what a list puts first."""

    culture: str
    country: str
    gender: str
    given: str
    middle: str
    surname: str

    @property
    def spoken(self) -> str:
        ordered = (
            (self.surname, self.given)
            if CULTURES[self.culture].pattern == "sg"
            else (self.given, self.middle, self.surname)
        )
        return " ".join(part for part in ordered if part)


def invent_surname(culture: Culture, rng: random.Random) -> str:
    """A surname of one onset, up to two middles and an ending."""
    middles = "".join(rng.choice(culture.middles) for _ in range(rng.choice((0, 1, 1, 2))))
    return rng.choice(culture.onsets) + middles + rng.choice(culture.endings)


def invent_person(rng: random.Random) -> InventedName:
    """A person's name of a culture drawn at random, Arabic and Spanish more often, as on the lists."""
    culture_name = rng.choices(tuple(CULTURES), weights=(6, 3, 4, 6, 3, 2, 2, 3, 2, 2))[0]
    culture = CULTURES[culture_name]
    male = rng.random() < 0.85
    given = rng.choice(culture.male if male else culture.female)
    middle = ""
    if "f" in culture.pattern and rng.random() < 0.6:
        father = rng.choice(culture.male)
        middle = _patronymic(father, male) if culture_name == "russian" else father
    elif rng.random() < 0.25 and culture.pattern != "sg":
        middle = rng.choice(culture.male if male else culture.female)
    surname = invent_surname(culture, rng)
    if culture.pattern == "gss" and rng.random() < 0.7:
        surname += " " + invent_surname(culture, rng)
    if culture_name == "russian" and not male and surname.endswith(("ov", "in", "ev")):
        surname += "a"
    return InventedName(
        culture_name,
        rng.choice(culture.countries),
        "male" if male else "female",
        given,
        "" if middle == given else middle,
        surname,
    )


def _patronymic(father: str, male: bool) -> str:
    stem = father.removesuffix("y") if father.endswith("y") else father
    return stem + (("yevich" if male else "yevna") if father.endswith(("y", "r")) else ("ovich" if male else "ovna"))


def invent_organisation(rng: random.Random) -> tuple[str, str]:
    """A name and its country: a company with sector and legal form, or a body with a purpose."""
    culture_name = rng.choice(tuple(CULTURES))
    culture = CULTURES[culture_name]
    country = rng.choice(culture.countries)
    stem = invent_surname(culture, rng).replace("al-", "Al ")
    if rng.random() < 0.15:
        return f"{rng.choice(_BODIES)} {stem}".upper(), country
    second = rng.choice(("", "", invent_surname(culture, rng).replace("al-", ""), country_title(country)))
    words = [stem, second, *rng.sample(_SECTORS, rng.choice((1, 1, 2))), rng.choice(("", "Group", "Company", ""))]
    form = rng.choice(_FORMS.get(country, ("LLC", "CO.", "LIMITED", "")))
    return " ".join(word for word in (*words, form) if word).upper(), country
