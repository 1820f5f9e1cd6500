"""Proves that a running server is a correct implementation of spec/openapi.yaml and spec/behaviour.md."""

from benchmark_lab.conformance.check import Check
from benchmark_lab.conformance.checks import CHECKS
from benchmark_lab.conformance.report import Depth, Report, Result
from benchmark_lab.conformance.runner import run_conformance
from benchmark_lab.conformance.sut import Sut, UnreachableError

__all__ = ["CHECKS", "Check", "Depth", "Report", "Result", "Sut", "UnreachableError", "run_conformance"]
