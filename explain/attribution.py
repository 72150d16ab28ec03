"""The three exact ways to say why an output is what it is, behind one door.

Activities take them from here; each lives in its own module because trees, additive models and rule tables change for
different reasons.
"""

from explain.additive import AdditiveModel, AdditiveModelRefused, explain_additive
from explain.lightgbm_text import ModelRefused
from explain.rules import TooManyFacts, explain_rules, rule_findings
from explain.trees import TreeAttribution, TreeModel, logistic

__all__ = [
    "AdditiveModel",
    "AdditiveModelRefused",
    "ModelRefused",
    "TooManyFacts",
    "TreeAttribution",
    "TreeModel",
    "explain_additive",
    "explain_rules",
    "logistic",
    "rule_findings",
]
