"""Which days are holidays where a term counts working days: rules, not lists of dates, so that no year runs out."""

from datetime import date, timedelta

_MONDAY, _THURSDAY = 0, 3


def us_federal_holiday(day: date) -> bool:
    """The legal public holidays of 5 U.S.C. 6103(a), observed on a Friday or Monday where 6103(b) says so."""
    return any(day in _us_federal_holidays(year) for year in (day.year, day.year + 1))


def target_holiday(day: date) -> bool:
    """Closing days of TARGET (Guideline (EU) 2022/912, annex I): the one set of holidays common to the euro area."""
    easter = easter_sunday(day.year)
    return day in (easter - timedelta(days=2), easter + timedelta(days=1)) or (day.month, day.day) in (
        (1, 1),
        (5, 1),
        (12, 25),
        (12, 26),
    )


def easter_sunday(year: int) -> date:
    """Gregorian Easter by the anonymous (Meeus/Jones/Butcher) algorithm."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _us_federal_holidays(year: int) -> frozenset[date]:
    fixed = ((1, 1), (7, 4), (11, 11), (12, 25), *([(6, 19)] if year >= 2021 else []))
    return frozenset(
        (
            *(_observed(date(year, month, day)) for month, day in fixed),
            _nth(year, 1, _MONDAY, 3),
            _nth(year, 2, _MONDAY, 3),
            _last_monday_of_may(year),
            _nth(year, 9, _MONDAY, 1),
            _nth(year, 10, _MONDAY, 2),
            _nth(year, 11, _THURSDAY, 4),
        )
    )


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())
