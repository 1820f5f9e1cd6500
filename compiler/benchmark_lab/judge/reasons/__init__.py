"""The rules of the verdict, one module a code; `lab` finds every rule that one of these modules defines."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark_lab.judge.rule import rules_in
from benchmark_lab.records import Bottleneck

_RULES = rules_in(__name__, __path__)
REASONS = tuple(rule for rule in _RULES if rule.kind == "reason")
"""Reasons in the order in which a trial lists its reasons: causes before their effects."""
WARNINGS = tuple(rule for rule in _RULES if rule.kind == "warning")
"""Warnings: rules for what a reader of a trial should know although the rule does not make the trial invalid."""

LOWER_BOUND_REASONS: Mapping[str, Bottleneck] = {rule.code: rule.bound for rule in REASONS if rule.bound}
"""Bottlenecks by reason code: each was at its limit instead of the server, so the throughput is a lower bound."""
OWN_FAULTS = frozenset(rule.code for rule in REASONS if rule.own_fault)
"""Codes of reasons that the server brings about: under such a load, the server does not keep its objectives."""
