"""Answers the experiment's question in one sentence, which says no more than the run's comparisons carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.records import CellSummary, MetricComparison, SearchResult, Summary
from benchmark_lab.report.figures import counted, figure, interval, percent, ratio, ratio_interval, tally
from benchmark_lab.report.naming import ContrastNames, Naming, naming
from benchmark_lab.results.metrics import SHARED_HOST
from benchmark_lab.statistics.decision import MARGIN
from benchmark_lab.statistics.ratio import FEWEST_ROUNDS

LEAD = ("throughput_rps", "sut_cpu_us_per_request", "latency_p50_ms")
"""Metrics that an answer may speak of: the answer takes the first two ranked metrics."""

MOST_COMPARISONS = 8
"""Most comparisons that an answer names; more comparisons are counted instead."""
MOST_CELLS = 4


def answered(summary: Summary) -> Summary:
    """Return the summary with the answer to its question."""
    sentence = answer_sentence(summary.cells, summary.comparisons, summary.load, summary.labels)
    return summary.model_copy(update={"answer": sentence})


def answer_sentence(
    cells: Sequence[CellSummary], comparisons: Sequence[MetricComparison], load: str, labels: Sequence[str]
) -> str:
    """Answer in one sentence, with the scope of the claim in front and the cells without a valid result at the end."""
    names = naming(cells)
    without = [cell for cell in cells if not cell.has_result]
    if len(without) == len(cells):
        return f"Nothing can be said: no cell has a valid result ({_why(without)})."
    place = "On this host" if SHARED_HOST in labels else "On these hosts"
    scenarios = {str(cell.axes["scenario"]) for cell in cells}
    conditions = [*(scenarios if len(scenarios) == 1 else ()), load]
    if any(comparison.low is not None for comparison in comparisons):
        conditions.append("95 % intervals")
    if any(cell.search for cell in cells):
        body = "; ".join(_searched(cells, names))
    else:
        body = _compared(comparisons, names) if comparisons else _medians(cells, names)
    rest = f"; {len(without)} of {len(cells)} cells have no valid result ({_why(without)})" if without else ""
    return f"{place} ({'; '.join(conditions)}): {body}{rest}."


def _why(cells: Sequence[CellSummary]) -> str:
    reasons: Counter[str] = Counter()
    for cell in cells:
        reasons.update(cell.invalid_reasons or {cell.excluded or "not measured": 1})
    return tally(dict(reasons.most_common()))


def _searched(cells: Sequence[CellSummary], names: Naming) -> Iterator[str]:
    """Say how far each cell keeps its objectives."""
    for cell in cells:
        match cell.search:
            case SearchResult(last_pass_rps=int(kept), first_fail_rps=int(broken), lower_bound=False):
                yield f"{names.cell(cell.cell)} keeps it at {figure(kept)} and not at {figure(broken)} requests/s"
            case SearchResult(last_pass_rps=int(kept)):
                yield f"{names.cell(cell.cell)} keeps it at {figure(kept)} requests/s at least"
            case SearchResult(first_fail_rps=int(broken)):
                yield f"{names.cell(cell.cell)} did not keep it at {figure(broken)} requests/s, nor at less"
            case _:  # counted among those without a result
                pass


def _medians(cells: Sequence[CellSummary], names: Naming) -> str:
    """Say what the cells did, where nothing is compared."""
    measured = [cell for cell in cells if cell.valid]
    said = []
    for cell in measured[:MOST_CELLS]:
        name = next((name for name in LEAD[1:] if name in cell.metrics), None)
        if name:
            estimate, metric = cell.metrics[name], METRICS[name]
            between = f" ({interval(estimate.low, estimate.high)})" if estimate.low is not None else ""
            said.append(f"{names.cell(cell.cell)} {metric.noun} {figure(estimate.median)} {metric.unit}{between}")
    more = f" and {len(measured) - MOST_CELLS} more cells" if len(measured) > MOST_CELLS else ""
    return "nothing was to be compared; " + (", ".join(said) or "no figure has enough requests") + more


def _compared(comparisons: Sequence[MetricComparison], names: Naming) -> str:
    ranked = [comparison for comparison in comparisons if comparison.ranked]
    lead = [name for name in LEAD if any(comparison.metric == name for comparison in ranked)][:2]
    of_lead = [[comparison for comparison in ranked if comparison.metric == name] for name in lead]
    if sum(map(len, of_lead)) > MOST_COMPARISONS:
        clauses = [_overview(of_metric, names) for of_metric in of_lead]
    else:
        clauses = [clause for of_metric in of_lead for clause in _clauses(of_metric, names)]
    return "; ".join([*_unranked_headline(comparisons), *clauses])


def _clauses(comparisons: Sequence[MetricComparison], names: Naming) -> list[str]:
    named = [(names.contrast(comparison.baseline, comparison.candidate), comparison) for comparison in comparisons]
    return [_clause([*group]) for _, group in groupby(sorted(named, key=_alike), key=_alike)]


def _unranked_headline(comparisons: Sequence[MetricComparison]) -> list[str]:
    """Say that the load's first metric, which a reader would look for, is not ranked; empty where it is ranked."""
    headline = [comparison for comparison in comparisons if comparison.metric == comparisons[0].metric]
    unranked = [comparison for comparison in headline if not comparison.ranked]
    if not unranked:
        return []
    reasons = ", ".join(dict.fromkeys(str(comparison.unranked_reason) for comparison in unranked))
    part = "" if len(unranked) == len(headline) else f" in {len(unranked)} of {len(headline)} comparisons"
    return [f"{METRICS[headline[0].metric].noun} is not ranked{part} ({reasons})"]


