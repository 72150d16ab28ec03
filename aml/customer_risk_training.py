"""Invented customers with labels, and the training of the reference risk model on them.

Apart from scoring, since only whoever trains needs LightGBM. The data is synthetic: a written-down opinion of what
makes a customer risky (EBA/GL/2021/02, FATF R.10), with noise. A figure measured on it says that the code works, not
that the model would be right about real customers. Run: `python -m aml.customer_risk_training models/customer_risk`.
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from aml.customer_risk import (
    COUNTRY_RISK,
    FEATURES,
    SCREENING_RISK,
    Channel,
    CustomerFacts,
    Occupation,
    Product,
    RatingThresholds,
    features,
)
from explain.record import canonical_json, sha256_hex

TRAINING_SEED = 20_260_101
EVALUATION_SEED = 20_260_202
TRAINING_CUSTOMERS = 20_000
EVALUATION_CUSTOMERS = 10_000
TREES = 60
QUANTILES = 101

T = TypeVar("T")

PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.08,
    "min_data_in_leaf": 50,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
    "monotone_constraints": [1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1],
    "monotone_constraints_method": "basic",
}
"""One thread and deterministic, so that training again gives the same bytes; a named risk never lowers the score (the
`advanced` constraints of LightGBM 4.6 let it, as a test here found)."""


@dataclass(frozen=True, slots=True)
class LabelledCustomers:
    """Invented applicants and whether each one's history turned out suspicious."""

    facts: tuple[CustomerFacts, ...]
    labels: NDArray[np.int8]

    def matrix(self) -> NDArray[np.float64]:
        """[customers, features]."""
        return np.array([features(customer) for customer in self.facts], dtype=np.float64)


def invent_customers(count: int, seed: int) -> LabelledCustomers:
    """Draw customers. The same count and seed give the same customers."""
    rng = np.random.default_rng(seed)
    facts = tuple(_invent(rng) for _ in range(count))
    risk = np.array([_log_odds(customer) for customer in facts])
    labels = (rng.random(count) < 1.0 / (1.0 + np.exp(-risk))).astype(np.int8)
    return LabelledCustomers(facts, labels)


def _invent(rng: np.random.Generator) -> CustomerFacts:
    occupation = list(Occupation)[rng.choice(7, p=[0.52, 0.14, 0.09, 0.12, 0.05, 0.03, 0.05])]
    income = float(rng.lognormal(7.9 if occupation is not Occupation.STUDENT else 6.6, 0.55))
    product = list(Product)[rng.choice(5, p=[0.2, 0.45, 0.2, 0.1, 0.05])]
    appetite = float(rng.lognormal(-0.25, 0.6) * (2.5 if rng.random() < 0.04 else 1.0))
    validity = 10.0 if rng.random() < 0.8 else 5.0
    age = float(rng.uniform(0.0, validity))
    cash = rng.beta(6, 4) if occupation is Occupation.CASH_BUSINESS else rng.beta(1.2, 12)
    foreign = rng.beta(4, 3) if product in (Product.REMITTANCE, Product.CRYPTO) else rng.beta(0.8, 9)
    return CustomerFacts(
        residence_risk=_stated(rng, list(COUNTRY_RISK)[rng.choice(3, p=[0.9, 0.075, 0.025])], 0.02),
        channel=_stated(rng, list(Channel)[rng.choice(4, p=[0.15, 0.2, 0.58, 0.07])], 0.05),
        product=_stated(rng, product, 0.1),
        occupation=_stated(rng, occupation, 0.06),
        expected_monthly_volume=_stated(rng, round(income * appetite, 2), 0.05),
        expected_monthly_transfers=_stated(rng, float(rng.poisson(18)), 0.05),
        expected_cash_share=_stated(rng, round(float(cash), 3), 0.1),
        expected_foreign_share=_stated(rng, round(float(foreign), 3), 0.1),
        monthly_income=_stated(rng, round(income, 2), 0.15),
        document_age_years=_stated(rng, round(age, 2), 0.5),
        document_months_left=_stated(rng, round((validity - age) * 12, 1), 0.1),
        document_findings=int(rng.poisson(0.08)),
        check_findings=int(rng.poisson(0.05)),
        screening_strength=list(SCREENING_RISK)[rng.choice(4, p=[0.965, 0.025, 0.007, 0.003])],
        contact_country_differs=_stated(rng, bool(rng.random() < 0.06), 0.2),
    )


