"""Invented accounts with ordinary lives and laundering among them, labelled: what the reference model learns from.

Everything comes from one seed. Nothing is taken from any real person, account or data set.
"""

from aml.generator.payments import Payment, write_csv
from aml.generator.world import generate

__all__ = ["Payment", "generate", "write_csv"]
