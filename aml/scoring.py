"""From features and hits to a score and an alert: the reference model's training, and the rule table that decides.

The model may raise an alert; it never suppresses what a rule found.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from aml.engine import Engine, Hit
from aml.features import FEATURES
from aml.generator import Payment
from aml.parameters import MonitoringParameters
from aml.quality import SHIPPED_THRESHOLD, Evidence, Observed
from aml.rows import Labelled
from aml.typologies import TYPOLOGIES
from explain.record import Condition, Finding, Operator, Rule, RuleTable, Value, sha256_hex

MODEL_FOLDER = Path(__file__).parent.parent / "models" / "transactions"
_FAMILY = {typology.name: typology.family for typology in TYPOLOGIES}
_SOURCE = {typology.name: typology.source for typology in TYPOLOGIES}
FAMILIES = tuple(dict.fromkeys(_FAMILY.values()))


DEFAULT_STRENGTH: Mapping[str, float] = {"graph": 0.7, "amount": 0.7, "behaviour": 0.9, "geography": 0.5}


@dataclass(frozen=True, slots=True)
class AlertParameters:
    """When a transaction becomes an alert, from the tenant's regime. Strengths of hits go from 0 to 1."""

    score: float = SHIPPED_THRESHOLD
    strength: Mapping[str, float] = field(default_factory=lambda: DEFAULT_STRENGTH)
    version: str = "2026-01"
    citation: str = "31 CFR 1020.320(a)(2); Directive (EU) 2015/849 art. 33(1)(a), 35"

    @property
    def cuts(self) -> Mapping[str, float]:
        """From which score a transaction is in which band."""
        return {"low": 0.0, "elevated": self.score / 2, "high": self.score}


def probability(margin: float) -> float:
    """The score people read, from the model's log-odds."""
    return 1.0 / (1.0 + math.exp(-margin)) if margin >= 0 else math.exp(margin) / (1.0 + math.exp(margin))


def hit_finding(hit: Hit) -> Finding:
    """A hit as a decision keeps it."""
    return Finding(
        rule=hit.typology,
        effect="hit",
        text=hit.text,
        citation=_SOURCE[hit.typology],
        values={
            "score": hit.score,
            "amount": str(hit.amount),
            "currency": hit.currency,
            "transactions": len(hit.transactions),
            "from": hit.window[0].isoformat(),
            "to": hit.window[1].isoformat(),
            "exhausted": hit.exhausted,
        },
    )


def typologies_of(hits: Sequence[Hit]) -> tuple[str, ...]:
    """The names of what was found, each once."""
    return tuple(dict.fromkeys([hit.typology for hit in hits])) if hits else ()


def evidence_of(hits: Sequence[Hit]) -> tuple[str, ...]:
    """The ids of the transactions that the hits name, each once."""
    return tuple(dict.fromkeys([name for hit in hits for name in hit.transactions]))


def alert_facts(score: float, hits: Sequence[Hit], flags: frozenset[str] = frozenset()) -> dict[str, Value]:
    """The facts the alert table looks at: the score, the strongest hit of each family (0 without one), and flags.

    Flags: `UNKNOWN_ACCOUNT` (an account that belongs to no approved customer).
    """
    strongest: dict[str, Value] = dict.fromkeys((f"{family}_hit" for family in FAMILIES), 0.0)
    for hit in hits:
        fact = f"{_FAMILY[hit.typology]}_hit"
        strongest[fact] = max(float(strongest[fact] or 0.0), hit.score)
    return {"score": score, **strongest, "unknown_account": "UNKNOWN_ACCOUNT" in flags}


def alert_table(parameters: AlertParameters) -> RuleTable:
    """The table that makes an alert of a transaction's facts. Outcomes: none < alert."""
    rules = [
        Rule(
            "score",
            (Condition("score", Operator.AT_LEAST, parameters.score),),
            "alert",
            f"The model gives at least {parameters.score:.0%} that it belongs to laundering.",
            parameters.citation,
        )
    ]
    for family in FAMILIES:
        least = parameters.strength[family]
        names = ", ".join(typology.name for typology in TYPOLOGIES if typology.family == family)
        condition = Condition(f"{family}_hit", Operator.AT_LEAST, least)
        text = f"A typology on {family} ({names}) was found with a strength of at least {least}."
        rules.append(Rule(f"{family}_typology", (condition,), "alert", text, parameters.citation))
    half = parameters.score / 2
    rules.append(
        Rule(
            "unknown_account",
            (Condition("unknown_account", Operator.IS, True), Condition("score", Operator.AT_LEAST, half)),
            "alert",
            f"An account is unknown and the model gives at least {half:.0%}.",
            parameters.citation,
        )
    )
    calm = alert_facts(0.001, ())
    background: list[Mapping[str, Value]] = [calm] * 7
    background.append({**calm, "unknown_account": True})
    background.append({**calm, "score": parameters.score})
    background.extend({**calm, f"{family}_hit": parameters.strength[family]} for family in FAMILIES[:1])
    return RuleTable(
        "transaction_alert", parameters.version, ("none", "alert"), "none", tuple(rules), tuple(background)
    )


