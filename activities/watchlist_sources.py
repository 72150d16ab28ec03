"""Where the authorities publish their lists, and how each file is read: a table, which a deployment's own file amends.

Apart from fetching, because addresses and house lists change without the code that fetches them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError

from aml.screening import WatchList, parse_csl, parse_ofac, parse_un, parse_us_consolidated
from aml.screening.formats.eu import parse_eu
from aml.screening.formats.ofac_xml import parse_ofac_xml
from aml.screening.formats.opensanctions import parse_entities_ftm, parse_targets_simple
from aml.screening.formats.table import Mapped, parse_table
from aml.screening.formats.uk import parse_uk
from aml.screening.formats.uk_sanctions import parse_uk_sanctions

_MEGABYTE = 1024 * 1024
LARGEST_LOSS = 0.2
"""Share of a list's records that may be gone in its next version before a person has to look: more looks like half a
file. Authorities delist in dozens, not in thousands."""
Reader = Callable[[Path], WatchList]
"""Reads a list from the folder that its files were fetched into. Raises `aml.screening.ListUnreadable`."""


class SourcesUnusable(Exception):
    """The file of list sources cannot be used; the message names the list and says what to correct."""


@dataclass(frozen=True, slots=True)
class Source:
    """One way to get one list. `files` are the names that its reader expects, each with its URL."""

    name: str
    list_name: str
    files: Mapping[str, str]
    read: Reader
    daily: bool = False
    """Whether an update without names fetches it."""
    max_bytes: int = 64 * _MEGABYTE
    """Of all files together, unpacked."""
    largest_loss: float = LARGEST_LOSS
    note: str = ""

    @property
    def described(self) -> str:
        """What is kept as the version's source."""
        return " ".join(self.files.values())


def _file(name: str, parser: Callable[[Path], WatchList]) -> Reader:
    return lambda folder: parser(folder / name)


_OFAC = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/"
_OPENSANCTIONS = "https://data.opensanctions.org/datasets/latest/default/"
_NON_COMMERCIAL = "free for non-commercial use only; otherwise a licence of OpenSanctions is needed"

