"""The U.S. Treasury's CSV files: SDN (sdn, add, alt, comments) and the consolidated non-SDN list (cons_prim, …).

Layout: OFAC's "Specification for the Specially Designated Nationals list, fixed-field and delimited formats": no
header, `-0- ` for an empty field, ending in a Ctrl-Z; remarks are clauses separated by `; `, and what
does not fit into 1,000 characters goes on in the comments file.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from aml.screening.countries import country_code
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, partial_date, watchlist, years_between

SDN_FILES = (
    ("ofac_sdn.csv", "sdn.csv"),
    ("ofac_alt.csv", "alt.csv"),
    ("ofac_add.csv", "add.csv"),
    ("ofac_sdn_comments.csv", "sdn_comments.csv"),
)
CONSOLIDATED_FILES = (
    ("us_cons_prim.csv", "cons_prim.csv"),
    ("us_cons_alt.csv", "cons_alt.csv"),
    ("us_cons_add.csv", "cons_add.csv"),
    ("us_cons_comments.csv", "cons_comments.csv"),
)

_SCHEMAS = {"individual": "Person", "vessel": "Vessel", "aircraft": "Airplane", "": "Organization"}
_TITLE_PREFIX = re.compile(r"^(?:alt\.\s+|alternate\s+|additional\s+)?", re.IGNORECASE)
_ISSUED = re.compile(r"\s+(?:issued|expires|expired)\s+\d.*$", re.IGNORECASE)
_SPAN = re.compile(r"(\d{4})\s*(?:to|-|or)\s*(\d{4})", re.IGNORECASE)
# What a remark's identifier is, as FollowTheMoney names it. Order matters: the first prefix that fits wins.
_IDENTIFIERS: tuple[tuple[str, str], ...] = (
    ("Vessel Registration Identification IMO", "imoNumber"),
    ("MMSI", "mmsi"),
    ("Passport", "passportNumber"),
    ("Stateless Person Passport", "passportNumber"),
    ("Diplomatic Passport", "passportNumber"),
    ("Legal Entity Number", "leiCode"),
    ("SWIFT/BIC", "swiftBic"),
    ("D-U-N-S Number", "dunsCode"),
    ("ISIN", "isin"),
    ("Tax ID No.", "taxNumber"),
    ("US FEIN", "taxNumber"),
    ("NIT #", "taxNumber"),
    ("R.F.C.", "taxNumber"),
    ("RUC #", "taxNumber"),
    ("RIF #", "taxNumber"),
    ("RTN", "taxNumber"),
    ("CUIT", "taxNumber"),
    ("V.A.T. Number", "vatCode"),
    ("SSN", "idNumber"),
    ("Cedula No.", "idNumber"),
    ("National ID No.", "idNumber"),
    ("National Foreign ID Number", "idNumber"),
    ("Personal ID Card", "idNumber"),
    ("Identification Number", "idNumber"),
    ("Turkish Identification Number", "idNumber"),
    ("Citizen's Card Number", "idNumber"),
    ("Birth Certificate Number", "idNumber"),
    ("Driver's License No.", "idNumber"),
    ("Electoral Registry No.", "idNumber"),
    ("C.U.R.P.", "idNumber"),
    ("D.N.I.", "idNumber"),
    ("N.I.E.", "idNumber"),
    ("C.U.I.T.", "taxNumber"),
    ("C.U.I.P.", "idNumber"),
    ("I.F.E.", "idNumber"),
    ("Cartilla de Servicio Militar Nacional", "idNumber"),
    ("Residency Number", "idNumber"),
    ("SRE Permit No.", "registrationNumber"),
    ("Registration ID", "registrationNumber"),
    ("Registration Number", "registrationNumber"),
    ("Registered Charity No.", "registrationNumber"),
    ("Company Number", "registrationNumber"),
    ("Government Gazette Number", "registrationNumber"),
    ("Commercial Registry Number", "registrationNumber"),
    ("Business Registration Document #", "registrationNumber"),
    ("Business Registration Number", "registrationNumber"),
    ("Business Number", "registrationNumber"),
    ("Enterprise Number", "registrationNumber"),
    ("Unified Social Credit Code (USCC)", "registrationNumber"),
    ("Trade License No.", "registrationNumber"),
    ("License", "registrationNumber"),
    ("Chamber of Commerce Number", "registrationNumber"),
    ("Public Registration Number", "registrationNumber"),
    ("Economic Register Number (CBLS)", "registrationNumber"),
    ("Central Registration System Number", "registrationNumber"),
    ("Istanbul Chamber of Comm. No.", "registrationNumber"),
    ("Dubai Chamber of Commerce Membership No.", "registrationNumber"),
    ("Matricula Mercantil No", "registrationNumber"),
    ("Folio Mercantil No.", "registrationNumber"),
    ("C.R. No.", "registrationNumber"),
    ("UK Company Number", "registrationNumber"),
    ("Aircraft Manufacturer's Serial Number (MSN)", "serialNumber"),
    ("Aircraft Construction Number (also called L/N or S/N or F/N)", "serialNumber"),
    ("Aircraft Tail Number", "registrationNumber"),
    ("Other Vessel Call Sign", "callSign"),
)
_ALIAS = re.compile(r"^(a\.k\.a\.|f\.k\.a\.|n\.k\.a\.|alt\. name)\s*,?\s*'?(.+?)'?$", re.IGNORECASE)
_WALLET = re.compile(r"^Digital Currency Address\s*-?\s*(\w{2,6})\s+(\w{20,})", re.IGNORECASE)
_PLAIN = {
    "DOB": "birthDate",
    "POB": "birthPlace",
    "nationality": "nationality",
    "citizen": "citizenship",
    "Gender": "gender",
    "Email Address": "email",
    "Website": "website",
    "Phone Number": "phone",
    "Linked To:": "linkedTo",
    "Organization Established Date": "incorporationDate",
    "Nationality of Registration": "jurisdiction",
    "Former Vessel Flag": "pastFlags",
    "Vessel Flag": "flag",
    "Aircraft Model": "model",
    "Aircraft Manufacture Date": "buildDate",
    "Aircraft Operator": "operator",
}


def parse_ofac(folder: Path) -> WatchList:
    """The SDN list from a folder holding sdn, alt, add and, where it is, sdn_comments (with or without `ofac_`)."""
    return _parse(folder, SDN_FILES, "us_ofac_sdn", "ofac-", "OFAC Specially Designated Nationals")


def parse_us_consolidated(folder: Path) -> WatchList:
    """The U.S. consolidated (non-SDN) list from a folder holding cons_prim, cons_alt, cons_add, cons_comments."""
    return _parse(folder, CONSOLIDATED_FILES, "us_ofac_cons", "ofac-", "OFAC Consolidated non-SDN")


def _parse(folder: Path, files: tuple[tuple[str, str], ...], name: str, prefix: str, title: str) -> WatchList:
    contents: list[bytes] = []
    tables: list[list[list[str]]] = []
    for place, choices in enumerate(files):
        path = next((folder / choice for choice in choices if (folder / choice).is_file()), None)
        if path is None and place < 3:
            raise ListUnreadable(f"{folder}: {choices[-1]} is missing; the list needs its primary, alt and add files")
        content = path.read_bytes() if path else b""
        if path:
            contents.append(content)
        tables.append(list(_rows(content, path.name if path else "", (12, 5, 6, 2)[place])))
    return watchlist(name, title, None, contents, entities(*tables, prefix=prefix))


def _rows(content: bytes, name: str, width: int) -> Iterator[list[str]]:
    try:
        text = content.rstrip(b"\x1a\r\n ").decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.rstrip(b"\x1a\r\n ").decode("latin-1")
    for number, row in enumerate(_csv(text, name), 1):
        if not row or row == ["\x1a"]:
            continue
        if len(row) < width or not row[0].strip().isdigit():
            raise ListUnreadable(
                f"{name} row {number}: {len(row)} columns, expected {width} with a number first; "
                "the file is damaged or cut off, fetch it again"
            )
        yield ["" if cell.strip() == "-0-" else cell.strip() for cell in row]


def _csv(text: str, name: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise ListUnreadable(f"{name} row {reader.line_num}: {error}; damaged or cut off, fetch it again") from error


def entities(
    primary: list[list[str]],
    alternates: list[list[str]],
    addresses: list[list[str]],
    comments: list[list[str]],
    *,
    prefix: str,
) -> Iterator[EntityDraft]:
    """The rows of the four files as entities, in the order of the primary file."""
    spill = {row[0]: row[1] for row in comments}
    aliases: dict[str, list[list[str]]] = {}
    for row in alternates:
        aliases.setdefault(row[0], []).append(row)
    places: dict[str, list[list[str]]] = {}
    for row in addresses:
        places.setdefault(row[0], []).append(row)
    for row in primary:
        number, name, kind, program, title, call_sign, vessel_type, tonnage, _, flag, owner, remarks = row[:12]
        draft = EntityDraft(prefix + number, _SCHEMAS.get(kind.lower(), "LegalEntity"))
        draft.add("name", name_in_order(name, draft.schema))
        draft.add("program", *program.replace("[", "").split("] "))
        draft.add("position", title)
        draft.add("callSign", call_sign)
        draft.add("type", vessel_type)
        draft.add("tonnage", tonnage)
        draft.add("flag", country_code(flag) or flag)
        draft.add("owner", owner)
        for alias in aliases.get(number, ()):
            draft.add("alias", name_in_order(alias[3], draft.schema))
        for place in places.get(number, ()):
            street, city, country = place[2:5]
            draft.add("address", ", ".join(part for part in (street, city, country) if part))
            draft.add("country", country_code(country))
        read_remarks(draft, remarks + spill.get(number, ""))
        yield draft


def name_in_order(name: str, schema: str) -> str:
    """`SURNAME, Given Names` as the person would say it; other kinds as written."""
    surname, comma, given = name.partition(", ")
    return f"{given} {surname}" if comma and schema == "Person" else name


def read_remarks(draft: EntityDraft, remarks: str) -> None:
    """The remarks grammar: each clause becomes a property, what is not understood goes to `notes`."""
    for raw in re.split(r";\s*(?=[A-Za-z])", remarks.strip().removesuffix(".")):
        clause = raw.strip().rstrip(";")
        if not clause:
            continue
        alias = _ALIAS.match(clause)
        if alias:
            draft.add("weakAlias" if "'" in clause else "alias", name_in_order(alias[2].strip("'\" "), draft.schema))
            continue
        body = _TITLE_PREFIX.sub("", clause, count=1)
        wallet = _WALLET.match(body)
        if wallet:
            draft.add("cryptoWallet", wallet[2])
            continue
        if not (_read_plain(draft, body) or add_identifier(draft, body)):
            draft.add("notes", clause)


def _read_plain(draft: EntityDraft, body: str) -> bool:
    for prefix, target in _PLAIN.items():
        if not body.startswith(prefix + ("" if prefix.endswith(":") else " ")):
            continue
        value = body[len(prefix) :].strip(" .")
        if target in ("birthDate", "incorporationDate", "buildDate"):
            span = _SPAN.search(value)
            dates = years_between(int(span[1]), int(span[2])) if span else (partial_date(value),)
            draft.add(target, *dates)
        elif target in ("nationality", "citizenship", "jurisdiction"):
            draft.add(target, country_code(value))
        elif target == "gender":
            draft.add(target, value.lower())
        elif target == "birthPlace":
            draft.add(target, value)
            draft.add("birthCountry", country_code(value))
        else:
            draft.add(target, value)
        return True
    return False


def add_identifier(draft: EntityDraft, body: str) -> bool:
    """`Kind number (Country)` as the property of its kind; False where it is none that is known."""
    for prefix, target in _IDENTIFIERS:
        if not body.lower().startswith(prefix.lower()):
            continue
        value = _ISSUED.sub("", body[len(prefix) :].strip(" :.#"))
        number, _, issuer = value.partition("(")
        if target != "swiftBic" and not any(c.isdigit() for c in number):
            return False
        if target == "leiCode" and len(number.strip()) != 20:
            target = "registrationNumber"
        draft.add(target, number.strip(" ,.;"))
        country = country_code(issuer.split(")")[0]) if issuer else None
        if target in ("passportNumber", "idNumber") and country:
            draft.add("country", country)
        return True
    return False
