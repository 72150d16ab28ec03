"""Invented persons: names put together from syllables, so that they belong to nobody in particular."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

_STARTS = [
    "Ba",
    "Be",
    "Bo",
    "Da",
    "De",
    "Do",
    "Ka",
    "Ke",
    "Ko",
    "La",
    "Le",
    "Lo",
    "Ma",
    "Me",
    "Mo",
    "Na",
    "Ne",
    "No",
    "Ra",
    "Re",
    "Ro",
    "Sa",
    "Se",
    "So",
    "Ta",
    "Te",
    "To",
    "Va",
    "Ve",
    "Vo",
    "Za",
    "Il",
    "An",
    "El",
    "Or",
    "Um",
]
_MIDDLES = [
    "ra",
    "ri",
    "lo",
    "na",
    "mi",
    "ven",
    "dar",
    "lin",
    "mar",
    "sel",
    "tor",
    "bel",
    "kan",
    "dri",
    "sto",
    "vi",
    "ro",
    "len",
    "ta",
]
_ENDS = [
    "ssen",
    "ström",
    "ová",
    "rez",
    "tti",
    "mann",
    "kis",
    "ley",
    "dal",
    "owski",
    "escu",
    "eira",
    "adze",
    "nen",
    "berg",
    "sson",
    "ic",
    "ez",
    "ard",
    "ino",
]
_GIVEN_ENDS = ["a", "o", "e", "ia", "an", "en", "is", "elle", "ina", "us", "ik", "ora"]

STATES = ("UTO", "D", "FRA", "NLD", "POL", "FIN", "PRT", "AUT", "SWE", "ITA", "ESP", "CZE", "USA")
"""Issuing states of specimens; `UTO` is 9303's own invented state."""


@dataclass(frozen=True, slots=True)
class Person:
    surname: str
    given_names: str
    birth_date: date
    sex: str
    nationality: str
    place_of_birth: str


def invent_person(seed: int, as_of: date) -> Person:
    """A person of 18 to 80 years at `as_of`; the same seed gives the same person."""
    rng = np.random.default_rng([seed, 101])

    def pick(parts: list[str]) -> str:
        return parts[int(rng.integers(len(parts)))]

    surname = pick(_STARTS) + pick(_MIDDLES) * int(rng.integers(0, 2)) + pick(_ENDS)
    if rng.random() < 0.12:
        surname += " " + pick(_STARTS) + pick(_ENDS)
    given = [pick(_STARTS) + pick(_MIDDLES) + pick(_GIVEN_ENDS) for _ in range(int(rng.integers(1, 4)))]
    days = int(rng.integers(18 * 366, 80 * 365))
    return Person(
        surname=surname,
        given_names=" ".join(given),
        birth_date=as_of - timedelta(days=days),
        sex="MF"[int(rng.integers(2))],
        nationality=STATES[int(rng.integers(len(STATES)))],
        place_of_birth=pick(_STARTS) + pick(_MIDDLES) + pick(["burg", "ville", "stad", "ice", "ona", "grad"]),
    )


def invent_number(seed: int, length: int = 9) -> str:
    """A document number: two letters, then digits and now and then a letter."""
    rng = np.random.default_rng([seed, 102])
    letters, digits = "ABCDEFGHJKLMNPRSTUVWXYZ", "0123456789"
    number = "".join(letters[int(rng.integers(len(letters)))] for _ in range(2))
    while len(number) < length:
        pool = letters if rng.random() < 0.15 else digits
        number += pool[int(rng.integers(len(pool)))]
    return number
