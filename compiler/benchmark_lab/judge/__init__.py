"""Judges what the hosts reported of one trial: whether the trial counts, and what limited the trial."""

from benchmark_lab.judge.reasons import LOWER_BOUND_REASONS, OWN_FAULTS
from benchmark_lab.judge.trial import Position, is_bounded, judge, judge_record

__all__ = ["LOWER_BOUND_REASONS", "OWN_FAULTS", "Position", "is_bounded", "judge", "judge_record"]
