"""The folder of one run: `trials.jsonl`, what each trial was judged by, the logs and the summary."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmark_lab.bundle import Cell
from benchmark_lab.records import LatencyDistribution, Measured, Summary, Trial, TrialRecord
from benchmark_lab.store.bundles import write_atomically


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a run: `results/YYYY-MM-DD/<experiment>-<run>/`."""

    path: Path
    run: str

    @property
    def name(self) -> str:
        """Return the run's name among all runs, short enough for the paths of sockets."""
        return f"{self.path.parent.name}-{self.run}"

    @property
    def bundle(self) -> Path:
        """Return the folder of the bundle that the run carries out."""
        return self.path / "bundle"

    @property
    def journal(self) -> Path:
        """Return the path of the journal: the record of what happened in the run."""
        return self.path / "journal.jsonl"

    @property
    def logs(self) -> Path:
        """Return the folder of the logs: the output of the playbooks, and per trial the output of the server and k6."""
        return self.path / "logs"

    def keep(self, trial: Trial, record: TrialRecord, measured: Measured) -> None:
        """Keep what a trial was judged by, and the trial's logs where there is something in the logs.

        Call `keep` before the trial is journalled, since no other place keeps what `keep` writes.
        """
        load = record.measurement.load
        if load and load.latency_quantiles_ms:
            distribution = LatencyDistribution(
                trial=record.trial,
                cell=record.cell,
                quantiles_ms=load.latency_quantiles_ms,
                tail_ms=load.latency_tail_ms,
            )
            _append(self._distributions, distribution.model_dump(mode="json"))
        _append(self._measurements, _measurement_line(record))
        for kind, text in (("server", measured.server_log), ("k6", measured.k6_log)):
            if text:
                (self.logs / f"{trial.hardware}-{trial.trial}.{kind}.log").write_text(text + "\n", encoding="utf-8")

    def add(self, trial: Trial, cell: Cell) -> None:
        """Append a journalled trial to `trials.jsonl`."""
        _append(self._trials, _line(trial, cell))

    def restore(self, trials: Sequence[Trial], cells: Sequence[Cell]) -> None:
        """Write the trials anew as the journal has them, and drop what is kept of other trials."""
        by_id = {cell.id: cell for cell in cells}
        write_atomically(self._trials, "".join(json.dumps(_line(trial, by_id[trial.cell])) + "\n" for trial in trials))
        count = {(trial.trial, trial.cell) for trial in trials}
        for path in (self._distributions, self._measurements):
            if path.exists():
                lines = path.read_bytes().splitlines(keepends=True)
                write_atomically(path, "".join(_of_trials(lines, count)))

    @property
    def _trials(self) -> Path:
        return self.path / "trials.jsonl"

    @property
    def _distributions(self) -> Path:
        return self.path / "distributions.jsonl"

    @property
    def _measurements(self) -> Path:
        return self.path / "measurements.jsonl"

    def conclude(self, summary: Summary, markdown: str) -> None:
        """Write the summary as JSON for programs and as Markdown for people."""
        write_atomically(self.path / "summary.json", summary.model_dump_json(indent=1, by_alias=True) + "\n")
        write_atomically(self.path / "summary.md", markdown)


def new_run_folder(results: Path, experiment: str, now: datetime) -> RunFolder:
    """Make the folder of a new run; the folder's name says when the run began (UTC)."""
    run = f"{now:%H%M%S}-{secrets.token_hex(2)}"
    folder = RunFolder(results / f"{now:%Y-%m-%d}" / f"{experiment}-{run}", run)
    folder.logs.mkdir(parents=True)
    return folder


def _line(trial: Trial, cell: Cell) -> dict[str, object]:
    """Return the line of a trial, with the cell's parameters as plain keys beside the trial's own keys."""
    return {**cell.parameters, **trial.model_dump(mode="json", by_alias=True)}


_QUANTILES = {"latency_quantiles_ms": True, "latency_tail_ms": True}
_LATENCIES: dict[str, bool | dict[str, dict[str, bool]]] = {**_QUANTILES, "parts": {"__all__": _QUANTILES}}
"""Fields of each load that the line of a measurement leaves out: the latencies."""


def _measurement_line(record: TrialRecord) -> dict[str, object]:
    """Return the line of a record, without the record's latencies and most of the server's log.

    The distributions have the latencies of the window.
    """
    line = record.model_dump(mode="json", exclude={"measurement": {"warmup": _LATENCIES, "load": _LATENCIES}})
    server = line["measurement"]["server"]
    server["log_tail"] = server["log_tail"].strip().rpartition("\n")[2]
    return line


def _of_trials(lines: Iterable[bytes], count: Container[tuple[object, object]]) -> Iterator[str]:
    """Yield the whole lines of these trials."""
    for line in lines:
        try:
            fields = json.loads(line)
            named = fields["trial"], fields["cell"]
        except (ValueError, KeyError, TypeError):
            continue
        if line.endswith(b"\n") and named in count:
            yield line.decode()


def _append(path: Path, line: dict[str, object]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def run_folder(path: Path) -> RunFolder:
    """Return the folder of a run that exists."""
    return RunFolder(path.resolve(), "-".join(path.resolve().name.rsplit("-", 2)[-2:]))
