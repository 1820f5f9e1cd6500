"""The codes of reasons and remarks; docs/verdicts.md explains each."""

from __future__ import annotations

from typing import Literal

from benchmark_lab.records import Reason

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
    "late-load",
    "dropped-load",
    "errors",
    "unstable",
    "too-few-samples",
    "rows-missing",
    "upstream-not-called",
]
"""Causes before their effects: the order in which a trial's reasons are listed."""

RemarkCode = Literal["host-noise", "imbalanced-workers", "checkpoint", "steady-state-untested"]


def reason(code: ReasonCode, evidence: str) -> Reason:
    """Return why a trial is invalid."""
    return Reason(code=code, evidence=evidence)


def remark(code: RemarkCode, evidence: str) -> Reason:
    """Return what a reader of a trial should know, valid or not."""
    return Reason(code=code, evidence=evidence)
