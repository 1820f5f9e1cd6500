"""Hosts of others: taken by one run at a time, asked about themselves, laid out for Ansible."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from benchmark_lab.bundle import (
    Cells,
    Experiment,
    Hardware,
    HostShape,
    LoadAsked,
    RoundCount,
    RunBudget,
    Schedule,
    TargetHosts,
    Thresholds,
)
from benchmark_lab.catalog.load import load_languages
from benchmark_lab.hosts.facts import machine_id
from benchmark_lab.hosts.inventory import InventoryHost, Lane, Login
from benchmark_lab.hosts.ssh import LanesEnd, RemoteSite, agent, files, lane
from benchmark_lab.hosts.ssh.access import Access
from benchmark_lab.hosts.ssh.session import Facts, HostSession, open_session
from benchmark_lab.machine.lock import LockedError, locked
from benchmark_lab.machine.process import Processes
from benchmark_lab.machine.tools import ResourcesRemainError, ToolFailedError
from benchmark_lab.store.bundles import LoadedBundle
from benchmark_lab.targets.testbed.rootfs import PACKAGES
from tests.compiling import PROJECT

LOGIN = Login(user="bench", key="/keys/a key", known_hosts="/keys/known hosts")


class Here(Access):
    """This machine in the place of a host, without SSH."""

    def opening(self, command: str) -> list[str]:
        return ["sh", "-c", command]


def host(name: str, address: str = "198.18.0.9") -> InventoryHost:
    return InventoryHost(name=name, address=address)


def take(root: Path, run: str, name: str = "sut-0") -> HostSession:
    environment = {"PATH": os.environ["PATH"]}
    log = root.parent / "ssh.log"
    access = Here(host(name), LOGIN, Path("unused"))
    owner = f"run {run} (somebody)"
    return open_session(
        access,
        root=str(root),
        cache=str(root / "cache"),
        lock=root.parent / "lock",
        run=run,
        owner=owner,
        environment=environment,
        log=log,
        tools=Processes(),
    )


def test_a_host_is_held_by_one_run_and_the_next_is_told_by_whom(tmp_path: Path) -> None:
    root = tmp_path / "root"
    first = take(root, "one")
    with pytest.raises(LockedError, match=r"host sut-0 .* is in use by run one \(somebody\)"):
        take(root, "two")
    (root / "runs" / "one" / "left").touch()
    first.close()
    second = take(root, "two")
    assert second.facts.former == ("one",)
    second.close()
    assert [path.name for path in (root / "runs").iterdir()] == ["one"]


def test_a_host_is_held_for_all_its_users(tmp_path: Path) -> None:
    alices = take(tmp_path / "alices", "one")
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o666
    with pytest.raises(LockedError, match=r"is in use by run one \(somebody\)"):
        take(tmp_path / "bobs", "two")
    alices.close()
    assert (tmp_path / "lock").read_text() == ""
    take(tmp_path / "bobs", "two").close()


def test_a_host_that_a_run_measures_by_itself_is_held_too(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", "this machine", "one"), pytest.raises(LockedError, match="is in use by run one "):
        take(tmp_path / "root", "two")
    session = take(tmp_path / "root", "two")
    with (
        pytest.raises(LockedError, match=r"in use by run two \(somebody\)"),
        locked(tmp_path / "lock", "this machine", "one"),
    ):
        pass
    session.close()


def test_the_machine_of_the_controller_may_be_a_host_of_its_run(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", "this machine", "one"):
        take(tmp_path / "root", "one").close()
        assert (tmp_path / "lock").read_text().startswith("run one (pid ")


def test_a_folder_of_another_user_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LockedError, match="another user"):
        take(tmp_path / "root", "one")


def test_a_folder_of_builds_of_another_user_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "cache").symlink_to(tmp_path)
    with pytest.raises(LockedError, match=r"another user, to whom .*/cache belongs"):
        take(tmp_path / "root", "one")


def test_every_user_of_a_host_can_read_what_was_built_there_and_pass_the_folder_of_runs(tmp_path: Path) -> None:
    (tmp_path / "root" / "cache").mkdir(mode=0o700, parents=True)
    (tmp_path / "root").chmod(0o711)
    before = os.umask(0o077)
    try:
        take(tmp_path / "root", "one").close()
    finally:
        os.umask(before)
    modes = {name: (tmp_path / "root" / name).stat().st_mode & 0o777 for name in ("cache", "cache/builds", "runs")}
    assert modes == {"cache": 0o755, "cache/builds": 0o755, "runs": 0o711}


def test_builds_of_root_lie_where_other_users_pass_and_those_of_others_in_their_own_folder() -> None:
    layouts = {user: lane.Layout(user, "run-1", "files-1").variables() for user in ("root", "bench")}
    assert {user: (variables["lab_cache"], variables["lab_files"]) for user, variables in layouts.items()} == {
        "root": ("/var/cache/benchmark-lab", "/var/cache/benchmark-lab/files-1"),
        "bench": ("/var/tmp/benchmark-lab-bench/cache", "/var/tmp/benchmark-lab-bench/cache/files-1"),  # noqa: S108
    }


def test_a_session_knows_its_host_its_clock_and_its_files(tmp_path: Path) -> None:
    session = take(tmp_path / "root", "one")
    try:
        assert session.facts.cpus == tuple(sorted(os.sched_getaffinity(0)))
        assert session.facts.machine["kernel"] == os.uname().release
        assert session.facts.machine_id == machine_id()
        offset = session.clock_offset()
        assert offset.error_s < 0.05
        assert abs(offset.seconds) <= offset.error_s + 1e-3
        (tmp_path / "log").write_text("two\nlines")
        assert session.read(str(tmp_path / "log")) == "two\nlines"
    finally:
        session.close()


def test_a_host_that_does_not_answer_is_named_with_what_ssh_said(tmp_path: Path) -> None:
    class Silent(Here):
        def opening(self, command: str) -> list[str]:
            del command
            return ["sh", "-c", "echo Permission denied >&2"]

    access = Silent(host("load-0"), LOGIN, Path("unused"))
    with pytest.raises(ToolFailedError, match=r"host load-0 .* does not answer") as failure:
        open_session(
            access,
            root="/nowhere",
            cache="/nowhere/cache",
            lock=Path("/nowhere/lock"),
            run="one",
            owner="",
            environment={"PATH": os.environ["PATH"]},
            log=tmp_path / "log",
            tools=Processes(),
        )
    assert "Permission denied" in str(failure.value)


def test_ssh_trusts_only_listed_keys_and_says_no_secret() -> None:
    access = Access(host("sut-0"), LOGIN, Path("/state/ssh/sut-0"))
    argv = access.opening("true")
    options = {argv[index + 1] for index, word in enumerate(argv) if word == "-o"}
    assert {
        "StrictHostKeyChecking=yes",
        "BatchMode=yes",
        "GlobalKnownHostsFile=none",
        'UserKnownHostsFile="/keys/known hosts"',
        'IdentityFile="/keys/a key"',
    } <= options
    assert argv[-2:] == ["bench@198.18.0.9", "true"]
    assert access.variables()["ansible_user"] == "bench"


def test_a_connections_socket_is_short_and_no_other_processs(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("/var/tmp/benchmark-lab-100000/runs/2026-11-29-231928-d17b/lane-19/ssh")  # noqa: S108
    own = lane.socket_in(folder, 41)
    assert len(f"{own}.0123456789abcdef") <= 107, "ssh makes it under a name that is 17 letters longer"
    monkeypatch.setattr(os, "getpid", lambda: 4_194_304)
    assert lane.socket_in(folder, 41) != own
    assert len(f"{lane.socket_in(folder, 41)}.0123456789abcdef") <= 107


def facts_of(name: str, cpus: int, *, postgresql: bool = True, packages: tuple[str, ...] = ()) -> dict[str, object]:
    return {
        "machine": {"kernel": "6.1", "cpus": str(cpus)},
        "machine_id": f"id of {name}",
        "cpus": tuple(range(cpus)),
        "python": "3.11.2",
        "packages": packages,
        "postgresql": postgresql,
        "users": ("root",),
        "former": (),
    }


@pytest.fixture
def three(tmp_path: Path) -> dict[str, HostSession]:
    """Hosts of which the database's lacks PostgreSQL, and the sut has one package."""
    facts = {
        "sut-0": facts_of("sut-0", 4, packages=("libssl3",)),
        "load-0": facts_of("load-0", 2),
        "db-0": facts_of("db-0", 4, postgresql=False),
    }

    class Nobody:
        def ask(self, line: str, timeout_s: float) -> str | None:
            del line, timeout_s
            return None

        def close(self) -> None: ...

    return {
        name: HostSession(
            Access(host(name, f"198.18.0.{index}"), LOGIN, tmp_path / name),
            Facts.model_validate(found),
            Nobody(),
            Processes(),
        )
        for index, (name, found) in enumerate(facts.items(), 2)
    }


