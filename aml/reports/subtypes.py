"""Which suspicious activity of the FinCEN form a typology supports: one table, with its source, nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subtype:
    """A box of items 32 to 42 of the form. `description` is the text that an "other" box asks for."""

    code: int
    description: str | None = None

    @property
    def type_code(self) -> int:
        """The group of boxes: 112 belongs to 1 (structuring), 824 to 8, and `x999` ("other") to x."""
        return self.code // 1000 if self.code % 1000 == 999 else self.code // 100


_MULTIPLE_ACCOUNTS = Subtype(807)
_TRANSFERS = Subtype(805)
_NO_PURPOSE = Subtype(925)
_OUT_OF_PATTERN = Subtype(812)
_WORKING_TOGETHER = Subtype(911)
_SOURCE_OF_FUNDS = Subtype(821)
_THIRD_PARTIES = Subtype(809)
_BELOW_CTR = Subtype(114)

SOURCE = "FinCEN SAR (FinCEN Report 111), items 32 to 42; EFL_SARXBatchSchema.xsd, SuspiciousActivitySubtypeID"

SUBTYPES: dict[str, tuple[Subtype, ...]] = {
    # Structuring: item 32. Box d, "transaction(s) below CTR threshold".
    "structuring": (_BELOW_CTR,),
    "smurfing": (_BELOW_CTR, Subtype(910)),
    "just_below": (_BELOW_CTR,),
    # Box b: only where a customer altered or cancelled a transaction, which amounts alone do not show.
    "cancelled_cash": (Subtype(112),),
    # Graph typologies: item 38, money laundering.
    "fan_in": (_MULTIPLE_ACCOUNTS, _SOURCE_OF_FUNDS),
    "fan_out": (_MULTIPLE_ACCOUNTS, _TRANSFERS),
    "gather_scatter": (_MULTIPLE_ACCOUNTS, _TRANSFERS),
    "scatter_gather": (_MULTIPLE_ACCOUNTS, _TRANSFERS),
    "cycle": (_TRANSFERS, _NO_PURPOSE),
    "bipartite": (_MULTIPLE_ACCOUNTS, _WORKING_TOGETHER),
    "stack": (_MULTIPLE_ACCOUNTS, _TRANSFERS),
    "random_walk": (_MULTIPLE_ACCOUNTS, _TRANSFERS),
    "layered_fan_in": (_MULTIPLE_ACCOUNTS, _SOURCE_OF_FUNDS),
    "layered_fan_out": (_MULTIPLE_ACCOUNTS, _TRANSFERS),
    # FIN-2014-A005: deposits in one place, withdrawals in another, below the reporting threshold.
    "funnel_account": (Subtype(824),),
    # Velocity and amounts.
    "pass_through": (_TRANSFERS, _NO_PURPOSE),
    "deposit_and_send": (_TRANSFERS, _SOURCE_OF_FUNDS),
    "rapid_movement": (_TRANSFERS, _NO_PURPOSE),
    "mirrored_transfers": (_TRANSFERS, _NO_PURPOSE),
    "round_amounts": (_OUT_OF_PATTERN,),
    "benford": (_OUT_OF_PATTERN,),
    "large_single": (_OUT_OF_PATTERN,),
    "over_invoicing": (Subtype(823),),
    # Behaviour.
    "behaviour_change": (_OUT_OF_PATTERN,),
    "peer_deviation": (_OUT_OF_PATTERN,),
    "dormant_then_active": (_OUT_OF_PATTERN,),
    "new_payee": (_OUT_OF_PATTERN,),
    # Geography and status.
    "high_risk_jurisdiction": (_TRANSFERS, Subtype(928)),
    "nested_correspondent": (_TRANSFERS,),
    "cuckoo_smurfing": (_SOURCE_OF_FUNDS, _THIRD_PARTIES),
    "same_person": (_MULTIPLE_ACCOUNTS,),
    "third_party_cash": (_THIRD_PARTIES,),
    "sanctioned_counterparty": (Subtype(9999, "Counterparty on a sanctions list"),),
}
"""By the name that `aml.typologies` gives. A typology that is not here is reported as "other", under its own name."""


def subtypes(typologies: Iterable[str]) -> tuple[Subtype, ...]:
    """The boxes to tick for typologies that fired, each once, by code: the form allows none twice.

    Several "other" money-laundering typologies share box 8999, whose text (50 characters) then names them in order.
    What a model found without any typology is out of pattern: the form wants one box at least.
    """
    chosen: dict[int, Subtype] = {}
    others: list[str] = []
    for typology in dict.fromkeys(typologies):
        for subtype in SUBTYPES.get(typology, ()):
            chosen.setdefault(subtype.code, subtype)
        if typology not in SUBTYPES:
            others.append(typology.replace("_", " "))
    if others:
        chosen[8999] = Subtype(8999, ", ".join(others)[:50].rstrip(", "))
    return tuple(chosen[code] for code in sorted(chosen)) or (_OUT_OF_PATTERN,)
