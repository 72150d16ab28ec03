"""What screening is measured on: suites of an index, queries that must find an entity, and queries that must find none.

Train and test never meet: the scorer is fitted on invented names only. No threshold is chosen on a suite: recall is
read off at the score that its own negatives reach with the false positive rate that the suite names.
"""

import collections
import dataclasses
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from aml.screening import Entity, WatchList, parse_ofac, parse_un
from aml.screening.invented_names import invent_organisation, invent_person
from aml.screening.native import SCRIPTS, script_of
from aml.screening.query import IDENTIFIERS
from aml.screening.records import name_tokens, normal_number
from aml.screening.specimens import write_ofac
from benchmarks.screening_perturbations import perturb
from benchmarks.screening_scripts import SCRIPTS as NATIVE_SCRIPTS
from benchmarks.screening_scripts import native_person
from benchmarks.screening_variants import variant

Told = dict[str, object]


@dataclass(frozen=True, slots=True)
class Suite:
    """`found`: queries with the ids that answer them; `strangers`: queries about nobody in `lists`."""

    name: str
    goal: float
    rate: float
    lists: tuple[WatchList, ...]
    found: tuple[tuple[Told, str], ...]
    strangers: tuple[Told, ...]


def _names(entity: Entity) -> list[str]:
    return [*entity["properties"].get("name", ()), *entity["properties"].get("alias", ())]


def _without(entry: WatchList, gone: set[str], name: str = "") -> WatchList:
    kept = tuple(entity for entity in entry.entities if entity["id"] not in gone)
    return dataclasses.replace(entry, entities=kept, sha256=f"{len(kept):064d}", name=name or entry.name)


def _usable(entity: Entity) -> bool:
    return entity["schema"] in ("Person", "Organization") and bool(_names(entity))


def _bags(entity: Entity) -> set[tuple[str, ...]]:
    kind = "person" if entity["schema"] == "Person" else "organisation"
    return {tuple(sorted(name_tokens(name, kind))) for name in _names(entity)}


def held_out(entry: WatchList, rng: random.Random) -> tuple[list[Entity], list[Entity], set[str]]:
    """The usable entities, five sixths listed and a sixth left out, and the ids that are not listed. A left-out one
    whose very name somebody listed bears too is a stranger to nobody: it is not listed and not asked for."""
    usable = [entity for entity in entry.entities if _usable(entity)]
    chosen = {entity["id"] for entity in usable if rng.random() < 1 / 6}
    listed = [entity for entity in usable if entity["id"] not in chosen]
    borne = {bag for entity in listed for bag in _bags(entity)}
    left_out = [entity for entity in usable if entity["id"] in chosen and not borne & _bags(entity)]
    return listed, left_out, chosen


def invented(folder: Path, seed: int, n: int) -> WatchList:
    write_ofac(folder / f"invented-{seed}-{n}", seed=seed, n=n)
    return dataclasses.replace(parse_ofac(folder / f"invented-{seed}-{n}"), name=f"invented-{seed}")


def stranger(rng: random.Random) -> Entity:
    """Somebody invented who is on no list."""
    if rng.random() < 0.2:
        name, country = invent_organisation(rng)
        facts = {"name": [name], "country": [country]}
        return Entity(id="stranger", schema="Organization", caption=name, datasets=[], properties=facts)
    who = invent_person(rng)
    born = f"{rng.randint(1940, 2005)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    facts = {"name": [who.spoken], "birthDate": [born], "nationality": [who.country], "gender": [who.gender]}
    return Entity(id="stranger", schema="Person", caption=who.spoken, datasets=[], properties=facts)


def perturbed(entry: WatchList, other: WatchList, n: int, rng: random.Random) -> Suite:
    listed, left_out, gone = held_out(entry, rng)

    def told(entity: Entity) -> Told:
        return {"schema": entity["schema"], "name": perturb(rng.choice(_names(entity)), rng)[0]}

    return Suite(
        "perturbed OFAC names", 0.93, 0.05, (_without(entry, gone), other),
        tuple((told(entity), entity["id"]) for entity in rng.sample(listed, min(n, len(listed)))),
        tuple(told(entity) for entity in rng.sample(left_out, min(n, len(left_out)))),
    )  # fmt: skip


