"""Debian hosts in namespaces of this machine, made for a run or by `lab testbed`."""

from benchmark_lab.targets.testbed.driver import DRIVER

__all__ = ["DRIVER"]