def _stated(rng: np.random.Generator, value: T, silence: float) -> T | None:
    return None if rng.random() < silence else value


def _log_odds(customer: CustomerFacts) -> float:
    """The opinion that labels are drawn from. Not statistics: each weight is a judgement, kept in plain sight."""
    (
        residence,
        channel,
        product,
        occupation,
        _,
        _,
        cash,
        foreign,
        strain,
        age,
        left,
        found,
        checks,
        screening,
        contact,
    ) = features(customer)
    residence, product = _or(residence, 0.5), _or(product, 1.2)
    risk = -6.4 + 1.5 * residence + 0.25 * _or(channel, 1.5) + 0.35 * product + 0.35 * _or(occupation, 1.0)
    risk += 2.6 * _or(cash, 0.14) + 1.3 * _or(foreign, 0.15) + 1.1 * math.log1p(_or(strain, 1.1))
    risk += 0.9 * (age < 0.25) + 0.3 * (left < 3.0) + 0.9 * found + 1.1 * checks + 1.1 * screening
    risk += 0.8 * _or(contact, 0.1)
    if residence > 0.0 and _or(foreign, 0.0) > 0.4:
        risk += 0.8
    if _or(cash, 0.0) > 0.5 and product >= 3.0:
        risk += 0.7
    return risk


def _or(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value


def train(folder: Path) -> dict[str, Any]:
    """Train, evaluate on customers never seen, write `model.txt` and `card.json`; returns the card."""
    import lightgbm
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    training = invent_customers(TRAINING_CUSTOMERS, TRAINING_SEED)
    matrix = training.matrix()
    dataset = lightgbm.Dataset(matrix, label=training.labels, feature_name=list(FEATURES), free_raw_data=True)
    booster = lightgbm.train(PARAMETERS, dataset, num_boost_round=TREES)
    text = booster.model_to_string().encode()

    evaluation = invent_customers(EVALUATION_CUSTOMERS, EVALUATION_SEED)
    probabilities = np.asarray(booster.predict(evaluation.matrix()), dtype=np.float64)
    thresholds = RatingThresholds()
    card = {
        "name": "customer_risk",
        "version": "1",
        "format": "lightgbm_text",
        "file": "model.txt",
        "sha256": sha256_hex(text),
        "purpose": "probability that a new customer's history will turn out suspicious; rates low, medium, high",
        "data": (
            "Synthetic. Every customer and every label was invented by aml/customer_risk_training.py; labels are drawn "
            "from a written-down opinion. The metrics show that training works, not how the model would fare with real "
            "customers."
        ),
        "may": "raise a rating or refer; never reject, clear a hit or override a rule",
        "protected_attributes": "none among the features",
        "features": list(FEATURES),
        "training": {
            "customers": TRAINING_CUSTOMERS,
            "suspicious": int(training.labels.sum()),
            "seed": TRAINING_SEED,
            "sha256": sha256_hex(matrix.tobytes() + training.labels.tobytes()),
            "parameters": {**PARAMETERS, "trees": TREES},
            "lightgbm": lightgbm.__version__,
        },
        "evaluation": {
            "customers": EVALUATION_CUSTOMERS,
            "suspicious": int(evaluation.labels.sum()),
            "seed": EVALUATION_SEED,
            "roc_auc": round(float(roc_auc_score(evaluation.labels, probabilities)), 4),
            "average_precision": round(float(average_precision_score(evaluation.labels, probabilities)), 4),
            "brier": round(float(brier_score_loss(evaluation.labels, probabilities)), 4),
            "rated_medium_or_high": round(float((probabilities >= thresholds.medium).mean()), 4),
            "rated_high": round(float((probabilities >= thresholds.high).mean()), 4),
        },
        "population": {
            name: [round(float(q), 6) for q in np.nanquantile(matrix[:, i], np.linspace(0.0, 1.0, QUANTILES))]
            for i, name in enumerate(FEATURES)
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.txt").write_bytes(text)
    (folder / "card.json").write_bytes(json.dumps(json.loads(canonical_json(card)), indent=1).encode() + b"\n")
    return card


if __name__ == "__main__":
    sys.stdout.write(json.dumps(train(Path(sys.argv[1]))["evaluation"], indent=1) + "\n")