def variants(entry: WatchList, other: WatchList, n: int, rng: random.Random, fields: bool) -> Suite:
    listed, left_out, gone = held_out(entry, rng)
    lists = (_without(entry, gone), other)
    nobody = [*rng.sample(left_out, min(n // 2, len(left_out))), *strangers_to(lists, n - n // 2, rng)]
    return Suite(
        f"regulator's variants, {'all fields' if fields else 'name only'}", 0.88 if fields else 0.75, 0.01,
        lists,
        tuple((variant(e, rng, fields), e["id"]) for e in rng.sample(listed, min(n, len(listed)))),
        tuple(variant(entity, rng, fields) for entity in nobody),
    )  # fmt: skip


def strangers_to(lists: tuple[WatchList, ...], n: int, rng: random.Random, persons: bool = False) -> list[Entity]:
    """Invented people and organisations, none of whom has the very name of somebody listed."""
    borne = {bag for entry in lists for entity in entry.entities if _usable(entity) for bag in _bags(entity)}
    found: list[Entity] = []
    while len(found) < n:
        entity = stranger(rng)
        if not borne & _bags(entity) and (entity["schema"] == "Person" or not persons):
            found.append(entity)
    return found


def natural_pairs(first: WatchList, second: WatchList) -> dict[str, str]:
    """Entities of `second` that are one of `first`: the same number of a document, or the same full birth date and a
    name that is at least faintly alike (token_sort 55)."""
    by_number, by_date = collections.defaultdict(set), collections.defaultdict(list)
    for entity in first.entities:
        for number in _numbers(entity):
            by_number[number].add(entity["id"])
        for date in entity["properties"].get("birthDate", ()):
            by_date[date].append(entity)
    pairs: dict[str, str] = {}
    for entity in second.entities:
        holders = {holder for number in _numbers(entity) for holder in by_number[number]}
        if len(holders) == 1:
            pairs[entity["id"]] = holders.pop()
            continue
        alike = [
            (
                max(fuzz.token_sort_ratio(a.lower(), b.lower()) for a in _names(entity) for b in _names(other)),
                other["id"],
            )
            for date in entity["properties"].get("birthDate", ())
            if len(date) == 10
            for other in by_date[date]
            if _names(entity) and _names(other)
        ]
        if alike and max(alike)[0] >= 55:
            pairs[entity["id"]] = max(alike)[1]
    return pairs


def _numbers(entity: Entity) -> set[str]:
    held = entity["properties"]
    numbers = {normal_number(value) for kind in IDENTIFIERS for value in held.get(kind, ())}
    return {number for number in numbers if len(number) >= 6 and any(c.isdigit() for c in number)}


def natural(first: WatchList, second: WatchList, n: int, rng: random.Random, fields: bool) -> Suite:
    """Queries are the second list's own records; half of the pairs' partners are taken out of the first list, and those
    queries, with invented ones, must find nobody. Documents' numbers are not told."""
    pairs = natural_pairs(first, second)
    held = {entity["id"]: entity for entity in second.entities}
    ids = rng.sample(sorted(pairs), len(pairs))
    taken = ids[len(ids) * 2 // 3 :]
    gone = {pairs[identity] for identity in taken}
    kept = [identity for identity in ids[: len(ids) * 2 // 3] if pairs[identity] not in gone]
    remaining = _without(first, gone)
    nobody = [*(held[identity] for identity in taken), *strangers_to((remaining,), n, rng)]

    def told(entity: Entity) -> Told:
        facts = ("name", "birthDate", "nationality", "citizenship", "gender", "country") if fields else ("name",)
        return {
            "schema": entity["schema"],
            "properties": {key: entity["properties"][key] for key in facts if key in entity["properties"]},
        }

    return Suite(
        f"natural cross-list pairs, {'all fields' if fields else 'name only'}",
        0.93 if fields else 0.65, 0.01,
        (remaining,),
        tuple((told(held[identity]), pairs[identity]) for identity in kept),
        tuple(told(entity) for entity in nobody),
    )  # fmt: skip


def _native(text: str) -> bool:
    return any(script_of(word) in SCRIPTS for word in text.split())


def latin_only(entry: WatchList) -> WatchList:
    """A list without its names in other scripts."""
    entities = []
    for entity in entry.entities:
        held = dict(entity["properties"])
        for kind in ("name", "alias", "weakAlias"):
            held[kind] = [name for name in held.get(kind, ()) if not _native(name)]
        if held["name"]:
            entities.append({**entity, "properties": {kind: values for kind, values in held.items() if values}})
    return dataclasses.replace(entry, entities=tuple(entities), sha256="1" * 64)


def native(script: str, others: tuple[WatchList, ...], n: int, rng: random.Random) -> Suite:
    """Invented people of a script's table on a Latin-only list among the real ones; strangers are of the same table."""
    people: dict[str, str] = {}
    while len(people) < 2 * n:
        own, latin = native_person(script, rng)
        people.setdefault(own, latin)
    listed, strangers = list(people.items())[:n], list(people.items())[n:]
    borne = {_heard(latin) for _, latin in listed}
    entities = tuple(
        Entity(id=f"{script}-{i}", schema="Person", caption=latin, datasets=[script], properties={"name": [latin]})
        for i, (_, latin) in enumerate(listed)
    )
    return Suite(
        f"native script: {script}", 0.82, 0.01,
        (WatchList(script, "1", None, "2" * 64, entities), *others),
        tuple(({"schema": "Person", "name": own}, f"{script}-{i}") for i, (own, _) in enumerate(listed)),
        tuple({"schema": "Person", "name": own} for own, latin in strangers if _heard(latin) not in borne),
    )  # fmt: skip


def _heard(latin: str) -> tuple[str, ...]:
    """A Latin name regardless of order, case and how syllables are parted: `Wang Xiao-ping` is `Xiaoping WANG`."""
    return tuple(sorted(latin.lower().replace("-", "").split()))


def native_un(entry: WatchList, others: tuple[WatchList, ...], rng: random.Random) -> Suite:
    """The UN list's own original-script names against its Latin ones: half of the families (by the last word of the
    Latin name) are taken out, so that a stranger is no relative of somebody listed."""
    told = {
        entity["id"]: own[0]
        for entity in entry.entities
        if entity["schema"] == "Person" and (own := [name for name in _all(entity) if _native(name)])
    }
    latin = latin_only(entry)
    known = {entity["id"] for entity in latin.entities}
    family = {entity["id"]: _names(entity)[0].lower().split()[-1] for entity in latin.entities}
    families = sorted(set(family.values()))
    out = set(rng.sample(families, len(families) // 2))
    kept = sorted(identity for identity in known & told.keys() if family[identity] not in out)
    taken = sorted(identity for identity in known & told.keys() if family[identity] in out)
    return Suite(
        "native script: UN's own names", 0.82, 0.01,
        (_without(latin, {identity for identity in known if family[identity] in out}), *others),
        tuple(({"schema": "Person", "name": told[identity]}, identity) for identity in kept),
        tuple({"schema": "Person", "name": told[identity]} for identity in taken),
    )  # fmt: skip


def _all(entity: Entity) -> Iterable[str]:
    return [name for kind in ("name", "alias", "weakAlias") for name in entity["properties"].get(kind, ())]


def clean(name: str, entry: WatchList, others: tuple[WatchList, ...], n: int, rng: random.Random) -> Suite:
    """Entities asked for as the list writes them, with their facts; strangers are invented, with theirs."""
    asked = [entity for entity in entry.entities if _usable(entity) and entity["schema"] == "Person"]

    def told(entity: Entity) -> Told:
        facts = ("name", "birthDate", "nationality", "gender")
        held = {key: entity["properties"][key] for key in facts if key in entity["properties"]}
        return {"schema": entity["schema"], "properties": held | {"name": entity["properties"]["name"][:1]}}

    found = tuple((told(entity), entity["id"]) for entity in rng.sample(asked, min(n, len(asked))))
    nobody = strangers_to((entry, *others), 2 * n, rng, persons=True)
    return Suite(
        f"clean {name} queries", 0.99, 0.001, (entry, *others), found, tuple(told(entity) for entity in nobody)
    )


def _person(rng: random.Random) -> Entity:
    while (who := stranger(rng))["schema"] != "Person":
        pass
    return who


def peps(n: int, rng: random.Random) -> WatchList:
    """An invented list of persons in office."""
    entities = []
    for i in range(n):
        held = dict(_person(rng)["properties"]) | {"topics": ["role.pep"], "position": ["Member of parliament"]}
        entities.append(
            Entity(id=f"pep-{i}", schema="Person", caption=held["name"][0], datasets=["pep"], properties=held)
        )
    return WatchList("peps", "1", None, "3" * 64, tuple(entities))


def suites(data: Path, folder: Path, n: int, seed: int) -> list[Callable[[], Suite]]:
    """The suites in the order of the table, each built at its turn; without the real lists, those that need none."""
    real = (data / "ofac_sdn.csv").is_file() and (data / "un_consolidated.xml").is_file()
    filler = invented(folder, seed, 14_000)
    ofac = parse_ofac(data) if real else invented(folder, seed + 1, 8_000)
    un = parse_un(data / "un_consolidated.xml") if real else None

    def rng(text: str) -> random.Random:
        return random.Random(f"{seed} {text}")

    found: list[Callable[[], Suite]] = [
        lambda: perturbed(ofac, filler, n, rng("perturbed")),
        lambda: variants(ofac, filler, n, rng("variants"), True),
        lambda: variants(ofac, filler, n, rng("variants"), False),
    ]
    if un is not None:
        latin = latin_only(un)
        found += [
            lambda: natural(ofac, un, n, rng("natural"), True),
            lambda: natural(ofac, un, n, rng("natural"), False),
        ]
        found += [(lambda s=script: native(s, (ofac, latin), n, rng(s))) for script in NATIVE_SCRIPTS]
        found += [lambda: native_un(un, (filler,), rng("un")), lambda: clean("UN", un, (filler,), n, rng("clean"))]
    else:
        found += [(lambda s=script: native(s, (ofac, filler), n, rng(s))) for script in NATIVE_SCRIPTS]
    found.append(lambda: clean("PEP", peps(4_000, rng("peps")), (ofac,), n, rng("clean")))
    return found


def queries(suite: Suite) -> Sequence[tuple[Told, str | None]]:
    return [*suite.found, *((told, None) for told in suite.strangers)]
