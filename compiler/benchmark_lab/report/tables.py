"""Makes the tables of a summary as people read tables, for the terminal and for `summary.md` alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.records import CellSummary, Estimate, Fitted, MetricComparison, Phase, Scaling, Summary
from benchmark_lab.report.figures import NONE, figure, interval, percent, ratio, ratio_interval, tally
from benchmark_lab.report.naming import ContrastNames, naming
from benchmark_lab.results.metrics import SHARED_HOST, bound_in_words
from benchmark_lab.statistics.decision import MARGIN
from benchmark_lab.statistics.ratio import FEWEST_ROUNDS


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title; in a cell, a line break parts a figure from its interval or note."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()
    """Columns that are set flush right."""
    notes: tuple[str, ...] = ()


MEDIANS = (
    f"Medians over valid trials, with their distribution-free 95 % intervals from {FEWEST_ROUNDS} trials on. "
    f"{NONE}: nothing valid, too few requests for this percentile, or not known."
)
RATIOS = (
    "Ratios are geometric means with Student's t intervals; n counts paired rounds, or trials where runs or hardware "
    f"differ. Equivalent: within {percent(MARGIN)}. Holm p: corrected for all ranked rows. "
    "Detectable: the smallest difference that as many rounds would find with 80 % power."
)
LAW = (
    "Universal Scalability Law with bootstrapped 95 % intervals: contention is the serial share of the work, coherence "
    f"what each pair of workers costs. {NONE}: no peak is known, for the coherence may be 0, or too few rounds tell it."
)


def _columns(*, informative: bool) -> dict[str, str]:
    """Return the metrics of a table by their headings."""
    shown = (metric for metric in METRICS.values() if metric.column)
    return {metric.column: metric.name for metric in shown if (metric.ranking == "informative") == informative}


def cells_table(summary: Summary) -> Table:
    """Return one row a cell: its axes, its medians with their intervals, and whether its trials count."""
    names = naming(summary.cells)
    notes = [MEDIANS]
    if any(cell.load_model == "closed" for cell in summary.cells):
        notes.append("Latencies: closed loop, not ranked. ≥: a lower bound, limited by something else than the server.")
    if SHARED_HOST in summary.labels:
        notes.append("All roles share one machine: its p99 is not ranked.")
    bottlenecks = any(cell.bottlenecks for cell in summary.cells)
    figures = _columns(informative=False)
    return Table(
        title=f"Cells ({summary.load})",
        columns=("cell", *figures, "errors", *(("bottleneck",) if bottlenecks else ()), "verdict"),
        rows=tuple(
            (
                _with_load(names.cell_in_two_lines(cell.cell), cell),
                *(_estimate(cell, name) for name in figures.values()),
                _errors(cell),
                *((_bottlenecks(cell),) if bottlenecks else ()),
                _verdict(cell),
            )
            for cell in summary.cells
        ),
        numeric=frozenset({*figures, "errors"}),
        notes=tuple(notes),
    )


def further_table(summary: Summary) -> Table:
    """Return one row a cell: the medians of informative metrics that some cell has.

    Informative metrics say why, and rank nothing.
    """
    names = naming(summary.cells)
    every = _columns(informative=True)
    figures = {column: name for column, name in every.items() if any(name in cell.metrics for cell in summary.cells)}
    return Table(
        title="Further figures",
        columns=("cell", *figures),
        rows=tuple(
            (names.cell(cell.cell), *(_estimate(cell, name) for name in figures.values()))
            for cell in summary.cells
            if figures
        ),
        numeric=frozenset(figures),
        notes=("Medians over valid trials. They say why, not which is better, and are not ranked.",),
    )


def _with_load(name: str, cell: CellSummary) -> str:
    """Return the cell's name with the load that probing found for the cell."""
    return f"{name}{', ' if chr(10) in name else chr(10)}{cell.load}" if cell.load else name


def searches_table(summary: Summary) -> Table:
    """Return one row a searched cell: the highest rate that kept the objectives, and the lowest rate that did not."""
    names = naming(summary.cells)
    found = [(cell, cell.search) for cell in summary.cells if cell.search]
    return Table(
        title=summary.load.capitalize(),
        columns=("cell", "kept at requests/s", "not kept at", "probes", "confirmed", "ended"),
        rows=tuple(
            (
                names.cell(cell.cell),
                NONE if search.last_pass_rps is None else f"{'≥ ' * search.lower_bound}{figure(search.last_pass_rps)}",
                figure(search.first_fail_rps),
                str(search.probes),
                str(search.confirmations),
                search.end.replace("-", " "),
            )
            for cell, search in found
        ),
        numeric=frozenset({"kept at requests/s", "not kept at", "probes", "confirmed"}),
        notes=("Each probe is a freshly started server. Confirmed: restarts that kept the objectives again.",),
    )


