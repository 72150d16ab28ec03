"""What a regime tells the onboarding policy: its permissions and citations, in the policy's own terms."""

from jurisdictions.regime import Regime
from kyc.policy import PolicyParameters


def policy_parameters(regime: Regime) -> PolicyParameters:
    """The parameters of `kyc.policy.onboarding_table` under a regime."""
    return PolicyParameters(
        regime=regime.code,
        regime_version=regime.version,
        minimum_age=regime.minimum_age.value,
        minimum_age_citation=regime.minimum_age.citation,
        rejects=regime.rejects.value,
        rejects_citation=regime.rejects.citation,
        citations=dict(regime.policy_citations),
    )
