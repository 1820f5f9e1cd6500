"""Drivers are found: a toy target is a folder with its manifest and a module beside the drivers, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir
from pathlib import Path

import pytest

from benchmark_lab import targets
from benchmark_lab.bundle import Cells, Experiment, Schedule, TargetHosts
from benchmark_lab.cli import main
from benchmark_lab.cli.input.project import plan_file, read_catalog
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from benchmark_lab.hosts.caller import Caller
from benchmark_lab.hosts.prepared import HostRequest, Hosts
from benchmark_lab.hosts.secret import new_secrets
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.store.bundles import LoadedBundle
from benchmark_lab.targets import driver_names, find_driver, make_hosts
from benchmark_lab.targets.doctor import Finding, examine
from benchmark_lab.targets.leftovers import remove_all
from tests.apply.world import Deaf, FakeTools
from tests.compiling import REPO, experiment
from tests.targets.test_leftovers import Cleaning

TOY = Path(__file__).parent / "toy"
NOWHERE = {"PATH": "/nowhere"}
COSTS = {"aws_ec2": "rented", "local": "free", "ssh": "unknown", "testbed": "free"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project with the target `toy`, whose driver stands beside the others, and an experiment on it."""
    root = tmp_path / "project"
    shutil.copytree(REPO, root)
    (root / "infra" / "toy").mkdir()
    shutil.copy(TOY / "target.yaml", root / "infra" / "toy")
    (root / "example.yaml").write_text(experiment(target="toy"))
    targets.__path__.append(str(TOY))
    yield root
    targets.__path__.remove(str(TOY))


def compiled(project: Path) -> Experiment:
    plan = plan_file(project / "example.yaml", read_catalog(project), Changes())
    return Experiment.model_validate_json(emit(plan).files["experiment.json"])


def made(project: Path, experiment: Experiment, progress: Deaf) -> list[Hosts]:
    """The hosts that the driver of an experiment's target makes of a bundle without cells."""
    bundle = LoadedBundle(project / "bundle", experiment, Cells(cells=()), Schedule(seed=1, blocks=()))
    caller = Caller(project, None, git_dirty=None, environment={})
    hardware, state = experiment.hardware[0], project / "state"
    wanted = HostRequest(bundle, hardware, state, project, caller, FakeTools(), "LAB_STARTED_BY=nobody", new_secrets())
    return [*make_hosts(wanted, Interrupts(progress.say), progress)]


def finding(environment: dict[str, str]) -> Finding:
    return next(found for found in examine(FakeTools(), environment) if found.what == "driver `toy`")


def state_of(root: Path, mark: str) -> Path:
    """The state folder of a run that made its hosts, by the mark that their driver leaves, and listed them."""
    state = root / "run-1"
    (state / mark).mkdir(parents=True)
    (state / "inventory.json").write_text('{"all": {"vars": {"ansible_connection": "ssh"}}}')
    return state


def test_every_driver_is_found_and_knows_what_its_hosts_cost() -> None:
    assert {name: find_driver(name).cost for name in driver_names()} == COSTS


def test_a_driver_of_another_lab_is_refused_in_words() -> None:
    with pytest.raises(ToolFailedError, match="no driver `machine`; known: aws_ec2, local, ssh, testbed"):
        find_driver("machine")


