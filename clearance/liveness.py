"""The provider of liveness checks that an operator names: an object that can tell a person from a picture of one.

None is built in, and none is pretended: without one, or where it does not answer, the result is `not_checked`, which
the policies see. Apart from `kyc.faces`, which knows no settings and imports nothing by name.
"""

import importlib
import logging

from kyc.faces import Liveness, LivenessResult, NoLivenessProvider

_log = logging.getLogger(__name__)


class ProviderMissing(ValueError):
    """The setting names nothing that can be asked."""


class NamedProvider:
    """Somebody else's provider under its name. What it raises, or answers in other words than ours, is no check."""

    def __init__(self, name: str, provider: Liveness) -> None:
        self.name, self.provider = name, provider

    def check(self, selfie: bytes) -> LivenessResult:
        try:
            result = self.provider.check(selfie)
        except Exception as error:  # noqa: BLE001  # whatever fails there is no check, and stops no onboarding
            _log.warning("the liveness provider %s failed: %s", self.name, type(error).__name__)
            return LivenessResult("not_checked", self.name)
        if not isinstance(result, LivenessResult) or result.result not in ("live", "not_live", "not_checked"):
            _log.warning("the liveness provider %s answered in words that are not known", self.name)
            return LivenessResult("not_checked", self.name)
        return result


def load_provider(name: str) -> Liveness:
    """The provider that `module:attribute` names; the one that checks nothing for an empty name. A class or another
    callable without `check` is called once for the object to ask. Raises `ProviderMissing` with what to do."""
    if not name:
        return NoLivenessProvider()
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ProviderMissing(
            f"CLEARANCE_LIVENESS_PROVIDER: {name!r} cannot be imported ({error}); write module:attribute of a package "
            "that is installed beside the worker"
        ) from None
    provider = found() if isinstance(found, type) or not hasattr(found, "check") else found
    if not callable(getattr(provider, "check", None)):
        raise ProviderMissing(
            f"CLEARANCE_LIVENESS_PROVIDER: {name!r} has no method check(selfie: bytes) -> kyc.faces.LivenessResult"
        )
    return NamedProvider(name, provider)