def test_a_host_tells_which_debian_packages_are_installed(tmp_path: Path) -> None:
    status = tmp_path / "status"
    assert agent.installed(status) == []
    status.write_text(
        "Package: python3-venv\nStatus: install ok installed\nDescription: environments\n Status: of no package\n\n"
        "Package: bash\nEssential: yes\nStatus: install ok installed\n\n"
        "Package: gone\nStatus: deinstall ok config-files\n\n"
        "Package: half\nStatus: install ok half-installed\n"
    )
    assert agent.installed(status) == ["bash", "python3-venv"]


def lane_of(sessions: dict[str, HostSession]) -> Lane:
    sut, load, db = (session.access.host for session in sessions.values())
    return Lane(sut=(sut,), load=(load,), db=(db,))


def test_each_role_gets_cpus_of_its_own_host(three: dict[str, HostSession]) -> None:
    hardware = Hardware(name="h", sut=HostShape(cpus=2), load=HostShape(cpus=2))
    cpus = lane.share_out(lane_of(three), three, hardware)
    assert (cpus.sut, cpus.load, cpus.db, cpus.upstream) == ((0, 1), (0, 1), (0, 1, 2), (3,))
    with pytest.raises(ToolFailedError, match=r"host load-0 .* offers 2 CPUs; the hardware asks for 3"):
        lane.share_out(lane_of(three), three, Hardware(name="h", load=HostShape(cpus=3)))


