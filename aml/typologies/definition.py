"""What a typology is: the entry that each file of this folder makes for the table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Typology:
    """A known pattern of laundering, with where it comes from and what it needs to be looked for.

    `text` is what an officer reads; it may use {account}, {total}, {amount}, {currency}, {window}, {value}.
    `needs` names the optional fields of a transaction without which it is not evaluated.
    """

    name: str
    family: str
    """graph, amount, behaviour or geography."""
    definition: str
    parameters: tuple[str, ...]
    """The names in `MonitoringParameters` that tune it."""
    source: str
    sar_subtype: str
    """The FinCEN SAR suspicious activity subtype that a hit supports."""
    text: str
    needs: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    """The lists in `MonitoringParameters` that must not be empty."""
