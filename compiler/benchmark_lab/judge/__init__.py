"""What the hosts reported of one trial, judged: whether it counts, and what limited it."""

from benchmark_lab.judge.trial import Place, judge, judge_record

__all__ = ["Place", "judge", "judge_record"]
