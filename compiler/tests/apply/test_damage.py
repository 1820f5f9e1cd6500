"""The files of a run of three trials, cut off and changed at every byte: what is whole counts, and the rest is said."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmark_lab.apply.status import status_of
from benchmark_lab.bundle import RoundCount, TargetHosts
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.records import Trial
from benchmark_lab.results.runs import compare_run
from benchmark_lab.store.journal import parse_journal
from benchmark_lab.store.reading import read_trials
from benchmark_lab.store.runs import UnreadableRunError, read_run
from tests.apply.world import World, cells
from tests.synthetic import experiment

FLIPS = (0x01, 0x20, 0x80)
"""Another digit, another case or a control character, and no ASCII."""
STRIDE = 41
"""Every so many bytes for what reads a whole folder."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of one cell and three rounds."""
    world = World(tmp_path_factory.mktemp("damage"))
    one = cells()[:1]
    world.write(experiment(contrasts=[], rounds=RoundCount(min=3, max=3)), one, 3)
    world.apply()
    return world.folder.path


def damaged(content: bytes, stride: int = 1) -> Iterator[bytes]:
    """Cut off after, and changed at, every byte."""
    for position in range(0, len(content), stride):
        yield content[:position]
        for flip in FLIPS:
            yield content[:position] + bytes([content[position] ^ flip]) + content[position + 1 :]


def test_a_journal_reads_as_its_whole_lines(run: Path) -> None:
    content = (run / "journal.jsonl").read_bytes()
    whole = parse_journal(content).entries
    for position in range(len(content)):
        lines = content[:position].count(b"\n")
        cut = parse_journal(content[:position])
        assert cut.entries == whole[:lines]
        assert bool(cut.warning) == (not content[:position].endswith(b"\n") and position > 0)
        changed = parse_journal(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        assert changed.entries == whole[:lines]
        assert changed.warning is not None


def test_lines_that_are_missing_or_in_another_order_end_the_prefix(run: Path) -> None:
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    assert len(parse_journal(b"".join([*lines[:3], *lines[4:]])).entries) == 3
    assert len(parse_journal(b"".join([*lines[:3], lines[4], lines[3], *lines[5:]])).entries) == 3


def test_trials_without_a_journal_count_as_whole_lines(run: Path) -> None:
    content = (run / "trials.jsonl").read_bytes()
    whole = read_trials(content.decode()).trials
    assert len(whole) == 3
    for position in range(len(content)):
        cut = read_trials(content[:position].decode(errors="replace"))
        assert cut.trials == whole[: len(cut.trials)]
        assert len(cut.trials) - content[:position].count(b"\n") in {0, 1}
    for changed in damaged(content):
        read = read_or_refused(changed)
        assert read is None or len(read) <= 3


def read_or_refused(content: bytes) -> tuple[Trial, ...] | None:
    """None where a changed byte makes a line of another schema."""
    try:
        return read_trials(content.decode(errors="replace")).trials
    except ValidationError as error:
        if "written with schema" in str(error):
            return None
        raise


def counts(folder: Path) -> tuple[Trial, ...]:
    """The trials that a folder's readers count."""
    read = read_run(folder)
    compare_run(read)
    status_of(folder)
    return tuple(read.trials)


@pytest.mark.parametrize("name", ["journal.jsonl", "trials.jsonl", "summary.json", "SHA256SUMS"])
def test_a_damaged_file_of_a_run_is_said_and_no_half_trial_counts(name: str, run: Path, tmp_path: Path) -> None:
    whole = counts(run)
    folder = tmp_path / run.name
    shutil.copytree(run, folder)
    content = (run / name).read_bytes()
    for changed in damaged(content, STRIDE):
        (folder / name).write_bytes(changed)
        found = counts(folder)
        assert found == whole[: len(found)]
        assert read_run(folder).warnings
        assert len(found) == 3


def test_a_summary_that_is_no_summary_does_not_count_where_nothing_seals_it(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / run.name
    shutil.copytree(run, folder)
    (folder / "journal.jsonl").unlink()
    content = (run / "summary.json").read_bytes()
    for position in range(0, len(content) - 2, STRIDE):
        (folder / "summary.json").write_bytes(content[:position])
        read = read_run(folder)
        assert read.summary is None
        assert "summary.json is torn or was changed, and does not count" in read.warnings


def test_a_newer_journal_is_refused_in_words(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / run.name
    shutil.copytree(run, folder)
    body = b'{"schema": 3, "seq": 0, "at": "", "event": "begun"'
    total = hashlib.sha256(b"0" * 16 + body).hexdigest()[:16]
    (folder / "journal.jsonl").write_bytes(body + f', "sum": "{total}"}}\n'.encode())
    with pytest.raises(UnreadableRunError, match="was written with schema 3; this lab reads schema 2"):
        read_run(folder)


class DiskFull:
    """A disk that is full once, after so many entries."""

    def __init__(self, entries: int) -> None:
        self.left = entries

    def fsync(self, _: int) -> None:
        self.left -= 1
        if self.left == -1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_hosts_are_let_go_at_whichever_entry_the_disk_is_full(tmp_path: Path) -> None:
    one = cells()[:1]
    rented = experiment(contrasts=[], rounds=RoundCount(min=1, max=1)).model_copy(
        update={"hosts": TargetHosts(source="aws_ec2")}
    )
    entries = 0
    while True:
        world, disk = World(tmp_path / str(entries)), DiskFull(entries)
        world.write(rented, one, 1)
        with suppress(ToolFailedError):
            world.apply(fsync=disk.fsync)
        assert [*(world.root / "states").glob("*")] == []
        if disk.left >= 0:
            break
        entries += 1
    assert entries > 10
