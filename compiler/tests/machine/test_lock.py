import multiprocessing
import os
import subprocess
import sys
import time
from multiprocessing.synchronize import Barrier as BarrierType
from pathlib import Path

import pytest

from benchmark_lab.bundle import RoundCount
from benchmark_lab.cli.apply import drop_unless_begun
from benchmark_lab.machine import folders
from benchmark_lab.machine.lock import LockedError, locked
from benchmark_lab.machine.process import Processes
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.targets.doctor import examine
from tests.apply.world import World, cells
from tests.synthetic import experiment

RACES = 8
FORK = multiprocessing.get_context("fork")
RACER = """
import sys
from pathlib import Path
from benchmark_lab.machine.lock import LockedError, locked
for line in sys.stdin:
    try:
        with locked(Path(sys.argv[1]), "this machine", line.strip()):
            print("won", flush=True)
            sys.stdin.readline()
    except LockedError as error:
        print(error, flush=True)
        sys.stdin.readline()
    print("ended", flush=True)
"""


def test_of_two_runs_that_race_for_a_lock_exactly_one_wins_each_time(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", RACER, str(tmp_path / "lock")]
    racers = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for race in range(RACES):
        for name, racer in zip("ab", racers, strict=True):
            tell(racer, f"{race}-{name}")
        said = [heard(racer) for racer in racers]
        assert said.count("won\n") == 1
        winner = said.index("won\n")
        who = f"run {race}-{'ab'[winner]} (pid {racers[winner].pid}, "
        assert said[1 - winner].startswith(f"this machine is in use by {who}")
        for racer in racers:
            tell(racer, "end")
            assert heard(racer) == "ended\n"
    for racer in racers:
        racer.communicate()


def test_of_two_applications_for_the_same_hosts_exactly_one_measures_each_time(tmp_path: Path) -> None:
    one = cells()
    for race in range(RACES):
        both = [World(tmp_path / f"{race}-{side}", lock=tmp_path / "lock", loading=takes_a_moment) for side in "ab"]
        for world in both:
            world.write(experiment(contrasts=[(one[0], one[1])], rounds=RoundCount(min=1, max=1)), one, 1)
        start = FORK.Barrier(2)
        racers = [FORK.Process(target=apply_at, args=(world, start)) for world in both]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert sorted(racer.exitcode or 0 for racer in racers) == [0, LockedError.exit_code]
        assert sorted(len(world.measured) for world in both) == [0, 2]


@pytest.mark.parametrize("taken", ["small", "large"])
def test_what_is_measured_stays_where_later_hosts_are_in_use(
    tmp_path: Path, taken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one = cells(hardware=("small", "large"))
    asked = experiment(contrasts=[], rounds=RoundCount(min=1, max=1))
    small = asked.hardware[0]
    world = World(tmp_path, taken=[taken])
    world.write(
        asked.model_copy(update={"hardware": (small, small.model_copy(update={"name": "large"}))}), one, rounds=1
    )
    with pytest.raises(LockedError):
        world.apply()
    drop_unless_begun(world.folder)
    assert world.folder.path.exists() == (taken == "large")
    assert ("Go on with: lab resume" in capsys.readouterr().err) == (taken == "large")
    if taken == "large":
        world.taken = ()
        assert world.apply().complete
        assert len(world.measured) == 4


def takes_a_moment(_of_nothing: bool) -> None:
    time.sleep(0.05)


def apply_at(world: World, start: BarrierType) -> None:
    start.wait()
    try:
        world.apply()
    except LockedError as error:
        os._exit(error.exit_code)


def tell(racer: subprocess.Popen[str], word: str) -> None:
    assert racer.stdin
    racer.stdin.write(f"{word}\n")
    racer.stdin.flush()


def heard(racer: subprocess.Popen[str]) -> str:
    assert racer.stdout
    return racer.stdout.readline()


def test_a_lock_says_who_holds_it_from_where_since_when_and_why(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        locked(path, "this machine", "one"),
        pytest.raises(LockedError) as refused,
        locked(path, "this machine", "two"),
    ):
        pass
    words = str(refused.value)
    assert words.startswith(f"this machine is in use by run one (pid {os.getpid()}, ")
    assert f"@{os.uname().nodename}, since " in words
    assert f"in {Path.cwd()})" in words
    assert refused.value.exit_code == 6
    assert path.read_text() == ""


def test_a_lock_ends_with_its_holder_and_is_every_users(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for run in ("one", "two"):
        with locked(path, "this machine", run):
            assert path.stat().st_mode & 0o777 == 0o666


def test_a_lock_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ToolFailedError, match="cannot be opened"), locked(tmp_path / "lock", "this machine", "one"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_machine_without_linux_carries_out_no_run_and_says_what_it_can_do() -> None:
    with pytest.raises(ToolFailedError, match="from Linux; this is darwin") as refused, folders.locked("one", "darwin"):
        pass
    assert "validates, plans and compiles" in str(refused.value)
    (finding,) = examine(Processes(), {}, "darwin")
    assert (finding.what, finding.ok, finding.needed) == ("Linux", False, True)
