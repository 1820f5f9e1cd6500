"""A check: one line of behaviour.md and the function that proves it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from benchmark_lab.conformance.client import Client
from benchmark_lab.conformance.report import Depth

Counted = Literal["nothing", "database", "upstream", "everything"]
Proof = Callable[[Client], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """What is proven, by which function."""

    id: str
    prove: Proof
    """Returns where the server conforms, and raises MismatchError or NotVisibleError where not."""
    counts: Counted
    """What it counts before and after: checks that count the same run one after another."""
    depth: Depth
    """`full`: too slow for the gate."""


def check(identifier: str, *, counts: Counted = "nothing", depth: Depth = "gate") -> Callable[[Proof], Check]:
    """Makes a check of the function; being defined in a module of `checks` is all it takes to be run."""

    def make(prove: Proof) -> Check:
        return Check(identifier, prove, counts, depth)

    return make
