"""`lab apply` on hosts over SSH: made for a run or given, left as found, and bad on purpose."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest

from benchmark_lab.machine.folders import SHARED_CACHE, cache_root
from benchmark_lab.machine.lock import MACHINE
from tests.e2e.conftest import Lab, environment_of, new_lab, wait_for_process
from tests.testbed import commands
from tests.testbed.conftest import before  # noqa: F401  a fixture
from tests.testbed.harm import Host, cut_off, full_disk, on
from tests.testbed.traces import STATE, traces

pytestmark = [pytest.mark.hosts, pytest.mark.skipif(os.getuid() != 0, reason="making hosts needs root")]

ON_HOST = Path("/var/tmp/benchmark-lab-root")  # noqa: S108  the folder on a host that runs write to
EXPERIMENT = """
schema: 1
name: e2e
question: Does a run on hosts do what it says?
target: ssh
matrix:
  implementation: [{implementations}]
  scenario: [{scenarios}]
load: {{model: open, rate: 50, vus: 100, warmup: 1s, window: {window}}}
thresholds: {{generator_cpus_busy: 100%, steal: 100%, others_cpu: 100%}} # of a machine that does more than this
rounds: {{min: {rounds}, max: {rounds}}}
seed: 7
"""
NOISE = {"generator-limited", "host-noise"}
"""Reasons that come from what else the machine does."""


def experiment(
    lab: Lab, *implementations: str, scenarios: tuple[str, ...] = ("03-db-read",), window: str = "2s", rounds: int = 1
) -> str:
    text = EXPERIMENT.format(
        implementations=", ".join(implementations), scenarios=", ".join(scenarios), window=window, rounds=rounds
    )
    (lab.project / "experiments" / "e2e.yaml").write_text(text)
    return "experiments/e2e.yaml"


@pytest.mark.usefixtures("before")
def test_the_quickstart_runs_on_hosts_made_for_it_which_are_gone_afterwards(lab: Lab) -> None:
    found = traces()
    watched, stop = set[str](), Event()
    watcher = Thread(target=collect_load_hosts, args=(lab.project, watched, stop), daemon=True)
    watcher.start()
    code, stdout, stderr = lab.run(
        "apply", "experiments/quickstart.yaml", "--target", "testbed", "--rounds", "1", "--window", "2s"
    )
    stop.set()
    watcher.join()
    assert code in {0, 4}, stderr
    assert {reason["code"] for trial in lab.trials() for reason in trial["reasons"]} <= NOISE  # type: ignore[attr-defined]
    assert {trial["implementation"] for trial in lab.trials()} == {"python-fastapi", "go-fiber"}
    assert watched == {"lab-load-0"}
    assert "go-fiber" in stdout
    summary = json.loads((lab.run_folder() / "summary.json").read_text())
    (prepare,) = (phase for phase in summary["phases"] if phase["name"] == "prepare")
    assert prepare["seconds"] < 300
    assert prepare["hosts"].keys() == {"sut-0", "load-0", "db-0", "localhost"}
    assert len(prepare["slowest"]) == 3
    assert traces() == found


def collect_load_hosts(project: Path, names: set[str], stop: Event) -> None:
    """The network namespaces that k6 of hosts, or of the project, ran in; others may run their own."""
    ours = (f"{ON_HOST}/".encode(), f"{project}/".encode())
    while not stop.wait(0.2):
        spaces = {path.stat().st_ino: path.name for path in Path("/run/netns").glob("lab-*") if path.exists()}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes()
                if b"/k6\0run\0" in command and any(place in command for place in ours):
                    names.add(spaces.get((folder / "ns" / "net").stat().st_ino, "here"))


@dataclass(frozen=True, slots=True)
class Killed:
    """What `doctor` did after a run whose `lab` was killed while its testbed was up."""

    removed: tuple[int, str]
    """Its exit code and stderr where the testbed was the run's own."""
    left: dict[str, set[str]]
    """The machine's traces after that."""
    spared: tuple[int, str]
    """Its exit code and stderr where the machine had another testbed by then."""
    answering: dict[str, bool]
    """The hosts of that one after that, and whether they answered."""


