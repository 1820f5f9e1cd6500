"""Makes Debian hosts in namespaces of this machine, for a run or for `lab testbed`."""

from benchmark_lab.targets.testbed.driver import DRIVER

__all__ = ["DRIVER"]
