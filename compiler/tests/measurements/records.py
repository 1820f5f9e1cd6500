"""The records beside this: trials as their hosts reported them, with all that they are judged by."""

from __future__ import annotations

from pathlib import Path

from benchmark_lab.bundle import BundledOperation, Cell, Load, Part, Thresholds
from benchmark_lab.judge import Position, judge
from benchmark_lab.records import Calibration, Measurement, Trial

FOLDER = Path(__file__).parent
PLACE = Position(lane=0, round=3, position=1, started_at="2026-11-22T10:00:00Z")


class Record(Part):
    """One trial, from which its verdict follows."""

    edited: str = ""
    """What is not as it was recorded, and why it had to be written by hand."""
    cell: Cell
    load: Load
    thresholds: Thresholds = Thresholds()
    calibration: Calibration = Calibration()
    operations: dict[str, BundledOperation]
    shared_host: bool = True
    measurement: Measurement

    def judge(self) -> Trial:
        return judge(
            self.measurement,
            self.cell,
            self.load,
            self.thresholds,
            PLACE,
            calibration=self.calibration,
            operations=self.operations,
            shared_host=self.shared_host,
        )

    def having(self, **changed: object) -> Record:
        """The record with parts of its measurement replaced, or some of their fields: `load={"requests": 9}`."""
        parts = {}
        for part, fields in changed.items():
            before = getattr(self.measurement, part)
            parts[part] = before.model_copy(update=fields) if isinstance(fields, dict) and part != "hosts" else fields
        return self.model_copy(update={"measurement": self.measurement.model_copy(update=parts)})

    def write(self, path: Path) -> None:
        path.write_text(self.model_dump_json(exclude_defaults=True) + "\n", encoding="utf-8")


def record(name: str) -> Record:
    return Record.model_validate_json((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def calibrated(name: str, **changed: object) -> Record:
    """The record as if generator and database could do this at most, and nothing else were known of them."""
    return record(name).model_copy(update={"calibration": Calibration.model_validate(changed)})