def test_cpus_of_several_load_hosts_count_once_where_they_are_parts_of_one_machine(
    three: dict[str, HostSession],
) -> None:
    of_lane = lane_of(three)
    of_lane = of_lane.model_copy(update={"load": (*of_lane.load, host("load-1"))})
    sessions = {**three, "load-1": three["load-0"]}
    cpus = lane.share_out(of_lane, sessions, Hardware(name="h", load=HostShape(cpus=2)))
    assert lane.load_cpus(of_lane, sessions, cpus, shared=False) == 4
    assert lane.load_cpus(of_lane, sessions, cpus, shared=True) == 2


def test_hosts_of_a_testbed_have_every_package_that_hosts_may_lack(three: dict[str, HostSession]) -> None:
    asked = [package for language in load_languages(PROJECT).values() for package in language.packages]
    assert asked
    lacking = lane.packages(lane_of(three), three, asked)
    assert {*lacking["sut-0"], *lacking["load-0"], *lacking["db-0"]} <= {*PACKAGES}


def test_what_hosts_lack_is_listed_by_host(three: dict[str, HostSession]) -> None:
    lacking = lane.packages(lane_of(three), three, ["python3-venv", "libssl3", "python3-venv"])
    assert lacking == {"sut-0": ["python3-venv"], "load-0": [], "db-0": ["postgresql"]}
    assert lane.packages(lane_of(three), three, [])["sut-0"] == []
    with pytest.raises(ToolFailedError) as refused:
        lane.require(lacking, three)
    assert "host db-0 (bench@198.18.0.4): apt-get install postgresql" in str(refused.value)


