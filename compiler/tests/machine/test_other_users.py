"""Builds lie where other users read them, and are made with programs that other users can execute."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark_lab.bundle import NeededProgram
from benchmark_lab.catalog.load import load_languages
from benchmark_lab.machine import folders, other_users, programs
from benchmark_lab.machine.process import Processes
from benchmark_lab.machine.tools import ToolFailedError
from tests.compiling import PROJECT

only_root = pytest.mark.skipif(os.getuid() != 0, reason="only root's servers run as other users")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can pass, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-lab-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def program(path: Path, text: str = "exit 0", mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("environment", "uid", "folder"),
    [
        ({"HOME": "/root"}, 0, "/var/cache/benchmark-lab"),
        ({"HOME": "/home/ada"}, 1000, "/home/ada/.cache/benchmark-lab"),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "/cache"}, 1000, "/cache/benchmark-lab"),
        ({"HOME": "/root", "XDG_CACHE_HOME": "/cache"}, 0, "/cache/benchmark-lab"),
    ],
)
def test_builds_of_root_lie_outside_its_home_and_those_of_others_in_theirs(
    environment: dict[str, str], uid: int, folder: str
) -> None:
    assert folders.cache_root(environment, uid) == Path(folder)


def test_a_folder_of_builds_is_readable_whatever_the_umask_and_its_former_mode(open_folder: Path) -> None:
    folder = open_folder / "cache" / "benchmark-lab"
    before = os.umask(0o077)
    try:
        other_users.make_readable(folder)
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o755, 0o755]
    folder.chmod(0o700)
    other_users.make_readable(folder)
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_folder_of_builds_that_is_a_link_is_refused(open_folder: Path) -> None:
    (open_folder / "benchmark-lab").symlink_to(open_folder)
    with pytest.raises(ToolFailedError, match="is a link, or belongs to another user") as refused:
        other_users.make_readable(open_folder / "benchmark-lab")
    assert refused.value.next_step == "remove it: `lab` makes it anew"


@only_root
def test_a_folder_of_builds_of_another_user_is_refused(open_folder: Path) -> None:
    folder = open_folder / "benchmark-lab"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(ToolFailedError, match=r"belongs to another user \(uid 65534\)"):
        other_users.make_readable(folder)


@only_root
def test_builds_of_root_below_a_folder_that_others_cannot_pass_are_refused(open_folder: Path) -> None:
    (open_folder / "private").mkdir(mode=0o700)
    with pytest.raises(ToolFailedError, match=f"other users cannot pass {open_folder}/private"):
        other_users.make_readable(open_folder / "private" / "benchmark-lab")


def test_a_program_is_everybodys_only_where_its_links_lead_past_no_closed_folder(open_folder: Path) -> None:
    private = program(open_folder / "private" / "bin" / "tool")
    (open_folder / "link").symlink_to(private)
    assert other_users.can_execute(private)
    assert other_users.can_execute(open_folder / "link")
    private.chmod(0o700)
    assert not other_users.can_execute(open_folder / "link")
    private.chmod(0o755)
    (open_folder / "private").chmod(0o700)
    assert not other_users.can_execute(open_folder / "link")
    assert not other_users.can_execute(open_folder / "nothing")


def test_what_servers_run_on_is_the_first_program_of_all_users_that_is_good_enough(open_folder: Path) -> None:
    roots = program(open_folder / "home" / "python3", mode=0o700)
    old = program(open_folder / "old" / "python3", "exit 1")
    fit = program(open_folder / "fit" / "python3")
    path = ":".join(str(each.parent) for each in (roots, old, fit))
    need = NeededProgram(program="python3", purpose="", check=("-c", ""), serves=True)
    assert programs.find_everybodys(need, {"PATH": path}, Processes()) == fit
    assert programs.build_path({"PATH": path}, [fit]) == f"{fit.parent}:{path}"
    assert programs.build_path({"PATH": path}, []) == path


def test_what_only_builds_use_is_the_first_program_on_path_if_it_is_good_enough(open_folder: Path) -> None:
    good, bad = program(open_folder / "good" / "tool"), program(open_folder / "bad" / "tool", "exit 1")
    good_first, bad_first = ({"PATH": f"{one.parent}:{other.parent}"} for one, other in ((good, bad), (bad, good)))
    checked = NeededProgram(program="tool", purpose="", check=("--version",))
    assert programs.find_needed(checked, good_first, Processes()) == good
    assert programs.find_needed(checked, bad_first, Processes()) is None
    assert programs.find_needed(NeededProgram(program="tool", purpose=""), bad_first, Processes()) == bad
    assert programs.find_needed(NeededProgram(program="none", purpose=""), good_first, Processes()) is None


def test_what_tells_a_fit_python_holds_for_the_one_of_lab_itself() -> None:
    (need,) = load_languages(PROJECT)["python"].needs
    assert need.serves
    assert Processes().run([sys.executable, *need.check]).status == 0


@only_root
def test_a_k6_that_only_root_can_execute_is_not_taken(open_folder: Path) -> None:
    k6 = program(open_folder / "bin" / "k6", "echo k6 v1.2.3")
    environment = {"PATH": f"{k6.parent}:/usr/bin:/bin"}
    assert programs.find_k6(environment, Processes()) == str(k6)
    k6.chmod(0o700)
    assert programs.find_k6(environment, Processes()) == ""
