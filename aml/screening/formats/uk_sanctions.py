"""The UK Sanctions List of the Foreign, Commonwealth & Development Office: XML, one `Designation` for each target.

Since 28 January 2026 the only UK list: OFSI's consolidated list (`uk`) is closed. Read by element names wherever they
stand within a designation, as the office nests them differently for persons, entities and ships.
"""

import re
from pathlib import Path

from lxml import etree

from aml.screening.countries import country_code
from aml.screening.formats.xml import first, local, read_xml, texts
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, partial_date, watchlist

_SCHEMAS = {"individual": "Person", "entity": "Organization", "ship": "Vessel"}
_NUMBERED_NAMES = tuple(f"Name{n}" for n in range(1, 7))
_ADDRESS_LINES = (*(f"AddressLine{n}" for n in range(1, 7)), "AddressPostalCode", "AddressCountry")
_UNKNOWN_DAY = re.compile(r"^(?:[d0]{2}/)?(?:[m0]{2}/)?", re.IGNORECASE)
_PLAIN = {
    "TownOfBirth": "birthPlace",
    "PassportNumber": "passportNumber",
    "NationalIdentifierNumber": "idNumber",
    "BusinessRegistrationNumber": "registrationNumber",
    "IMONumber": "imoNumber",
    "Position": "position",
    "Title": "title",
    "RegimeName": "program",
    "UNReferenceNumber": "sourceId",
    "OtherInformation": "notes",
}
_COUNTRIES = {
    "CountryOfBirth": "birthCountry",
    "Nationality": "nationality",
    "CurrentBelievedFlagOfShip": "flag",
    "AddressCountry": "country",
}
"""Elements whose text is a property, and those whose text is a country."""


def parse_uk_sanctions(path: Path) -> WatchList:
    """The list; its version is the day it was generated. Raises `ListUnreadable`, naming the designation."""
    content = path.read_bytes()
    root = read_xml(content, path.name)
    if local(root) != "Designations":
        raise ListUnreadable(
            f"{path.name}: the root is {local(root)}, expected Designations; not the UK Sanctions List"
        )
    published = partial_date(first(root, "DateGenerated"))
    drafts = (_designation(child, path.name) for child in root if local(child) == "Designation")
    return watchlist("gb_fcdo_sanctions", "UK Sanctions List", published, [content], drafts)


def _designation(element: etree._Element, file: str) -> EntityDraft:
    number = first(element, "UniqueID")
    if not number:
        raise ListUnreadable(f"{file} line {element.sourceline}: a designation without UniqueID; fetch it again")
    kind = first(element, "IndividualEntityShip").lower()
    draft = EntityDraft("gb-fcdo-" + number.lower(), _SCHEMAS.get(kind, "LegalEntity"))
    for item in element.iter(etree.Element):
        reader = _READERS.get(local(item))
        text = " ".join((item.text or "").split())
        if reader:
            reader(draft, item)
        elif local(item) in _PLAIN:
            draft.add(_PLAIN[local(item)], text)
        elif local(item) in _COUNTRIES:
            draft.add(_COUNTRIES[local(item)], country_code(text))
    return draft


def _name(draft: EntityDraft, element: etree._Element) -> None:
    """A `Name` of numbered parts; `Name6` is the family name, or the whole name of an entity."""
    name = " ".join(part for tag in _NUMBERED_NAMES for part in texts(element, tag))
    weak = any(word in first(element, "AliasStrength").lower() for word in ("low", "weak"))
    primary = first(element, "NameType").lower() == "primary name"
    draft.add("name" if primary else "weakAlias" if weak else "alias", name)


def _native_name(draft: EntityDraft, element: etree._Element) -> None:
    draft.add("alias", element.text)


def _birth_date(draft: EntityDraft, element: etree._Element) -> None:
    """`dd/mm/1970` where the day is not known."""
    draft.add("birthDate", partial_date(_UNKNOWN_DAY.sub("", (element.text or "").strip())))


def _gender(draft: EntityDraft, element: etree._Element) -> None:
    draft.add("gender", {"m": "male", "f": "female"}.get((element.text or "").strip().lower()[:1]))


def _address(draft: EntityDraft, element: etree._Element) -> None:
    draft.add("address", ", ".join(part for tag in _ADDRESS_LINES for part in texts(element, tag)))


_READERS = {
    "Name": _name,
    "NameNonLatinScript": _native_name,
    "DOB": _birth_date,
    "Gender": _gender,
    "Address": _address,
}