def test_the_inventory_has_addresses_folders_and_cpus_of_each_host(three: dict[str, HostSession]) -> None:
    of_lane = lane_of(three)
    cpus = lane.share_out(of_lane, three, Hardware(name="h", sut=HostShape(cpus=1)))
    layouts = {name: lane.Layout("bench", "run-1", "files-1") for name in three}
    found = lane.inventory(
        of_lane, three, layouts, cpus=cpus, lacking={name: [] for name in three}, common={"lab_run": "run-1"}
    )
    everything = json.loads(json.dumps(found))["all"]
    sut = everything["children"]["sut"]["hosts"]["sut-0"]
    assert sut["lab_folder"] == f"{layouts['sut-0'].root}/runs/run-1"
    assert (sut["lab_cpus"], sut["lab_sampler_cpus"]) == ([0], [1, 2, 3])
    assert sut["lab_postgresql_user"] == ""
    assert everything["children"]["db"]["hosts"]["db-0"]["lab_upstream_cpus"] == [3]
    assert everything["vars"]["lab_clients"] == ["198.18.0.2/32", "198.18.0.4/32"]


def test_hosts_that_are_alike_are_told_apart(three: dict[str, HostSession]) -> None:
    of_lane = lane_of(three)
    assert lane.identities(of_lane, three) == {
        "machine of sut-0": "id of sut-0",
        "machine of load-0": "id of load-0",
        "machine of db-0": "id of db-0",
    }


def test_more_load_hosts_than_the_inventory_has_are_refused(three: dict[str, HostSession]) -> None:
    with pytest.raises(ToolFailedError, match="asks for 2 load hosts; the inventory has 1"):
        lane.chosen(lane_of(three), Hardware(name="h", load=HostShape(count=2)))


def test_the_archive_ends_with_its_mark_and_leaves_the_playbooks_out(tmp_path: Path) -> None:
    for name in ("scenarios/01.js", "playbooks/ansible.cfg"):
        path = tmp_path / "bundle" / "files" / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
    (tmp_path / "bundle" / "files.json").write_text("{}")
    experiment = Experiment(
        name="e",
        question="?",
        target="ssh",
        hosts=TargetHosts(source="ssh"),
        hardware=(),
        implementations=(),
        scenarios=(),
        load=LoadAsked(model="closed", warmup_s=1, window_s=1),
        rounds=RoundCount(min=1, max=1),
        lanes=1,
        seed=1,
        budget=RunBudget(),
        thresholds=Thresholds(),
        contrasts=(),
        criteria=(),
        notes=(),
    )
    bundle = LoadedBundle(tmp_path / "bundle", experiment, Cells(cells=()), Schedule(seed=1, blocks=()))
    name = files.name_of(bundle)
    with tarfile.open(files.pack(bundle, tmp_path / "a.tar.gz")) as tar:
        names = tar.getnames()
    assert names == [f"{name}/scenarios", f"{name}/scenarios/01.js", f"{name}/.complete"]
    assert name.startswith("files-")


def test_a_conversation_ends_with_its_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark_lab.machine.process._END_TIMEOUT_S", 0.5)
    talk = Processes().converse(["cat"], env={"PATH": os.environ["PATH"]}, log=tmp_path / "log")
    assert talk.ask("hello", 5) == "hello"
    talk.close()
    mute = Processes().converse(["sleep", "30"], env={"PATH": os.environ["PATH"]}, log=tmp_path / "log")
    assert mute.ask("hello", 0.1) is None
    mute.close()  # and does not wait for its thirty seconds


def test_what_one_lane_leaves_is_found_by_the_state_after_all_are_released(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    end = LanesEnd(2, state, remove=None)
    of_lane = Lane(sut=(host("sut-0"),), load=(host("load-0"),), db=(host("db-0"),))
    failing, whole = (RemoteSite(of_lane, {}, {}, tmp_path, end) for _ in range(2))

    def cut_off() -> None:
        raise ToolFailedError("host load-0 cannot be reached")

    with pytest.raises(ResourcesRemainError, match="lab destroy"):
        failing.release(cut_off)
    whole.release(lambda: None)
    assert state.exists()
    end.lanes, end.keeps_state = 1, False
    whole.release(lambda: None)
    assert not state.exists()