class Observation:
    """A labelled world on its way through a fresh engine, batch by batch, as live traffic would be.

    Features are kept in `spool` where one is given, for what is larger than memory: an open file, empty, in binary
    mode, for reading and writing, that outlives what `observed` gives. Duplicate ids are left out.
    """

    def __init__(
        self,
        parameters: MonitoringParameters,
        alerting: AlertParameters | None = None,
        spool: IO[bytes] | None = None,
    ) -> None:
        self.engine = Engine(parameters)
        self.duplicates = self.too_late = self.unrated = 0
        self._table = alert_table(alerting or AlertParameters())
        self._spool = spool
        self._features: list[NDArray[np.float32]] = []
        self._laundering: list[bool] = []
        self._booked: list[float] = []
        self._kinds: list[str] = []
        self._hit: list[bool] = []
        self._ruled: list[bool] = []
        self._evidence = Evidence()

    def add(self, rows: Sequence[Payment | Labelled]) -> None:
        """The next rows, in the order of booking."""
        result = self.engine.push([row.transaction for row in rows])
        self.duplicates += len(result.duplicates)
        self.too_late += len(result.too_late)
        self.unrated += len(result.unrated)
        features, hits = result.features.astype(np.float32), result.hits
        if result.duplicates:
            left = sorted(set(range(len(rows))) - set(result.duplicates))
            rows, features, hits = [rows[i] for i in left], features[left], tuple(hits[i] for i in left)
        if self._spool is None:
            self._features.append(features)
        else:
            self._spool.write(features.tobytes())
        self._laundering += [row.laundering for row in rows]
        self._booked += [row.transaction.booked_at.timestamp() for row in rows]
        self._kinds += [row.kind if row.laundering else "" for row in rows]
        self._hit += [bool(found) for found in hits]
        self._ruled += [bool(found) and self._table.outcome(alert_facts(0.0, found)) == "alert" for found in hits]
        self._evidence.add([row.transaction.transaction_id for row in rows], hits)

    def observed(self) -> Observed:
        """All rows so far."""
        booked = np.array(self._booked)
        return Observed(
            self._matrix(),
            np.array(self._laundering),
            (booked - booked[0]) / 86_400,
            tuple(self._kinds),
            np.array(self._hit),
            np.array(self._ruled),
            self._evidence.pairs(),
        )

    def _matrix(self) -> NDArray[np.float32]:
        if self._spool is None:
            return np.concatenate(self._features)
        self._spool.flush()
        shape = (len(self._booked), len(self.engine.features))
        return np.memmap(self._spool, np.float32, "r", shape=shape)


def observe(
    payments: Sequence[Payment], parameters: MonitoringParameters, alerting: AlertParameters | None = None
) -> Observed:
    """Push a world through a fresh engine, as live traffic would be."""
    observation = Observation(parameters, alerting)
    observation.add(payments)
    return observation.observed()


LIGHTGBM = {
    "objective": "binary",
    "num_leaves": 31,
    "learning_rate": 0.08,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "seed": 20260101,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
TREES = 100


def rises(feature: str) -> bool:
    """Whether more of a feature may only raise the score: what was found, and how far money came or was spread."""
    return (
        feature.startswith("hit_")
        or feature.endswith("_found")
        or feature in {"cycle_count", "passed_on_hops", "debtor_alike", "creditor_alike"}
    )


def train(
    features: NDArray[np.floating[Any]],
    laundering: NDArray[np.bool_],
    trees: int = TREES,
    weights: NDArray[np.float64] | None = None,
) -> bytes:
    """A LightGBM model in its native text, the same bytes for the same rows. Needs lightgbm; the engine does not.

    `weights` [n] say how much each row counts, all alike where they are not given.
    """
    import lightgbm

    data = lightgbm.Dataset(
        features, laundering.astype(np.float64), weight=weights, feature_name=list(FEATURES), free_raw_data=True
    )
    settings = {**LIGHTGBM, "monotone_constraints": [int(rises(name)) for name in FEATURES]}
    booster = lightgbm.train(settings, data, num_boost_round=trees)
    text: str = booster.model_to_string()
    return text.encode()


def predict(model: bytes, features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Probabilities [n] by LightGBM itself, for evaluation; the service computes them with their explanation."""
    import lightgbm

    booster = lightgbm.Booster(model_str=model.decode())
    return np.asarray(booster.predict(features, num_threads=1), np.float64)


def write_model(folder: Path, model: bytes, card: Mapping[str, Any]) -> str:
    """Write model.txt and card.json; returns the model's SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = sha256_hex(model)
    (folder / "model.txt").write_bytes(model)
    text = json.dumps(
        {**card, "format": "lightgbm_text", "file": "model.txt", "sha256": digest, "features": list(FEATURES)},
        indent=2,
        ensure_ascii=False,
    )
    (folder / "card.json").write_text(text + "\n", encoding="utf-8")
    return digest
