"""The UN Security Council consolidated list (XML, schema `sc-sanctions.xsd`).

A DATAID or reference number names an entity; aliases of several names are separated by semicolons in one element.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from aml.screening.countries import country_code
from aml.screening.formats.xml import first, local, read_xml, texts
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, partial_date, watchlist, years_between

_NUMBERED = re.compile(r"(?:^|\s)[a-z]\)\s*|;\s*|\(original script:|\)\s*$")


def parse_un(path: Path) -> WatchList:
    """The consolidated list; its version is the date it was generated."""
    content = path.read_bytes()
    root = read_xml(content, path.name)
    if local(root) != "CONSOLIDATED_LIST":
        raise ListUnreadable(f"{path.name}: the root is {local(root)}, expected CONSOLIDATED_LIST; not the UN list")
    published = (root.get("dateGenerated") or "")[:10] or None
    return watchlist("un_sc_sanctions", "UN Security Council Consolidated List", published, [content], entities(root))


def entities(root: etree._Element) -> Iterator[EntityDraft]:
    """Individuals, then entities, in file order."""
    for element in root.iter("INDIVIDUAL"):
        yield _individual(element)
    for element in root.iter("ENTITY"):
        yield _entity(element)


def _identified(element: etree._Element, schema: str) -> EntityDraft:
    draft = EntityDraft("unsc-" + (first(element, "DATAID") or first(element, "REFERENCE_NUMBER")), schema)
    parts = [first(element, part + "_NAME") for part in ("FIRST", "SECOND", "THIRD", "FOURTH")]
    draft.add("name", " ".join(part for part in parts if part))
    draft.add("alias", *texts(element, "NAME_ORIGINAL_SCRIPT"))
    draft.add("program", *texts(element, "UN_LIST_TYPE"))
    draft.add("listingDate", *texts(element, "LISTED_ON"))
    draft.add("notes", *texts(element, "COMMENTS1"))
    draft.add("sourceId", *texts(element, "REFERENCE_NUMBER"))
    return draft


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if child.tag == name)


def _aliases(draft: EntityDraft, element: etree._Element, name: str) -> None:
    for alias in _children(element, name):
        target = "weakAlias" if first(alias, "QUALITY") == "Low" else "alias"
        draft.add(target, *_NUMBERED.split(first(alias, "ALIAS_NAME")))


def _addresses(draft: EntityDraft, element: etree._Element, name: str) -> None:
    for address in _children(element, name):
        parts = [first(address, part) for part in ("STREET", "CITY", "STATE_PROVINCE", "ZIP_CODE", "COUNTRY")]
        draft.add("address", ", ".join(part for part in parts if part))
        draft.add("country", country_code(parts[-1]))


def _individual(element: etree._Element) -> EntityDraft:
    draft = _identified(element, "Person")
    _aliases(draft, element, "INDIVIDUAL_ALIAS")
    draft.add("title", *texts(element, "TITLE/VALUE"))
    draft.add("position", *texts(element, "DESIGNATION/VALUE"))
    draft.add("nationality", *(country_code(value) for value in texts(element, "NATIONALITY/VALUE")))
    draft.add("gender", *(value.lower() for value in texts(element, "GENDER") if value in ("Male", "Female")))
    _addresses(draft, element, "INDIVIDUAL_ADDRESS")
    for born in _children(element, "INDIVIDUAL_DATE_OF_BIRTH"):
        _birth_date(draft, born)
    for place in _children(element, "INDIVIDUAL_PLACE_OF_BIRTH"):
        parts = [first(place, part) for part in ("CITY", "STATE_PROVINCE", "COUNTRY")]
        draft.add("birthPlace", ", ".join(part for part in parts if part))
        draft.add("birthCountry", country_code(parts[-1]))
    for document in _children(element, "INDIVIDUAL_DOCUMENT"):
        kind = f"{first(document, 'TYPE_OF_DOCUMENT')} {first(document, 'TYPE_OF_DOCUMENT2')}".lower()
        draft.add("passportNumber" if "passport" in kind else "idNumber", first(document, "NUMBER"))
        issuer = first(document, "ISSUING_COUNTRY") or first(document, "COUNTRY_OF_ISSUE")
        draft.add("country", country_code(issuer))
    return draft


def _birth_date(draft: EntityDraft, born: etree._Element) -> None:
    start, end = first(born, "FROM_YEAR"), first(born, "TO_YEAR")
    if start.isdigit() and end.isdigit():
        draft.add("birthDate", *years_between(int(start), int(end)))
        return
    date = partial_date(first(born, "DATE") or first(born, "YEAR") or first(born, "NOTE"))
    # "Approximately" is a statement about the year; the day that comes with it would contradict for no reason.
    draft.add("birthDate", date[:4] if date and first(born, "TYPE_OF_DATE") == "APPROXIMATELY" else date)


def _entity(element: etree._Element) -> EntityDraft:
    draft = _identified(element, "Organization")
    _aliases(draft, element, "ENTITY_ALIAS")
    _addresses(draft, element, "ENTITY_ADDRESS")
    return draft