OFFICIAL: tuple[Source, ...] = (
    Source(
        "us_ofac_sdn",
        "us_ofac_sdn",
        {name: _OFAC + name.upper() for name in ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")},
        parse_ofac,
        daily=True,
    ),
    Source(
        "us_ofac_sdn_xml", "us_ofac_sdn", {"sdn.xml": _OFAC + "SDN.XML"}, _file("sdn.xml", parse_ofac_xml),
        note="the same list as us_ofac_sdn in another format: take one of the two",
    ),
    Source(
        "us_ofac_cons",
        "us_ofac_cons",
        {name: _OFAC + name.upper() for name in ("cons_prim.csv", "cons_alt.csv", "cons_add.csv", "cons_comments.csv")},
        parse_us_consolidated,
        daily=True,
    ),
    Source(
        "un_sc_sanctions",
        "un_sc_sanctions",
        {"un_consolidated.xml": "https://scsanctions.un.org/resources/xml/en/consolidated.xml"},
        _file("un_consolidated.xml", parse_un),
        daily=True,
    ),
    Source(
        "eu_fsf",
        "eu_fsf",
        {
            "eu_fsf.xml": "https://webgate.ec.europa.eu/fsd/fsf/public/files/xmlFullSanctionsList_1_1/content"
            "?token=dG9rZW4tMjAxNw"
        },
        _file("eu_fsf.xml", parse_eu),
        daily=True,
        note="the token is the Commission's public one; registered users have their own",
    ),
    Source(
        "gb_fcdo_sanctions",
        "gb_fcdo_sanctions",
        {"UK-Sanctions-List.xml": "https://sanctionslist.fcdo.gov.uk/docs/UK-Sanctions-List.xml"},
        _file("UK-Sanctions-List.xml", parse_uk_sanctions),
        note="the one UK list since 28 January 2026; add it for UK customers with {\"daily\": true}",
    ),
    Source(
        "gb_hmt_sanctions",
        "gb_hmt_sanctions",
        {"ConList.csv": "https://ofsistorage.blob.core.windows.net/publishlive/2022format/ConList.csv"},
        _file("ConList.csv", parse_uk),
        note="closed on 28 January 2026 and no longer amended: take gb_fcdo_sanctions",
    ),
    Source(
        "us_trade_csl",
        "us_trade_csl",
        {"us_csl.csv": "https://data.trade.gov/downloadable_consolidated_screening_list/v1/consolidated.csv"},
        _file("us_csl.csv", parse_csl),
    ),
    Source(
        "opensanctions",
        "opensanctions",
        {"entities.ftm.json": _OPENSANCTIONS + "entities.ftm.json"},
        _file("entities.ftm.json", parse_entities_ftm),
        max_bytes=8192 * _MEGABYTE,
        note=_NON_COMMERCIAL,
    ),
    Source(
        "opensanctions_simple",
        "opensanctions",
        {"targets.simple.csv": _OPENSANCTIONS + "targets.simple.csv"},
        _file("targets.simple.csv", parse_targets_simple),
        max_bytes=2048 * _MEGABYTE,
        note=_NON_COMMERCIAL,
    ),
)  # fmt: skip
"""The table. A token in a URL is the authority's public one."""


# --- A deployment's own -----------------------------------------------------------------------------------------------


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MappingIn(_Strict):
    """How the columns of a house list are named: see `aml.screening.formats.table.Mapped`."""

    id_column: str
    columns: dict[str, str] = Field(min_length=1, description="Column to FollowTheMoney property.")
    schema_: str = Field(default="Person", alias="schema")
    schema_column: str | None = None
    separator: str = Field(default=";", min_length=1)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    fixed: dict[str, str] = Field(default_factory=dict)

    def mapped(self) -> Mapped:
        return Mapped(
            id_column=self.id_column,
            columns=self.columns,
            schema=self.schema_,
            schema_column=self.schema_column,
            separator=self.separator,
            delimiter=self.delimiter,
            fixed=self.fixed,
        )


class SourceIn(_Strict):
    """What a deployment says about one source: addresses and limits of an official one, or a list of its own."""

    urls: dict[str, HttpUrl] | None = None
    daily: bool | None = None
    max_bytes: int | None = Field(default=None, gt=0)
    largest_loss: float | None = Field(default=None, ge=0.0, le=1.0)
    table: MappingIn | None = None


def read_sources(path: Path | None) -> dict[str, Source]:
    """The official sources by name, amended by a JSON file where there is one. Raises `SourcesUnusable`."""
    known = {source.name: source for source in OFFICIAL}
    if path is None:
        return known
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourcesUnusable(f"{path}: not a JSON file that can be read ({error})") from error
    if not isinstance(raw, dict):
        raise SourcesUnusable(f"{path}: expected an object of source name to what is said about it")
    for name, said in raw.items():
        try:
            given = SourceIn.model_validate(said)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SourcesUnusable(f"{path}: {name}.{where}: {first['msg']}") from error
        known[name] = _amended(path, name, known.get(name), given)
    return known


def _amended(path: Path, name: str, official: Source | None, given: SourceIn) -> Source:
    urls = None if given.urls is None else {file: str(url) for file, url in given.urls.items()}
    if official is None:
        if given.table is None or urls is None or len(urls) != 1:
            raise SourcesUnusable(f"{path}: {name} is no official source: a house list needs one URL and a `table`")
        (file,) = urls
        parser = partial(parse_table, name=name, mapping=given.table.mapped())
        official = Source(name, name, urls, _file(file, parser), daily=True)
    elif given.table is not None:
        raise SourcesUnusable(f"{path}: {name} is an official source with a format of its own: leave `table` out")
    elif urls is not None and set(urls) != set(official.files):
        raise SourcesUnusable(f"{path}: {name} needs exactly these files: {', '.join(sorted(official.files))}")
    return replace(
        official,
        files=urls or official.files,
        daily=official.daily if given.daily is None else given.daily,
        max_bytes=given.max_bytes or official.max_bytes,
        largest_loss=official.largest_loss if given.largest_loss is None else given.largest_loss,
    )
