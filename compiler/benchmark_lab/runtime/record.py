"""The folder of one run: `trials.jsonl`, the latency distributions, the logs and the summary."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmark_lab.bundle import Cell
from benchmark_lab.run import Summary, Trial
from benchmark_lab.runtime.store import write_atomically
from benchmark_lab.runtime.trials import Measured


@dataclass(frozen=True, slots=True)
class RunFolder:
    """`results/YYYY-MM-DD/<experiment>-<run>/`."""

    path: Path
    run: str

    @property
    def bundle(self) -> Path:
        """The bundle that the run carries out."""
        return self.path / "bundle"

    @property
    def journal(self) -> Path:
        """The record of what happened."""
        return self.path / "journal.jsonl"

    @property
    def logs(self) -> Path:
        """Output of the playbooks, and per trial of the server and k6."""
        return self.path / "logs"

    def add(self, trial: Trial, cell: Cell, measured: Measured, server_log: str) -> None:
        """Append a judged trial and its latency distribution; keep its logs where there is something in them.

        The cell's parameters stand in the line as plain keys beside the trial's own.
        """
        line = {**cell.parameters, **trial.model_dump(mode="json", by_alias=True)}
        _append(self.path / "trials.jsonl", line)
        if measured.measurement.load and measured.measurement.load.latency_quantiles_ms:
            load = measured.measurement.load
            quantiles = {"quantiles_ms": load.latency_quantiles_ms, "tail_ms": load.latency_tail_ms}
            _append(
                self.path / "distributions.jsonl", {"schema": 1, "trial": trial.trial, "cell": cell.id, **quantiles}
            )
        for kind, text in (("server", server_log), ("k6", measured.k6_log)):
            if text:
                (self.logs / f"{trial.hardware}-{trial.trial}.{kind}.log").write_text(text + "\n", encoding="utf-8")

    def conclude(self, summary: Summary, markdown: str) -> None:
        """Write the summary, for programs and for people."""
        write_atomically(self.path / "summary.json", summary.model_dump_json(indent=1, by_alias=True) + "\n")
        write_atomically(self.path / "summary.md", markdown)


def new_run_folder(results: Path, experiment: str, now: datetime) -> RunFolder:
    """Make the folder of a new run; its name says when it began (UTC)."""
    run = f"{now:%H%M%S}-{secrets.token_hex(2)}"
    folder = RunFolder(results / f"{now:%Y-%m-%d}" / f"{experiment}-{run}", run)
    folder.logs.mkdir(parents=True)
    return folder


def _append(path: Path, line: dict[str, object]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
