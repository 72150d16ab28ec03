"""Dates as documents print them: every common order and separator, months by name in the languages of documents."""

import re
from datetime import date

from kyc.names import transliterate

_NAMES = """
1 january jan janvier janv januar enero ene gennaio gen
1 januari janeiro styczen sty ianuarie ian tammikuu tammi leden led
1 ocak oca jaanuar jaan sausis janvaris siecanj januarja
2 february feb fevrier fevr februar febrero febbraio februari
2 fevereiro fev luty lut februarie helmikuu helmi unor subat sub
3 march mar mars maart mrt marz maerz maer marzo marco martie marzec maaliskuu maalis brezen mart
4 april apr avril avr abril abr aprile kwiecien kwi aprilie huhtikuu huhti duben nisan nis
5 may mai mei maggio mag mayo maio maj mays toukokuu touko kveten mayis
6 june jun juin juni junio giugno giu junho czerwiec cze iunie iun kesakuu kesa cerven haziran haz
7 july jul juillet juil juli julio luglio lug julho lipiec lip iulie iul heinakuu heina cervenec temmuz tem
8 august aug aout agosto ago augustus sierpien sie elokuu elo srpen agustos agu
9 september sep sept septembre septiembre set settembre setembro wrzesien wrz septembrie syyskuu syys zari eylul eyl
10 october oct octobre oktober okt octubre ottobre ott
10 outubro out pazdziernik paz octombrie lokakuu loka rijen ekim eki
11 november nov novembre noviembre novembro listopad lis noiembrie noi marraskuu marras listopad kasim kas
12 december dec decembre dez dezember diciembre dic
12 dicembre dezembro grudzien gru decembrie joulukuu joulu prosinec aralik ara
1 janv sijecnja saus sausio ianouariou ιαν янв января януари січ січня
2 febr veebr veljaca vas vasario shk liut februars φεβ фев февраля февруари лют лютого
3 marc marts mrc kov kovo ozujak marts μαρ мар марта март бер березня
4 abril bal balandzio pri apríl απρ απριλιου апр апреля април кві квітня
5 maig maijs maja geg geguzes μαι μαϊ мая май травня
6 juny junijs juuni bir birzelio qer ιουν июн июня юни чер червня
7 julijs juuli lie liepos korr ιουλ июл июля юли липня
8 rugp rugpjucio gush agt agustus αυγ авг августа август сер серпня
9 szept septembris rugs rugsejo sht σεπ сен сентября септември вер вересня
10 oktobris spa spalio tet οκτ окт октября октомври жов жовтня
11 lap lapkricio nen νοε ноя ноября ноември листопада
12 des desember desembre detsember dec decembris dhj gruodzio δεκ дек декабря декември груд грудня
"""
MONTHS = {
    transliterate(name).replace(" ", ""): int(line.split()[0])
    for line in _NAMES.strip().splitlines()
    for name in line.split()[1:]
}
"""A month's names in the zone's letters. A name that is another month in another language (lipanj, lipiec) stands for
the more common of the two."""


LIKE_DIGITS = {"0": "OD", "1": "IL", "2": "Z", "4": "A", "5": "S", "6": "G", "8": "B"}


def find_dates(text: str, as_of: date, *, month_first: bool = False) -> tuple[date, ...]:
    """Every date in a line of print, in order. Numeric dates are day first (9303-3 asks for it) unless that is
    impossible, the page is known to write the `month_first`, or the year leads; two-digit years are the latest not
    after 15 years from `as_of`."""
    found: list[tuple[int, date]] = []
    text = re.sub(r"(?<![^\W_])[A-Za-z0-9]{3}(?![^\W_])", lambda word: _mended(word[0]), text)
    # A month in two languages, one of them in a script that was misread: what was read is no date's part besides.
    for words in (r"[^\s/]{1,12} ?/ ?([^\W\d_]{3,12})\.?", r"([^\W\d_]{3,12})\.? ?/ ?[^\s/]{1,12}"):
        for match in re.finditer(rf"(?<!\d)(\d{{1,2}})[ .\-]*{words}[ .\-]*(\d{{4}}|\d{{2}})(?!\d)", text):
            number = _month(match[2])
            if number and _add(found, match.start(), match[3], str(number), match[1], as_of):
                text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    for match in re.finditer(r"(?<!\d)(\d{4})(?:[ .\-/]{0,2}|年)(\d{2})(?:[ .\-/]{0,2}|月)(\d{2})(?!\d)", text):
        _add(found, match.start(), match[1], match[2], match[3], as_of)
    for match in re.finditer(r"(?<!\d)(\d{1,2}) ?[ .\-/] ?(\d{1,2}) ?[ .\-/] ?(\d{4}|\d{2})(?!\d)", text):
        day, month = (match[2], match[1]) if month_first else (match[1], match[2])
        if not _add(found, match.start(), match[3], month, day, as_of):
            _add(found, match.start(), match[3], day, month, as_of)
    for match in re.finditer(r"(?<!\d)(\d{2})(\d{2})((?:19|20)\d{2})(?!\d)", text):
        _add(found, match.start(), match[3], match[2], match[1], as_of)
    words = r"(?<!\d)(\d{1,2})[ .\-/]*([^\W\d_]{3,12}\.?(?: ?/ ?[^\W\d_]{3,12}\.?)?)[ .\-/]*(\d{4}|\d{2})(?!\d)"
    for match in re.finditer(words, text):
        number = _month(match[2])
        if number:
            _add(found, match.start(), match[3], str(number), match[1], as_of)
    for match in re.finditer(r"([^\W\d_]{3,12})\.? ?(\d{1,2}),? ?(\d{4})(?!\d)", text):
        month = _month(match[1])
        if month:
            _add(found, match.start(), match[3], str(month), match[2], as_of)
    for match in re.finditer(r"(?<!\d)(\d{4})[ .\-/]*([^\W\d_]{3,12})\.?[ .\-/]*(\d{1,2})(?!\d)", text):
        month = _month(match[2])
        if month:
            _add(found, match.start(), match[1], str(month), match[3], as_of)
    unique = dict(sorted(found, reverse=True))
    return tuple(dict.fromkeys(unique[start] for start in sorted(unique)))


def _mended(word: str) -> str:
    """A month of three signs with a digit that readers of print take for a letter (0CT), as a month."""
    digits = [sign for sign in word if sign.isdigit()]
    if len(digits) != 1:
        return word
    written = (word.replace(digits[0], letter) for letter in LIKE_DIGITS.get(digits[0], ""))
    return next((month for month in written if month.upper() in MONTHS), word)


def _month(word: str) -> int | None:
    for part in word.split("/"):
        month = MONTHS.get(transliterate(part).replace(" ", ""))
        if month:
            return month
    return None


def _add(found: list[tuple[int, date]], start: int, year: str, month: str, day: str, as_of: date) -> bool:
    number = int(year)
    if len(year) == 2:
        number += 2000 if 2000 + number <= as_of.year + 15 else 1900
    if not 1880 <= number <= as_of.year + 60:
        return False
    try:
        found.append((start, date(number, int(month), int(day))))
    except ValueError:
        return False
    return True
