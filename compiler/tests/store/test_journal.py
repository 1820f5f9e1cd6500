from pathlib import Path

import pytest

from benchmark_lab.machine.lock import LockedError
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.store.journal import Entry, Journal, read_journal


def opened(path: Path, taken: list[Entry] | None = None) -> Journal:
    return Journal(path, lambda: "2026-01-01T00:00:00", ([] if taken is None else taken).append)


def written(path: Path) -> bytes:
    with opened(path) as journal:
        journal.record("run-started", run="a")
        journal.record("trial-ended", trial="r0.p0", verdict="valid")
        journal.record("run-ended", complete=True)
    return path.read_bytes()


def test_what_is_recorded_reads_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path)
    read = read_journal(path)
    assert [(entry.sequence, entry.event) for entry in read.entries] == [
        (0, "run-started"),
        (1, "trial-ended"),
        (2, "run-ended"),
    ]
    assert read.entries[1].data == {"trial": "r0.p0", "verdict": "valid"}
    assert read.warning is None


def test_a_journal_that_goes_on_tells_what_it_has_and_then_what_comes(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path)
    taken: list[Entry] = []
    with opened(path, taken) as journal:
        assert len(taken) == 3
        journal.record("run-resumed", cells=("a", "b"))
    assert taken == [*read_journal(path).entries]
    assert taken[-1].data == {"cells": ["a", "b"]}  # as it reads back


def test_what_is_torn_is_moved_aside_before_the_journal_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    content = written(path)
    path.write_bytes(content[:-7])
    with opened(path) as journal:
        assert journal.warning == (
            "line 3 of the journal is torn or was changed: the 2 entries before it count, "
            f"{len(content.splitlines()[2]) - 6} bytes do not"
        )
        journal.record("run-resumed")
    assert [entry.event for entry in read_journal(path).entries] == ["run-started", "trial-ended", "run-resumed"]
    assert (tmp_path / "journal.cut").read_bytes() == content.splitlines(keepends=True)[2][:-7]


def test_a_journal_has_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with opened(path), pytest.raises(LockedError, match="is being carried out by another `lab`"):
        opened(path)
    opened(path).__exit__()


def test_a_journal_that_cannot_be_written_says_so_once(tmp_path: Path) -> None:
    def fail(descriptor: int) -> None:
        del descriptor
        raise OSError(28, "No space left on device")

    taken: list[Entry] = []
    with Journal(tmp_path / "journal.jsonl", str, taken.append, fail) as journal:
        with pytest.raises(ToolFailedError, match=r"journal\.jsonl cannot be written: No space left on device"):
            journal.record("run-started")
        journal.record("run-ended")
    assert taken == []
