"""The U.S. Treasury's XML (`sdn.xml`, `consolidated.xml`): the same entries as the CSV, with typed fields."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from aml.screening.countries import country_code
from aml.screening.formats.ofac import add_identifier
from aml.screening.formats.xml import first, local, read_xml, texts
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, partial_date, watchlist

_SCHEMAS = {"individual": "Person", "entity": "Organization", "vessel": "Vessel", "aircraft": "Airplane"}


def parse_ofac_xml(path: Path, name: str = "us_ofac_sdn") -> WatchList:
    """The list; ids are those of the CSV, so that a change of format is no change of entities."""
    content = path.read_bytes()
    root = read_xml(content, path.name)
    if local(root) != "sdnList":
        raise ListUnreadable(f"{path.name}: the root is {local(root)}, expected sdnList; not OFAC's XML")
    published = partial_date(next(iter(texts(root, "publshInformation/Publish_Date")), ""))
    entries = (child for child in root if local(child) == "sdnEntry")
    return watchlist(name, "OFAC (XML)", published, [content], (_entity(entry) for entry in entries))


def _full_name(element: etree._Element) -> str:
    return " ".join(part for part in (first(element, "firstName"), first(element, "lastName")) if part)


def _below(element: etree._Element, path: str) -> Iterator[etree._Element]:
    outer, inner = path.split("/")
    for child in element:
        if local(child) == outer:
            yield from (item for item in child if local(item) == inner)


def _entity(entry: etree._Element) -> EntityDraft:
    draft = EntityDraft("ofac-" + first(entry, "uid"), _SCHEMAS.get(first(entry, "sdnType").lower(), "LegalEntity"))
    draft.add("name", _full_name(entry))
    draft.add("position", first(entry, "title"))
    draft.add("program", *texts(entry, "programList/program"))
    for alias in _below(entry, "akaList/aka"):
        draft.add("weakAlias" if first(alias, "category") == "weak" else "alias", _full_name(alias))
    draft.add("nationality", *map(country_code, texts_below(entry, "nationalityList/nationality", "country")))
    draft.add("citizenship", *map(country_code, texts_below(entry, "citizenshipList/citizenship", "country")))
    draft.add("birthDate", *map(partial_date, texts_below(entry, "dateOfBirthList/dateOfBirthItem", "dateOfBirth")))
    for place in texts_below(entry, "placeOfBirthList/placeOfBirthItem", "placeOfBirth"):
        draft.add("birthPlace", place)
        draft.add("birthCountry", country_code(place))
    for address in _below(entry, "addressList/address"):
        parts = [first(address, part) for part in ("address1", "address2", "city", "stateOrProvince", "country")]
        draft.add("address", ", ".join(part for part in parts if part))
        draft.add("country", country_code(parts[-1]))
    for document in _below(entry, "idList/id"):
        kind, number = first(document, "idType"), first(document, "idNumber")
        if kind == "Gender":
            draft.add("gender", number.lower())
        else:
            add_identifier(draft, f"{kind} {number} ({first(document, 'idCountry')})")
    draft.add("callSign", *texts(entry, "vesselInfo/callSign"))
    draft.add("flag", *(country_code(flag) or flag for flag in texts(entry, "vesselInfo/vesselFlag")))
    draft.add("type", *texts(entry, "vesselInfo/vesselType"))
    draft.add("notes", first(entry, "remarks"))
    return draft


def texts_below(entry: etree._Element, path: str, name: str) -> list[str]:
    """The texts of one child name in every item of a list."""
    return [text for item in _below(entry, path) if (text := first(item, name))]
