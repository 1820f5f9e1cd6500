"""What the hosts reported of one trial, judged: whether it counts, and what limited it."""

from benchmark_lab.verdict.trial import Place, judge

__all__ = ["Place", "judge"]
