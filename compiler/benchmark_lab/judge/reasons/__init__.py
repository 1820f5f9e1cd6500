"""The rules of the verdict, a module a code; a rule is found by being defined in one of these modules."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark_lab.judge.rule import rules_in
from benchmark_lab.records import Bottleneck

_RULES = rules_in(__name__, __path__)
REASONS = tuple(rule for rule in _RULES if rule.kind == "reason")
"""Causes before their effects: the order in which a trial's reasons are listed."""
WARNINGS = tuple(rule for rule in _RULES if rule.kind == "warning")
"""What a reader of a trial should know although it does not make the trial invalid."""

LOWER_BOUND_REASONS: Mapping[str, Bottleneck] = {rule.code: rule.bound for rule in REASONS if rule.bound}
"""By code, what was at its limit instead of the server: the trial's throughput is a lower bound."""
OWN_FAULTS = frozenset(rule.code for rule in REASONS if rule.own_fault)
"""Codes of reasons that the server brings about: under such a load it does not keep its objectives."""
