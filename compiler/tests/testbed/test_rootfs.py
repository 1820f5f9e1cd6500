"""The making of the root file system, with a program in debootstrap's place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.targets.testbed.rootfs import make, place
from tests.testbed.fake_machine import FakeMachine

MIRROR = "http://mirror.example/debian"
MADE = (
    "usr/bin/python3",
    "etc/hostname",
    "var/lib/apt/lists/mirror.example_Packages",
    "var/lib/postgresql/15/main/base",
)


class Debootstrap(FakeMachine):
    """Makes a few files, and may then find the disk full."""

    def __init__(self, *, full: bool = False) -> None:
        super().__init__()
        self.full = full

    def stream(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]
    ) -> int:
        del env, cwd, on_line
        target = Path(argv[-2])
        for name in (*MADE, "debootstrap/debootstrap.log"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text("cannot write: No space left on device\n" if self.full else "")
        log.write_text("E: Failure while unpacking\n" if self.full else "")
        return int(self.full)


def test_what_tells_of_the_machine_or_only_takes_space_is_left_out(tmp_path: Path) -> None:
    made = place(tmp_path)
    make(made, MIRROR, {}, tmp_path / "log", Debootstrap())
    assert {path.name for path in made.rglob("*") if path.is_file()} == {"python3", "debootstrap.log"}


def test_a_former_one_goes_once_the_new_one_is_there(tmp_path: Path) -> None:
    made = place(tmp_path)
    former = made.with_name("bookworm-x86_64-01234567")
    (former / "usr").mkdir(parents=True)
    with pytest.raises(ToolFailedError):
        make(made, MIRROR, {}, tmp_path / "log", Debootstrap(full=True))
    assert former.exists()
    make(made, MIRROR, {}, tmp_path / "log", Debootstrap())
    assert list(made.parent.iterdir()) == [made]


def test_one_that_was_not_made_whole_does_not_count_and_debootstraps_own_log_says_why(tmp_path: Path) -> None:
    made = place(tmp_path)
    with pytest.raises(ToolFailedError) as failed:
        make(made, MIRROR, {}, tmp_path / "log", Debootstrap(full=True))
    assert "Failure while unpacking" in str(failed.value)
    assert "No space left on device" in str(failed.value)
    assert not made.exists()
