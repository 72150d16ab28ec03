"""Which accounts are tills and which are our customers', learned from the payments: whom an alert is about.

Cash has an account on one side; the other is the till, which everybody shares and which joins no two alerts.
"""

from collections.abc import Callable, Mapping, Sequence

from aml.engine import Hit
from aml.transaction import Channel, Transaction

_TILL: dict[Channel, Callable[[Transaction], str]] = {
    Channel.CASH_DEPOSIT: lambda deposit: deposit.debtor_account,
    Channel.CASH_WITHDRAWAL: lambda withdrawal: withdrawal.creditor_account,
}


class AccountRoles:
    """What the payments so far say of accounts. Depends on them alone."""

    def __init__(self) -> None:
        self._tills: set[str] = set()
        self._customers: set[str] = set()

    def learn(self, transaction: Transaction) -> None:
        if transaction.channel in _TILL:
            self._tills.add(_TILL[transaction.channel](transaction))
        if transaction.debtor_party is not None:
            self._customers.add(transaction.debtor_account)
        if transaction.creditor_party is not None:
            self._customers.add(transaction.creditor_account)

    def concerned(self, transaction: Transaction, hits: Sequence[Hit]) -> tuple[str, ...]:
        """Whom an alert is about: the accounts at the centre of its hits and customers' among theirs, or both sides
        where a score alone raised it; no till."""
        centres = [hit.accounts[0] for hit in hits] or [transaction.debtor_account, transaction.creditor_account]
        customers = [account for hit in hits for account in hit.accounts if account in self._customers]
        return tuple(account for account in dict.fromkeys(centres + customers) if account not in self._tills)

    def kept(self) -> dict[str, list[str]]:
        """What was learned, as texts for a snapshot."""
        return {"tills": sorted(self._tills), "customers": sorted(self._customers)}

    def take_up(self, kept: Mapping[str, Sequence[str]]) -> None:
        """Know what another one had `kept`, and nothing else."""
        self._tills, self._customers = set(kept["tills"]), set(kept["customers"])
