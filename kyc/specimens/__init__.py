"""Synthetic identity documents with their truth: invented persons, drawn pages, photographed. Feeds demo and tests."""

from kyc.specimens.documents import (
    Defect,
    DocumentSpec,
    Specimen,
    draw_document,
    draw_selfie,
    invent_document,
)
from kyc.specimens.photograph import PHONE, POOR, SCAN, Capture

__all__ = [
    "PHONE",
    "POOR",
    "SCAN",
    "Capture",
    "Defect",
    "DocumentSpec",
    "Specimen",
    "draw_document",
    "draw_selfie",
    "invent_document",
]
