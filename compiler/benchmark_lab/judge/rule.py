"""The rule of the verdict: its code, its look at a case, and what docs/verdicts.md says of the rule."""

from __future__ import annotations

import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from benchmark_lab.bundle import Thresholds
from benchmark_lab.judge.case import Case
from benchmark_lab.records import SERVER_BOTTLENECKS, Bottleneck, Reason

RuleKind = Literal["reason", "warning"]
Needs = Literal["trial", "load", "window"]
"""Trials that a rule looks at: any trial, one whose k6 reported its figures, or one whose window has requests."""
Look = Callable[[Case], str | None]
"""Function that returns the evidence: the figures that decide. None or an empty text: the rule does not apply."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason why a trial is invalid, or a warning of what a reader should know about a trial.

    Raises:
        ValueError: the docstring of `look` lacks its meaning or its `Do:`, or a name in `thresholds` is no threshold.
    """

    kind: RuleKind
    code: str
    rank: int
    """Place among the rules of its kind. A cause has a lower rank than its effects."""
    look: Look
    needs: Needs = "window"
    unless: tuple[str, ...] = ()
    """Codes of reasons that explain what this rule would find: beside such a reason, this rule says nothing."""
    thresholds: tuple[str, ...] = ()
    """Names of the fields of Thresholds that the rule compares with."""
    bound: Bottleneck | None = None
    """Bottleneck that was at its limit instead of the server. The throughput is then a lower bound."""
    own_fault: bool = False
    """True if the server brings the reason about: under such a load, the server does not keep its objectives."""

    def __post_init__(self) -> None:
        if sys.flags.optimize < 2 and not (self.meaning and self.advice):  # noqa: PLR2004  -OO drops docstrings
            raise ValueError(f"{self}: its docstring must say what it means, then `Do:` and what the user does")
        if self.bound in SERVER_BOTTLENECKS or (self.bound and self.own_fault):
            raise ValueError(f"{self}: what holds a trial back is not the server's own")
        if unknown := [name for name in self.thresholds if name not in Thresholds.model_fields]:
            raise ValueError(f"{self}: there is no threshold `{unknown[0]}`")

    def __str__(self) -> str:
        return f"{self.kind} `{self.code}` of {self.look.__module__}"

    @property
    def meaning(self) -> str:
        """Return the paragraphs of the docstring before `Do:`."""
        return self._docstring[0]

    @property
    def advice(self) -> str:
        """Return what the user does: the paragraph of the docstring after `Do:`."""
        return self._docstring[2]

    @property
    def _docstring(self) -> tuple[str, str, str]:
        return (inspect.getdoc(self.look) or "").partition("\n\nDo: ")

    def find(self, case: Case, reasons: Sequence[Reason]) -> Reason | None:
        """Return what the rule finds in a case, if anything; earlier rules found `reasons`."""
        there = {"trial": True, "load": case.loaded, "window": case.measured}
        if not there[self.needs] or any(reason.code in self.unless for reason in reasons):
            return None
        evidence = self.look(case)
        return self.because(evidence) if evidence else None

    def because(self, evidence: str) -> Reason:
        """Return the rule's code with evidence for it."""
        return Reason(code=self.code, evidence=evidence)


def reason(
    code: str,
    *,
    rank: int,
    needs: Needs = "window",
    unless: tuple[str, ...] = (),
    thresholds: tuple[str, ...] = (),
    bound: Bottleneck | None = None,
    own_fault: bool = False,
) -> Callable[[Look], Rule]:
    """Make a reason of a function.

    `lab` judges by every reason that a module of `reasons` defines; nothing else is needed. The docstring of the
    function is the reason's part of docs/verdicts.md: the meaning, then `Do:` and what the user does. The class Rule
    explains each argument.
    """

    def make(look: Look) -> Rule:
        return Rule(
            kind="reason",
            code=code,
            rank=rank,
            look=look,
            needs=needs,
            unless=unless,
            thresholds=thresholds,
            bound=bound,
            own_fault=own_fault,
        )

    return make


def warning(
    code: str, *, rank: int, unless: tuple[str, ...] = (), thresholds: tuple[str, ...] = ()
) -> Callable[[Look], Rule]:
    """Make a warning of a function, as `reason` makes a reason.

    Only trials with requests in the window have warnings.
    """

    def make(look: Look) -> Rule:
        return Rule(kind="warning", code=code, rank=rank, look=look, unless=unless, thresholds=thresholds)

    return make


def rules_in(package: str, folders: Iterable[str]) -> tuple[Rule, ...]:
    """Import every module of a package, and return the rules that the modules define, by rank.

    Raises:
        ValueError: two rules of a kind have the same code or rank, or `unless` names no reason of a lower rank.
    """
    modules = [import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(folders)]
    defined = (member for module in modules for member in vars(module).values() if isinstance(member, Rule))
    rules = tuple(sorted(defined, key=lambda rule: rule.rank))
    reasons = [rule.code for rule in rules if rule.kind == "reason"]
    taken: dict[tuple[RuleKind, object], Rule] = {}
    for rule in rules:
        for key, name in ((rule.code, "code"), (rule.rank, "rank")):
            if (other := taken.setdefault((rule.kind, key), rule)) is not rule:
                raise ValueError(f"{other} and {rule} have the same {name}, {key}")
        before = reasons[: reasons.index(rule.code)] if rule.kind == "reason" else reasons
        if unknown := [code for code in rule.unless if code not in before]:
            raise ValueError(f"{rule}: no reason `{unknown[0]}` has a lower rank")
    return rules