def work_table(summary: Summary) -> Table:
    """Return one row a server: the CPU time of each piece of its scenario's work."""
    names = naming(summary.cells)
    return Table(
        title="Work",
        columns=("cells", "of each", "CPU µs"),
        rows=tuple((names.shared(cost.cells), cost.unit, _median(cost.cpu_us)) for cost in summary.unit_costs),
        numeric=frozenset({"CPU µs"}),
        notes=("How much the CPU time of a request grows with each piece of work in it; medians over rounds.",),
    )


def scaling_table(summary: Summary) -> Table:
    """Return one row a server whose workers were swept: the law that its throughput follows, and where it peaks."""
    names = naming(summary.cells)
    return Table(
        title="Scaling with workers",
        columns=("cells", "one worker requests/s", "contention", "coherence", "peak workers"),
        rows=tuple(
            (
                names.shared(law.cells),
                _fitted(law.one_worker_rps),
                _fitted(law.contention, percent),
                _fitted(law.coherence, percent),
                _peak(law),
            )
            for law in summary.scalings
        ),
        numeric=frozenset({"one worker requests/s", "contention", "coherence", "peak workers"}),
        notes=(LAW,),
    )


def _fitted(found: Fitted, words: Callable[[float], str] = figure) -> str:
    return _with_interval(found.value, found.low, found.high, words)


def _peak(law: Scaling) -> str:
    if law.peak_workers is None:
        return NONE
    return _fitted(law.peak_workers) + (", beyond the sweep" if law.beyond_sweep else "")


def _estimate(cell: CellSummary, metric: str) -> str:
    if metric == "throughput_rps" and cell.throughput_at_least_rps is not None:
        return f"≥ {figure(cell.throughput_at_least_rps)}\n{bound_in_words(cell)}"
    estimate = cell.metrics.get(metric)
    return NONE if estimate is None else _median(estimate)


def _median(estimate: Estimate) -> str:
    return _with_interval(estimate.median, estimate.low, estimate.high)


def _with_interval(value: float, low: float | None, high: float | None, words: Callable[[float], str] = figure) -> str:
    return words(value) if low is None else f"{words(value)}\n{interval(low, high, words)}"


def _errors(cell: CellSummary) -> str:
    return percent(cell.failed_requests / cell.requests) if cell.requests else NONE


def _bottlenecks(cell: CellSummary) -> str:
    """Return what limited the cell's trials, most frequent first; with counts where several things did."""
    counts = dict(sorted(cell.bottlenecks.items(), key=lambda found: (-found[1], found[0])))
    return tally(counts) if len(counts) > 1 else next(iter(counts), NONE)


def _verdict(cell: CellSummary) -> str:
    if not cell.trials:
        return f"excluded\n{cell.excluded}" if cell.excluded else "not measured\nthe run ended before"
    if cell.retired:
        return f"retired with {cell.valid} valid\n{cell.retired}"
    if cell.valid == cell.trials:
        return f"{cell.valid} valid"
    return f"{cell.valid} of {cell.trials} valid\n{tally(cell.invalid_reasons)}"


def comparisons_table(
    comparisons: Sequence[MetricComparison], names_of: Callable[[MetricComparison], ContrastNames]
) -> Table:
    """Return one row a comparison: the ratio candidate / baseline with its interval, and what the ratio answers."""
    rows = []
    for comparison in comparisons:
        names = names_of(comparison)
        effect = comparison.smallest_detectable
        rows.append(
            (
                f"{names.candidate} / {names.baseline}" + (f"\n{names.condition}" if names.condition else ""),
                METRICS[comparison.metric].noun,
                ratio(comparison.ratio),
                ratio_interval(comparison.low, comparison.high),
                NONE if comparison.p_value_holm is None else f"{comparison.p_value_holm:.2g}",
                NONE if effect is None else percent(effect),
                str(comparison.n),
                answer_in_words(comparison),
            )
        )
    return Table(
        title="Comparisons",
        columns=("candidate / baseline", "metric", "ratio", "95 % interval", "Holm p", "detectable", "n", "answer"),
        rows=tuple(rows),
        numeric=frozenset({"ratio", "Holm p", "detectable", "n"}),
        notes=(RATIOS,),
    )


