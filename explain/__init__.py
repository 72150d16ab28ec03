"""Explanations of decisions: attribution, narrative, replay. Only `explain.record` may be imported from everywhere."""