def _alike(named: tuple[ContrastNames, MetricComparison]) -> tuple[str, str, str]:
    names, comparison = named
    return names.candidate, names.baseline, comparison.answer if comparison.n else "no round"


def _clause(group: Sequence[tuple[ContrastNames, MetricComparison]]) -> str:
    """Write comparisons of the same sides with the same answer: the answer once, then each comparison's figures."""
    names, first = group[0]
    metric = METRICS[first.metric]
    match first.answer:
        case "higher" | "lower":
            said = f"{names.candidate} {metric.more if first.answer == 'higher' else metric.less} than {names.baseline}"
        case "equivalent":
            said = f"{names.candidate} and {names.baseline} are equivalent within {percent(MARGIN)}"
        case "no interval" if not first.n:
            said = f"{names.candidate} and {names.baseline} were never valid in the same round"
        case "no interval":
            said = f"{names.candidate} against {names.baseline} has no interval, which takes {FEWEST_ROUNDS} rounds"
        case _:
            said = f"the rounds do not decide between {names.candidate} and {names.baseline}"
    figures = "; ".join(_figures(names, comparison) for names, comparison in group)
    return f"{said} ({metric.noun}{' ' if first.n else ''}{figures})"


def _figures(names: ContrastNames, comparison: MetricComparison) -> str:
    parts = [f"{ratio(comparison.ratio)} times"] if comparison.n else []
    if comparison.low is not None:
        parts.append(ratio_interval(comparison.low, comparison.high))
    elif comparison.n:
        parts.append(counted(comparison.n, "round" if comparison.paired else "trial"))
    if comparison.rounds_needed is not None:
        parts.append(f"about {counted(comparison.rounds_needed, 'round')} would")
    return ", ".join(parts) + (f" for {names.condition}" if names.condition else "")


def _overview(comparisons: Sequence[MetricComparison], names: Naming) -> str:
    """Write many comparisons of one metric: how many have each answer, and the lowest and the highest ratio."""
    metric = METRICS[comparisons[0].metric]
    answers = Counter(comparison.answer for comparison in comparisons)
    said = f"{metric.noun} compared {counted(len(comparisons), 'time')}: {tally(dict(answers.most_common()))}"
    known = sorted((c for c in comparisons if c.ratio is not None), key=lambda c: c.ratio or 0)
    if not known:
        return said
    return f"{said}, from {_end(known[0], names)} to {_end(known[-1], names)}"


def _end(comparison: MetricComparison, names: Naming) -> str:
    contrast = names.contrast(comparison.baseline, comparison.candidate)
    condition = f" for {contrast.condition}" if contrast.condition else ""
    return f"{ratio(comparison.ratio)} times ({contrast.candidate} against {contrast.baseline}{condition})"