def test_reading_the_manifests_imports_no_driver() -> None:
    code = (
        "import sys; from pathlib import Path; from benchmark_lab.cli.input.project import read_catalog\n"
        "read_catalog(Path(sys.argv[1]))\n"
        "print(*(name for name in sys.modules if name.startswith('benchmark_lab.targets')))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(REPO)], capture_output=True, text=True, check=True)
    assert done.stdout == "benchmark_lab.targets\n"


def test_an_experiment_on_a_new_target_is_planned(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with chdir(project), pytest.raises(SystemExit) as ended:
        main(["plan", "example.yaml"])
    assert not ended.value.code
    assert "\ntarget    toy: Hosts of cardboard.\n" in capsys.readouterr().out


def test_a_new_targets_driver_makes_the_hosts(project: Path) -> None:
    progress = Deaf()
    experiment = compiled(project)
    assert experiment.hosts.source == "toy"
    assert made(project, experiment, progress) == []
    assert progress.said == ["Cutting hosts for toy."]
    assert [path.name for path in (project / "state").iterdir()] == ["cardboard"]


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[None]:
    """A driver that cannot be imported stands beside the others."""
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "broken.py").write_text("raise ImportError('no cardboard at all')\n")
    targets.__path__.append(str(tmp_path / "drivers"))
    yield
    targets.__path__.remove(str(tmp_path / "drivers"))


@pytest.mark.usefixtures("broken")
def test_a_driver_that_cannot_be_imported_is_a_finding_and_no_burden_on_the_others() -> None:
    found = {each.what: each for each in examine(FakeTools(), {})}
    assert (found["driver `broken`"].ok, found["driver `broken`"].needed) == (False, False)
    assert "no cardboard at all" in found["driver `broken`"].found
    assert "driver `testbed`" in found


@pytest.mark.usefixtures("broken")
def test_what_a_driver_that_cannot_be_imported_may_own_stays(project: Path, tmp_path: Path) -> None:
    owned, unknown = state_of(tmp_path / "a", "cardboard"), state_of(tmp_path / "b", "nobodys")
    assert remove_all(owned, [], project, Cleaning(), {}, lambda _: None)
    with pytest.raises(ToolFailedError, match="driver `broken` cannot be used: ImportError: no cardboard at all"):
        remove_all(unknown, [], project, Cleaning(), {}, lambda _: None)
    assert (owned.exists(), unknown.exists()) == (False, True)


def test_without_what_a_run_on_this_machine_needs_doctor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(_environment: Mapping[str, str]) -> Path:
        raise ToolFailedError("PostgreSQL is not installed")

    monkeypatch.setattr("benchmark_lab.machine.programs.locate_postgres", nowhere)
    found = next(each for each in examine(FakeTools(), NOWHERE) if each.what == "driver `local`")
    assert (found.ok, found.needed) == (False, True)


@pytest.mark.usefixtures("project")
def test_doctor_says_what_a_new_driver_lacks() -> None:
    lacking = finding({})
    assert (lacking.ok, lacking.needed, lacking.found) == (False, False, "lacks cardboard")
    assert lacking.help == "targets with `driver: toy` cannot be used until then"
    assert (finding({"CARDBOARD": "here"}).ok, finding({"CARDBOARD": "here"}).found) == (True, "lacks nothing")


def test_what_a_run_left_of_a_new_target_is_removed_by_its_driver(project: Path, tmp_path: Path) -> None:
    state, tools, said = state_of(tmp_path, "cardboard"), Cleaning(), list[str]()
    assert remove_all(state, [], project, tools, {}, said.append)
    assert said == ["The cardboard is put away."]
    assert not state.exists()
    assert tools.cleaned == []


def test_of_a_run_that_was_killed_before_it_rented_anything_only_the_state_is_left(tmp_path: Path) -> None:
    state, tools, said = state_of(tmp_path, "terraform"), Cleaning(), list[str]()
    assert remove_all(state, [], tmp_path, tools, {}, said.append)
    assert (said, tools.cleaned, state.exists()) == ([], [], False)


def test_hosts_are_not_rented_at_a_price_that_nobody_knows(project: Path) -> None:
    asked = compiled(project).model_copy(update={"hosts": TargetHosts(source="aws_ec2")})
    with pytest.raises(ToolFailedError, match="target `toy` rents hosts whose price is not known"):
        made(project, asked, Deaf())


def test_hosts_that_somebody_has_are_listed_by_the_user(project: Path) -> None:
    asked = compiled(project).model_copy(update={"hosts": TargetHosts(source="ssh")})
    with pytest.raises(ToolFailedError, match="target `toy` makes no hosts") as refused:
        made(project, asked, Deaf())
    assert "--inventory FILE" in str(refused.value)


@pytest.mark.parametrize(
    ("driver", "environment", "lacks"),
    [
        ("ssh", NOWHERE, ["`ssh` (Debian package openssh-client)"]),
        (
            "aws_ec2",
            NOWHERE | {"LAB_TERRAFORM": "tofu"},
            [
                "`tofu` (Terraform 1.10 or later, or OpenTofu with LAB_TERRAFORM=tofu)",
                "`ssh` (Debian package openssh-client)",
                "`ssh-keygen` (Debian package openssh-client)",
            ],
        ),
    ],
)
def test_a_driver_names_the_programs_that_it_lacks(driver: str, environment: dict[str, str], lacks: list[str]) -> None:
    assert find_driver(driver).needs(environment) == lacks
