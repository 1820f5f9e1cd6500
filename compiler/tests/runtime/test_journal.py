from pathlib import Path

from benchmark_lab.runtime.journal import Journal, read_journal


def written(path: Path) -> bytes:
    with Journal(path, lambda: "2026-01-01T00:00:00") as journal:
        journal.record("run-started", run="a")
        journal.record("trial-ended", trial="r0.p0", verdict="valid")
        journal.record("run-ended", complete=True)
    return path.read_bytes()


def test_what_is_recorded_reads_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path)
    entries = list(read_journal(path))
    assert [(entry.sequence, entry.event) for entry in entries] == [
        (0, "run-started"),
        (1, "trial-ended"),
        (2, "run-ended"),
    ]
    assert entries[1].data == {"trial": "r0.p0", "verdict": "valid"}


def test_a_journal_cut_off_anywhere_reads_as_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    content = written(path)
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        assert len(list(read_journal(path))) == content[:length].count(b"\n")


def test_a_changed_byte_ends_the_valid_prefix(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    content = written(path)
    second = content.index(b"\n") + 1
    for position in range(second, content.index(b"\n", second)):
        path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        assert [entry.event for entry in read_journal(path)] == ["run-started"]
