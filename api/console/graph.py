"""The payments that prove a typology as a picture: accounts from left to right in the order in which money reached
them, flows numbered in time order. Pure: payments in, places out; the template draws them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import hypot

MOST_ACCOUNTS = 40
"""More than that no one can read; the rest stays in the table."""
_COLUMN, _WIDEST, _ROW, _MARGIN = 210, 330, 52, 20
_USUAL_WIDTH = 820
"""What a page has room for: fewer columns are drawn wider apart."""
_NODE_WIDTH, _NODE_HEIGHT = 128, 30


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of the evidence."""

    transaction_id: str
    at: datetime
    debtor: str
    creditor: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Node:
    account: str
    x: int
    y: int
    own: bool
    """An account of the case's parties."""


@dataclass(frozen=True, slots=True)
class Flow:
    """All payments from one account to another: numbered by the first, summed a currency."""

    number: int
    debtor: str
    creditor: str
    count: int
    amounts: tuple[tuple[str, Decimal], ...]
    path: str
    label_x: float
    label_y: float
    width: float


@dataclass(frozen=True, slots=True)
class Graph:
    width: int
    height: int
    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]
    left_out: int
    """Accounts that did not fit."""


def draw(payments: Sequence[Payment], own: Iterable[str]) -> Graph:
    """Places for accounts and flows. An empty evidence gives an empty picture."""
    ordered = sorted(payments, key=lambda p: (p.at, p.transaction_id))
    columns = _columns(ordered)
    shown = dict(list(columns.items())[:MOST_ACCOUNTS])
    nodes = _nodes(shown, frozenset(own))
    places = {node.account: node for node in nodes}
    flows = tuple(_flows([p for p in ordered if p.debtor in places and p.creditor in places], places))
    width = max((node.x for node in nodes), default=0) + _NODE_WIDTH + _MARGIN
    height = max((node.y for node in nodes), default=0) + _NODE_HEIGHT + _MARGIN
    return Graph(width, height, nodes, flows, len(columns) - len(shown))


def _columns(ordered: Sequence[Payment]) -> dict[str, int]:
    """Each account's column: one to the right of whoever paid it first. Money that comes back keeps its place."""
    columns: dict[str, int] = {}
    for payment in ordered:
        if payment.debtor not in columns:
            at = columns.get(payment.creditor)
            columns[payment.debtor] = 0 if at is None else at - 1
        columns.setdefault(payment.creditor, columns[payment.debtor] + 1)
    first = min(columns.values(), default=0)
    return {account: column - first for account, column in columns.items()}


def _nodes(columns: Mapping[str, int], own: frozenset[str]) -> tuple[Node, ...]:
    ranks: dict[int, list[str]] = {}
    for account, column in columns.items():
        ranks.setdefault(column, []).append(account)
    tallest = max((len(rank) for rank in ranks.values()), default=0)
    gap = min(_WIDEST, max(_COLUMN, (_USUAL_WIDTH - _NODE_WIDTH - 2 * _MARGIN) // max(1, len(ranks) - 1)))
    nodes = []
    for place, column in enumerate(sorted(ranks)):
        rank = ranks[column]
        top = _MARGIN + (tallest - len(rank)) * _ROW // 2
        nodes += [
            Node(account, _MARGIN + place * gap, top + row * _ROW, account in own) for row, account in enumerate(rank)
        ]
    return tuple(nodes)


def _flows(payments: Sequence[Payment], places: Mapping[str, Node]) -> Iterable[Flow]:
    pairs: dict[tuple[str, str], list[Payment]] = {}
    for payment in payments:
        pairs.setdefault((payment.debtor, payment.creditor), []).append(payment)
    sums = {pair: sum((p.amount for p in each), Decimal()) for pair, each in pairs.items()}
    most = max(sums.values(), default=Decimal(1)) or Decimal(1)
    for number, (pair, each) in enumerate(pairs.items(), start=1):
        amounts: dict[str, Decimal] = {}
        for payment in each:
            amounts[payment.currency] = amounts.get(payment.currency, Decimal()) + payment.amount
        path, x, y = _path(places[pair[0]], places[pair[1]])
        width = 1.5 + 3.5 * float(sums[pair] / most)
        yield Flow(number, *pair, len(each), tuple(amounts.items()), path, x, y, round(width, 1))


def _path(start: Node, end: Node) -> tuple[str, float, float]:
    """The curve of a flow and where its number stands: forward flows run through the gap, returning ones below."""
    middle = _NODE_HEIGHT / 2
    if start.account == end.account:
        x, y = start.x + _NODE_WIDTH, start.y + middle
        return f"M{x},{y - 6} c34,-22 34,34 0,18", x + 26, y
    if end.x > start.x:
        x1, y1, x2, y2 = start.x + _NODE_WIDTH, start.y + middle, end.x - 7, end.y + middle
        bend = (x2 - x1) / 2
        return f"M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2}", x1 + (x2 - x1) * 0.36, y1 + (y2 - y1) * 0.28
    left, top = start.x + _NODE_WIDTH / 2, start.y + _NODE_HEIGHT
    right, low = end.x + _NODE_WIDTH / 2, end.y + _NODE_HEIGHT + 7
    drop = min(60.0, 26 + hypot(right - left, low - top) / 12)
    path = f"M{left},{top} C{left},{top + drop} {right},{low + drop} {right},{low}"
    return path, (left + right) / 2, max(top, low) + drop * 0.72


# --- The timeline -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """One payment on the line: where it stands, and how high its stem is by its amount."""

    payment: Payment
    x: float
    height: float
    incoming: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, datetime], ...]


def timeline(payments: Sequence[Payment], own: Iterable[str], width: float = 720, tall: float = 48) -> Timeline:
    """Payments over time: those to the case's accounts above the line, those from them below."""
    ours = frozenset(own)
    ordered = sorted(payments, key=lambda p: (p.at, p.transaction_id))
    if not ordered:
        return Timeline((), ())
    first, last = ordered[0].at, ordered[-1].at
    length = max((last - first).total_seconds(), 1.0)
    most = max(payment.amount for payment in ordered)

    def place(at: datetime) -> float:
        return round(16 + (width - 32) * (at - first).total_seconds() / length, 1)

    marks = tuple(
        Mark(p, place(p.at), round(8 + (tall - 8) * float(p.amount / most), 1), p.creditor in ours) for p in ordered
    )
    ticks = tuple((place(at), at) for at in (first + (last - first) * share / 4 for share in range(5)))
    return Timeline(marks, ticks if last > first else ticks[:1])
