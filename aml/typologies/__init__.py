"""The table of typologies: one file each, in the order in which they are evaluated and in which features list them."""

from aml.typologies import cycle, fan_in, fan_out, pass_through, structuring
from aml.typologies.definition import Typology

TYPOLOGIES: tuple[Typology, ...] = (
    structuring.TYPOLOGY,
    fan_in.TYPOLOGY,
    fan_out.TYPOLOGY,
    pass_through.TYPOLOGY,
    cycle.TYPOLOGY,
)
NAMES = tuple(typology.name for typology in TYPOLOGIES)

__all__ = ["NAMES", "TYPOLOGIES", "Typology"]
