"""The EU's consolidated financial sanctions (FSF) list: XML of schema 1.1, facts as attributes."""

from pathlib import Path

from lxml import etree

from aml.screening.countries import country_code
from aml.screening.formats.xml import local, read_xml
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, partial_date, watchlist

_DOCUMENTS = {
    "passport": "passportNumber",
    "diplomatic passport": "passportNumber",
    "imo": "imoNumber",
    "regnumber": "registrationNumber",
    "fiscalcode": "taxNumber",
    "swiftbic": "swiftBic",
    "ssn": "idNumber",
}


def parse_eu(path: Path) -> WatchList:
    """The list; its version is the day it was generated."""
    content = path.read_bytes()
    root = read_xml(content, path.name)
    if local(root) != "export":
        raise ListUnreadable(f"{path.name}: the root is {local(root)}, expected export; not the EU's FSF list")
    published = partial_date(root.get("generationDate", "")[:10])
    entries = (child for child in root if local(child) == "sanctionEntity")
    return watchlist("eu_fsf", "EU Financial Sanctions Files", published, [content], (_entity(e) for e in entries))


def _entity(element: etree._Element) -> EntityDraft:
    kind = next((child.get("code", "") for child in element if local(child) == "subjectType"), "")
    draft = EntityDraft(
        "eu-fsf-" + (element.get("euReferenceNumber") or element.get("logicalId") or ""), "Organization"
    )
    if kind == "person":
        draft.schema = "Person"
    draft.add("sourceId", element.get("unitedNationId"))
    for child in element:
        reader = _READERS.get(local(child))
        if reader:
            reader(draft, child)
    return draft


def _name(draft: EntityDraft, child: etree._Element) -> None:
    parts = (child.get(part) for part in ("firstName", "middleName", "lastName"))
    whole = child.get("wholeName") or " ".join(part for part in parts if part)
    draft.add(
        "weakAlias" if child.get("strong") == "false" else "alias" if "name" in draft.properties else "name", whole
    )
    draft.add("gender", {"M": "male", "F": "female"}.get(child.get("gender") or ""))
    draft.add("position", child.get("function"))
    draft.add("title", child.get("title"))


def _birth(draft: EntityDraft, child: etree._Element) -> None:
    date = partial_date(child.get("birthdate") or child.get("year") or "")
    draft.add("birthDate", date[:4] if date and child.get("circa") == "true" else date)
    draft.add("birthPlace", child.get("city"))
    draft.add("birthCountry", country_code(child.get("countryIso2Code") or ""))


def _citizenship(draft: EntityDraft, child: etree._Element) -> None:
    draft.add("nationality", country_code(child.get("countryIso2Code") or ""))


def _address(draft: EntityDraft, child: etree._Element) -> None:
    parts = (child.get(part) for part in ("street", "city", "zipCode", "countryDescription"))
    draft.add("address", ", ".join(part for part in parts if part))
    draft.add("country", country_code(child.get("countryIso2Code") or ""))


def _document(draft: EntityDraft, child: etree._Element) -> None:
    number = child.get("latinNumber") or child.get("number")
    draft.add(_DOCUMENTS.get((child.get("identificationTypeCode") or "").lower(), "idNumber"), number)


def _regulation(draft: EntityDraft, child: etree._Element) -> None:
    draft.add("program", child.get("programme"))


_READERS = {
    "nameAlias": _name,
    "birthdate": _birth,
    "citizenship": _citizenship,
    "address": _address,
    "identification": _document,
    "regulation": _regulation,
}