@pytest.fixture(scope="module")
def killed(before: dict[str, set[str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:  # noqa: F811  the fixture that is imported
    """Kill a run, have its testbed removed, and find its state again on the testbed that the other tests share."""
    folder, runs = tmp_path_factory.mktemp("killed"), STATE.parent / "runs"
    with new_lab(folder) as lab:
        process = lab.start("apply", experiment(lab, "go-fiber"), "--target", "testbed")
        wait_for_process(lambda command: "ansible" in command and "prepare.yml" in command)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        subprocess.run(["cp", "--archive", runs, folder / "runs"], check=True)
        removed, left = doctor(lab), traces()
        made = commands.lab("up")
        assert made.returncode == 0, made.stderr
        subprocess.run(["cp", "--archive", "--no-target-directory", folder / "runs", runs], check=True)
        yield Killed(removed, left, doctor(lab), commands.answering())
    down = commands.lab("down")
    assert down.returncode == 0, down.stderr
    assert traces() == before


def doctor(lab: Lab) -> tuple[int, str]:
    code, _, stderr = lab.run("doctor")
    return code, stderr


def test_a_lab_that_is_killed_leaves_a_testbed_that_the_next_command_removes(
    killed: Killed,
    before: dict[str, set[str]],  # noqa: F811  the fixture that is imported
) -> None:
    code, stderr = killed.removed
    assert code == 0, stderr
    assert "which was killed" in stderr
    assert killed.left == before


def test_a_testbed_that_came_after_a_killed_lab_stays(killed: Killed) -> None:
    code, stderr = killed.spared
    assert code == 0, stderr
    assert "which was killed" in stderr
    assert killed.answering == {"sut-0": True, "load-0": True, "db-0": True}


@pytest.fixture(scope="module")
def testbed(killed: Killed) -> dict[str, Host]:
    """Hosts that the tests share; afterwards nothing of them is left."""
    del killed
    return commands.hosts()


INVENTORY = ("--inventory", str(STATE / "hosts.yaml"))


def test_bare_hosts_of_others_are_refused_with_what_to_install(lab: Lab, testbed: dict[str, Host]) -> None:
    with hidden(testbed["sut-0"], "/var/lib/dpkg/status"), hidden(testbed["db-0"], "/usr/lib/postgresql"):
        found = state_of(testbed)
        code, _, stderr = lab.run("apply", experiment(lab, "python-fastapi"), *INVENTORY)
        assert code == 3
        assert "host sut-0 (root@198.18.0.2): apt-get install python3-venv" in stderr
        assert "host db-0 (root@198.18.0.4): apt-get install postgresql" in stderr
        assert state_of(testbed) == found


@contextmanager
def hidden(host: Host, path: str) -> Iterator[None]:
    """The host lacks what lies there."""
    on(host, "mv", path, f"{path}.hidden").check_returncode()
    try:
        yield
    finally:
        on(host, "mv", f"{path}.hidden", path).check_returncode()


def test_hosts_of_others_are_left_as_they_were_found_and_no_secret_stays(lab: Lab, testbed: dict[str, Host]) -> None:
    found = state_of(testbed)
    arguments, stop = set[bytes](), Event()
    watcher = Thread(target=collect_arguments, args=(arguments, stop), daemon=True)  # ends with a test that fails
    watcher.start()
    process = lab.start("apply", experiment(lab, "go-fiber", window="3s"), *INVENTORY)
    k6 = lab.wait_for_window()
    server = wait_for_process(lambda command: "/builds/go-fiber-" in command)
    canaries = [environment_of(k6)["JWT_SECRET"], environment_of(server)["DATABASE_URL"].split(":")[2].split("@")[0]]
    canaries.append((STATE / "id_ed25519").read_text().splitlines()[2])
    _, stderr = process.communicate(timeout=300)
    stop.set()
    watcher.join()
    assert process.returncode == 0, stderr
    summary = json.loads((lab.run_folder() / "summary.json").read_text())
    assert summary["labels"] == []
    assert state_of(testbed) == found
    assert min(map(len, canaries)) > 30
    for canary in canaries:
        assert [line for line in arguments if canary.encode() in line] == []
        for place in (lab.project, STATE.parent / "runs", cache_root(os.environ) / "builds"):
            assert holding(canary, place) == ""
        for host in testbed.values():
            assert searched(host, canary) == ""
            assert searched(host, "PermitRootLogin") != ""


def searched(host: Host, text: str) -> str:
    """The host's files that hold the text."""
    places = ("/var", "/tmp", "/root", "/etc", "/home", "/opt", "/dev/shm")  # noqa: S108  all that can be written
    return on(host, "grep", "-r", "--files-with-matches", "--fixed-strings", "--no-messages", text, *places).stdout


def collect_arguments(lines: set[bytes], stop: Event) -> None:
    """The command line of every process that is seen."""
    while not stop.wait(0.05):
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                lines.add((folder / "cmdline").read_bytes())


def holding(text: str, folder: Path) -> str:
    """The files below the folder that hold the text."""
    command = ["grep", "--recursive", "--files-with-matches", "--fixed-strings", "--regexp", text, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def state_of(hosts: dict[str, Host]) -> dict[str, tuple[set[str], set[str]]]:
    """What runs on each host, and its files beside those of sessions, of logs, of the cache and the lock."""
    script = (
        "find / -xdev ( -path /proc -o -path /sys -o -path /run -o -path /dev -o -path /var/log -o "
        f"-path {ON_HOST} -o -path {SHARED_CACHE} -o -path {MACHINE} ) -prune -o -type f -print"
    )
    found = {}
    for name, host in hosts.items():
        processes = {line for line in on(host, "ps", "-eo", "args=").stdout.splitlines() if not line.startswith("ps ")}
        runs = on(host, "find", f"{ON_HOST}/runs", "-mindepth", "1").stdout
        found[name] = (processes | set(runs.splitlines()), set(on(host, *script.split()).stdout.splitlines()))
    return found


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that came to its end."""

    lab: Lab
    code: int
    stderr: str


@pytest.fixture(scope="module")
def harmful(testbed: dict[str, Host], tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run of bad servers on the testbed, whose PostgreSQL is killed in the second round.

    The sut's memory is the machine's: a server may use a share of it.
    """
    with new_lab(tmp_path_factory.mktemp("harmful")) as lab:
        memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20
        settings = lab.project / "playbooks" / "roles" / "station" / "defaults" / "main.yml"
        replace(settings, "station_memory_share: 0.8", f"station_memory_share: {400 / memory_mib}")
        replace(settings, "station_ready_timeout_s: 30", "station_ready_timeout_s: 3")
        main = lab.project / "implementations" / "python-fastapi" / "app" / "main.py"
        replace(main, "    return app\n", "    app.add_middleware(Harm)\n    return app\n")
        main.write_text(main.read_text() + HARM)
        replace(lab.project / "implementations" / "go-fiber" / "main.go", "func run(arguments []string) error {",
                "func run(arguments []string) error {\n\ttime.Sleep(time.Minute)")  # fmt: skip
        scenarios = ("01-lightweight", "02-json-payload")
        text = experiment(lab, "python-fastapi", "go-fiber", scenarios=scenarios, rounds=2)
        process = lab.start("apply", text, "--target", "testbed")
        lab.wait_for_window(2)
        for pid in on(testbed["db-0"], "pgrep", "--oldest", "postgres").stdout.split():
            on(testbed["db-0"], "kill", "-KILL", pid)
        return Ended(lab, *ended(process))


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and stderr of a `lab` that is about to end."""
    _, stderr = process.communicate(timeout=120)
    return process.returncode, stderr


def test_a_testbed_that_is_up_is_used_and_stays(harmful: Ended) -> None:
    assert "uses the testbed that is up" in harmful.stderr
    assert all(commands.answering().values())


def test_servers_that_leak_die_or_are_never_ready_each_have_their_verdict(harmful: Ended) -> None:
    assert "go-fiber (fiber) is excluded: its server does not start" in harmful.stderr
    evidence = {
        str(trial["scenario"]): " ".join(str(reason["evidence"]) for reason in trial["reasons"])  # type: ignore[attr-defined]
        for trial in harmful.lab.trials()
        if trial["round"] == 0
    }
    assert "MiB of memory, more than the 400 MiB" in evidence["01-lightweight"]
    assert "ended" in evidence["02-json-payload"]


def test_postgresql_killed_on_its_host_ends_the_run_with_a_clear_error(harmful: Ended) -> None:
    assert harmful.code == 3, harmful.stderr
    assert "host db: PostgreSQL ended" in harmful.stderr


HARM = '''

class Harm:
    """Leaks on one route, and dies on another, once the load comes."""

    def __init__(self, app):
        self.app, self.leaked, self.left = app, [], 20

    async def __call__(self, scope, receive, send):
        if b"k6" in dict(scope.get("headers", ())).get(b"user-agent", b""):
            if scope["path"] == "/health":
                self.leaked.append(bytearray(b"x" * 4_000_000))
            elif (left := self.left) == 0:
                import os
                os._exit(1)
            else:
                self.left = left - 1
        await self.app(scope, receive, send)
'''


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@dataclass(frozen=True, slots=True)
class CutOff:
    """A run whose load host was cut off in the window."""

    code: int
    stderr: str
    took_s: float
    destroyed: int
    """Exit code of `destroy`, while the load host was still away."""
    left: list[str]
    """Runs that the load host then had something of."""


@pytest.fixture(scope="module")
def cut(testbed: dict[str, Host], tmp_path_factory: pytest.TempPathFactory) -> CutOff:
    with new_lab(tmp_path_factory.mktemp("cut")) as lab:
        process = lab.start("apply", experiment(lab, "go-fiber", window="20s"), *INVENTORY)
        lab.wait_for_window()
        with cut_off(testbed["load-0"]):
            began = time.monotonic()
            _, stderr = process.communicate(timeout=120)
            took_s = time.monotonic() - began
            destroyed, *_ = lab.run("destroy", lab.run_folder().name)
        return CutOff(process.returncode, stderr, took_s, destroyed, runs_on(testbed["load-0"]))


def runs_on(host: Host) -> list[str]:
    """The runs that have something on the host."""
    return on(host, "ls", str(ON_HOST / "runs")).stdout.split()


def test_a_load_host_that_is_cut_off_ends_the_run_in_time_and_is_named(cut: CutOff) -> None:
    assert cut.took_s < 60
    assert cut.code == 7, cut.stderr
    assert cut.destroyed == 7
    assert "load-0" in cut.stderr
    assert "the next run on these hosts ends them" in cut.stderr
    assert len(cut.left) == 1


@dataclass(frozen=True, slots=True)
class Harmed:
    """A run whose database's host went bad twice, and which was resumed in between."""

    lab: Lab
    present: list[str]
    """Runs that the load host had something of in the first window."""
    unreachable: tuple[int, str]
    """Exit code and stderr of the `lab` in whose first window the host's SSH server was killed."""
    left: list[str]
    """Runs that the host then had something of."""
    full: tuple[int, str]
    """Of the one in whose second window the host's disk was full."""


@pytest.fixture(scope="module")
def harmed(cut: CutOff, testbed: dict[str, Host], tmp_path_factory: pytest.TempPathFactory) -> Harmed:
    """The first run on the hosts after the one whose load host was cut off."""
    del cut
    db = testbed["db-0"]
    with new_lab(tmp_path_factory.mktemp("harmed")) as lab:
        text = experiment(lab, "go-fiber", scenarios=("04-db-write",), window="4s", rounds=2)
        process = lab.start("apply", text, *INVENTORY)
        lab.wait_for_window()
        present, run = runs_on(testbed["load-0"]), lab.run_folder().name
        for pid in on(db, "pgrep", "sshd").stdout.split():
            on(db, "kill", "-KILL", pid)
        unreachable = ended(process)
        on(db, "/usr/sbin/sshd").check_returncode()
        left = runs_on(db)
        process = lab.start("resume", run, *INVENTORY)
        lab.wait_for_window(2)
        with full_disk(db):
            full = ended(process)
        return Harmed(lab, present, unreachable, left, full)


def test_what_a_run_left_on_a_host_is_ended_by_the_next(cut: CutOff, harmed: Harmed) -> None:
    assert harmed.present == [on_hosts(harmed.lab)] != cut.left


def on_hosts(lab: Lab) -> str:
    """The name of the run's folder on its hosts."""
    folder = lab.run_folder()
    return f"{folder.parent.name}-{folder.name.removeprefix('e2e-')}"


def test_a_host_whose_ssh_is_killed_ends_the_run_in_time_and_is_named_and_the_run_goes_on(harmed: Harmed) -> None:
    code, stderr = harmed.unreachable
    assert code == 7, stderr
    assert "db-0" in stderr
    assert harmed.left == [on_hosts(harmed.lab)]
    first, _ = harmed.lab.trials()
    assert (first["trial"], first["verdict"]) == ("r0.p0", "valid"), first["reasons"]
    journal = (harmed.lab.run_folder() / "journal.jsonl").read_text().splitlines()
    former, identity = (json.loads(line)["identity"] for line in journal if '"hosts-ready"' in line)
    assert former == identity
    assert {"machine of sut-0", "machine of load-0", "machine of db-0"} <= identity.keys()


def test_a_full_disk_of_the_database_is_told(harmed: Harmed) -> None:
    code, stderr = harmed.full
    assert code in {0, 3, 4}, stderr  # 0: the cell has a valid trial, the one of the first round
    _, last = harmed.lab.trials()
    codes = {reason["code"] for reason in last["reasons"]}  # type: ignore[attr-defined]
    assert last["trial"] == "r1.p0"
    assert codes & {"errors", "database-failed", "rows-missing"}