def answer_in_words(comparison: MetricComparison) -> str:
    """Return the answer in the metric's words: `uses less CPU`, `inconclusive: about 23 rounds would settle it`."""
    metric = METRICS[comparison.metric]
    match comparison.answer:
        case "higher":
            said = metric.more
        case "lower":
            said = metric.less
        case "equivalent":
            return f"equivalent within {percent(MARGIN)}"
        case "inconclusive":
            return f"inconclusive: about {comparison.rounds_needed} rounds would settle it"
        case "no interval":
            return f"no interval: {comparison.n} of the {FEWEST_ROUNDS} needed"
        case "not ranked":
            return f"not ranked: {comparison.unranked_reason}"
    return (
        said
        if _bootstrap_agrees(comparison)
        else f"{said}\nthe bootstrap interval includes 1: repeat it with more rounds"
    )


def _bootstrap_agrees(comparison: MetricComparison) -> bool:
    low, high = comparison.bootstrap_low, comparison.bootstrap_high
    return low is None or high is None or low > 1 or high < 1


def invalid_table(summary: Summary) -> Table:
    """Return one row a cell and reason: how often the reason spoilt a trial, and the figures of the first time."""
    names = naming(summary.cells)
    rows = [
        (
            reason,
            names.cell(cell.cell),
            f"{count} of {cell.trials}",
            cell.invalid_evidence.get(reason, NONE),
        )
        for cell in summary.cells
        for reason, count in cell.invalid_reasons.items()
    ]
    return Table(
        title="Invalid trials",
        columns=("reason", "cell", "trials", "evidence of the first"),
        rows=tuple(sorted(rows, key=lambda row: row[0])),
        numeric=frozenset({"trials"}),
    )


def warnings_table(summary: Summary) -> Table:
    """Return one row a cell and warning, with the figures of the first time.

    A warning that all cells have takes one row for all cells.
    """
    names = naming(summary.cells)
    valid = [cell for cell in summary.cells if cell.valid]
    rows = []
    for warning in sorted({warning for cell in valid for warning in cell.warnings}):
        warned = [cell for cell in valid if warning in cell.warnings]
        whole = len(warned) == len(valid) > 1
        for name, cells in [("all", warned)] if whole else [(names.cell(cell.cell), [cell]) for cell in warned]:
            trials = f"{sum(cell.warnings[warning] for cell in cells)} of {sum(cell.valid for cell in cells)}"
            rows.append((warning, name, trials, cells[0].warning_evidence.get(warning, NONE)))
    return Table(
        title="Warnings on valid trials",
        columns=("warning", "cell", "trials", "evidence of the first"),
        rows=tuple(rows),
        numeric=frozenset({"trials"}),
    )


def criteria_table(summary: Summary) -> Table:
    """Return one row a criterion: both sides in figures, and whether the criterion held."""
    without = "a cell has no such figure, or only a bound of it"
    words = {True: "held", False: "failed"}
    return Table(
        title="Criteria",
        columns=("criterion", "left", "right", "result"),
        rows=tuple(
            (
                of.text,
                figure(of.left),
                figure(of.right),
                f"undecided: {of.unranked_reason or without}" if of.held is None else words[of.held],
            )
            for of in summary.criteria
        ),
        numeric=frozenset({"left", "right"}),
    )


def phases_table(summary: Summary) -> Table:
    """Return one row a phase of the run, with the phase's wall time."""
    total = sum(phase.seconds for phase in summary.phases)
    return Table(
        title="Phases",
        columns=("phase", "seconds", "share"),
        rows=tuple((p.name, f"{p.seconds:.1f}", percent(p.seconds / total) if total else NONE) for p in summary.phases),
        numeric=frozenset({"seconds", "share"}),
        notes=(*(bring_up_note(phase) for phase in summary.phases if phase.slowest), time_note(summary)),
    )


def bring_up_note(phase: Phase) -> str:
    """Say what bringing each host up took, and which tasks took longest."""
    hosts = ", ".join(f"{host} {seconds:.0f} s" for host, seconds in phase.hosts.items())
    slowest = "; ".join(f"“{each.task}” on {each.host} {each.seconds:.1f} s" for each in phase.slowest)
    return f"{phase.name.capitalize()}, by host: {hosts}. Slowest tasks: {slowest}."


def time_note(summary: Summary) -> str:
    """Say the share of wall time outside warm-up and windows, and how many seconds a trial the share is."""
    return (
        f"{1 - summary.measuring_share:.0%} of the rounds' wall time lay outside warm-up and windows: "
        f"{summary.overhead_per_trial_s:.1f} s a trial."
    )
