"""The codes of reasons and remarks; docs/verdicts.md explains each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from benchmark_lab.run import LimitedBy, Reason

ReasonCode = Literal[
    "database-failed",
    "server-not-ready",
    "server-restarted",
    "wrong-workers",
    "warm-up-failed",
    "upstream-failed",
    "generator-failed",
    "host-ending",
    "host-noise",
    "generator-limited",
    "littles-law",
    "network-limited",
    "db-limited",
    "upstream-limited",
    "dropped-load",
    "errors",
    "unstable",
    "too-few-samples",
    "rows-missing",
    "upstream-not-called",
]
"""Causes before their effects: the order in which a trial's reasons are listed."""

RemarkCode = Literal["host-noise", "imbalanced-workers", "checkpoint", "steady-state-untested"]

BOUNDS: Mapping[str, LimitedBy] = {
    "generator-limited": "generator",
    "littles-law": "generator",
    "network-limited": "network",
    "db-limited": "db",
    "upstream-limited": "upstream",
}
"""Reasons that say that something else than the server was at its limit, so that the throughput is a lower bound."""


def reason(code: ReasonCode, evidence: str) -> Reason:
    """Return why a trial is invalid."""
    return Reason(code=code, evidence=evidence)


def remark(code: RemarkCode, evidence: str) -> Reason:
    """Return what a reader of a trial should know, valid or not."""
    return Reason(code=code, evidence=evidence)
