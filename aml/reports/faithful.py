"""Whether other words for a narrative say only what the case says: every number and every name in them is looked up.

Pure: whoever rewrites (a model, a person) is somewhere else. What is not certain to be known counts as added.
"""

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"\d[\d.,:/-]*\d|\d")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*", re.UNICODE)

_PLAIN = frozenset(
    [
        *("a", "an", "the", "this", "that", "these", "those", "it", "its", "he", "she", "they", "his", "her", "their"),
        *("who", "whom", "whose", "which", "what", "when", "where", "why", "how", "and", "or", "but", "so", "because"),
        *("although", "while", "after", "before", "during", "since", "until", "between", "among", "from", "to", "of"),
        *("in", "on", "at", "by", "with", "without", "within", "for", "as", "is", "are", "was", "were", "be", "been"),
        *("has", "have", "had", "did", "do", "does", "not", "no", "all", "any", "each", "both", "other", "another"),
        *("more", "most", "less", "first", "last", "next", "then", "there", "here", "total", "including", "overall"),
        *("furthermore", "moreover", "however", "according", "also", "only", "i", "we", "our"),
    ]
)
"""Words that may begin a sentence with a capital without naming anybody. A month in words is none: dates stay as they
are written."""


@dataclass(frozen=True, slots=True)
class Faithfulness:
    added: tuple[str, ...]
    """Numbers and names that are not in the source."""
    lost: tuple[str, ...]
    """Numbers of the source that are gone: amounts, dates, ids."""

    @property
    def holds(self) -> bool:
        return not self.added and not self.lost


def compare(rewritten: str, source: str) -> Faithfulness:
    """Look every number and name of `rewritten` up in `source`, and the source's numbers in `rewritten`."""
    known_numbers, known_words = _numbers(source), {word.casefold() for word in _words(source)}
    numbers = _numbers(rewritten)
    added = [number for number in numbers if number not in known_numbers]
    added += [name for name in _names(rewritten) if not _is_known(name, known_words)]
    lost = [number for number in known_numbers if number not in numbers]
    return Faithfulness(tuple(dict.fromkeys(added)), tuple(dict.fromkeys(lost)))


def _numbers(text: str) -> dict[str, None]:
    """Digits with what joins them, as written: `9,500.00` and `9500` are told apart, which is safe."""
    return dict.fromkeys(match.group().rstrip(".,:/-") for match in _NUMBER.finditer(text))


def _words(text: str) -> list[str]:
    return [match.group().rstrip(".'’-") for match in _WORD.finditer(text)]


def _names(text: str) -> list[str]:
    """Words with a capital anywhere, words with a digit in them, and words in letters other than plain Latin."""
    names = []
    for match in _WORD.finditer(text):
        word = match.group().rstrip(".'’-")
        if word and (word != word.lower() or not word.isascii() or any(c.isdigit() for c in word)):
            names.append(word)
    return names


def _is_known(name: str, known: set[str]) -> bool:
    folded = name.casefold()
    return folded in known or folded in _PLAIN
