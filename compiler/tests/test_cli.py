"""The commands that need no run: what they print where, and how they end."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmark_lab.cli import COMMANDS, main
from tests.compiling import REPO, TESTS, experiment

VALID = experiment("rounds: {max: 6}", matrix="implementation: [python-alpha, go-beta], scenario: 01-ping")


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: str
    stderr: str


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A copy of the fixed project, with an experiment, as the working directory."""
    folder = tmp_path / "a project"
    shutil.copytree(REPO, folder)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    (folder / "example.yaml").write_text(VALID)
    with chdir(folder):
        yield folder


def lab(capsys: pytest.CaptureFixture[str], *arguments: str) -> Ended:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    printed = capsys.readouterr()
    return Ended(int(ended.value.code or 0), printed.out, printed.err)


def test_help_lists_every_command_without_loading_any() -> None:
    loaded = (
        "import sys; from benchmark_lab.cli import main\ntry: main(['--help'])\nfinally: print(sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert all(f"  {command} " in done.stdout for command in COMMANDS)
    assert not any(module in done.stdout for module in ("'pydantic'", "'yaml'", "'rich.console'", "'scipy'"))


@pytest.mark.usefixtures("project")
def test_a_valid_experiment_prints_only_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert lab(capsys, "validate", "example.yaml") == Ended(
        0, "", "example.yaml is valid. Next: lab plan example.yaml\n"
    )


def test_everything_wrong_with_every_file_is_told_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("unknown-keys", "listed-twice"):
        shutil.copy(TESTS / "invalid" / f"{name}.yaml", project)
    ended = lab(capsys, "validate", "unknown-keys.yaml", "example.yaml", "listed-twice.yaml")
    said = [(TESTS / "invalid" / f"{name}.txt").read_text() for name in ("unknown-keys", "listed-twice")]
    assert ended == Ended(2, "", "\n".join(said))


def test_github_shows_mistakes_beside_their_lines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "example.yaml").write_text(VALID.replace("rounds", "round%"))
    ended = lab(capsys, "validate", "--format", "github", "example.yaml")
    assert ended.code == 2
    assert ended.stdout.startswith(
        "::error file=example.yaml,line=7,col=1,endColumn=7,title=LAB012::"
        "unknown key `round%25` in this file%0Adid you mean `rounds`?%0Aallowed keys: schema"
    )


def test_validation_as_json_names_code_and_place(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(lab(capsys, "validate", "--json", "example.yaml").stdout) == {
        "schema": 1,
        "valid": True,
        "problems": [],
    }
    (project / "example.yaml").write_text(VALID.replace("go-beta", "go-bet"))
    ended = lab(capsys, "validate", "--json", "example.yaml")
    (problem,) = json.loads(ended.stdout)["problems"]
    assert ended.code == 2
    assert (problem["code"], problem["line"], problem["column"]) == ("LAB020", 5, 41)


@pytest.mark.usefixtures("project")
def test_a_plan_is_data_and_the_next_command_is_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    ended = lab(capsys, "plan", "example.yaml", "--window", "5s", "--only", "server=many", "-k", "alpha or beta")
    assert ended.code == 0
    assert "cells (1)\n  python-alpha.many.w1.01-ping\n" in ended.stdout
    assert ended.stderr == "\nNext: lab apply example.yaml --window 5s --only server=many -k 'alpha or beta'\n"


@pytest.mark.usefixtures("project")
def test_a_plan_as_json_has_the_cells(capsys: pytest.CaptureFixture[str]) -> None:
    plan = json.loads(lab(capsys, "plan", "example.yaml", "--json").stdout)
    assert plan["schema"] == 1
    assert [cell["id"] for cell in plan["cells"]] == ["python-alpha.many.w1.01-ping", "go-beta.single.w1.01-ping"]
    assert plan["contrasts"] == [{"baseline": plan["cells"][0]["id"], "candidate": plan["cells"][1]["id"]}]
    assert (plan["trials"], plan["worst_case_usd"]) == (12, 0)


def test_a_plan_for_a_pull_request_can_be_found_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "example.yaml").write_text(VALID.replace("Is it?", '"Is <b>it</b> `so`, @all?"'))
    ended = lab(capsys, "plan", "example.yaml", "--format", "markdown", "--target", "local")
    assert ended.stdout.startswith("<!-- lab-plan:example.yaml -->\n")
    assert "> Is &#60;b&#62;it&#60;/b&#62; &#96;so&#96;, &#64;all?\n" in ended.stdout
    assert "lab apply example.yaml --target local\n```\n" in ended.stdout


def test_compiling_writes_the_bundle_with_its_copies(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = lab(capsys, "compile", "example.yaml")
    folder = project / ".lab" / "example"
    assert ended == Ended(0, f"{folder}\n", "Compiled 2 cells. Next: lab apply example.yaml\n")
    assert (folder / "files" / "implementations" / "go-beta" / "implementation.yaml").is_file()
    first = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    lab(capsys, "compile", "example.yaml", "--out", str(folder))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == first


def test_a_project_is_found_upward(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with chdir(project / "implementations" / "go-beta"):
        assert lab(capsys, "validate", "../../example.yaml").code == 0


def test_outside_a_project_lab_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "example.yaml").write_text(VALID)
    with chdir(tmp_path):
        ended = lab(capsys, "plan", "example.yaml")
    assert ended.code == 2
    assert "is not inside a project" in ended.stderr


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["plan", "missing.yaml"], 2, "does not exist"),
        (["plan", "example.yaml", "--rounds", "0"], 2, "greater than or equal to 1"),
        (["plan", "example.yaml", "--window", "5"], 2, "must be a duration such as 5s"),
        (["plan", "example.yaml", "--window", "2h"], 2, "must be 1s to 1h"),
        (["plan", "example.yaml", "--only", "server"], 2, "must be AXIS=VALUE"),
        (["plan", "example.yaml", "--only", "sever=many"], 2, "did you mean `server`?"),
        (["plan", "example.yaml", "--target", "aws-ec2"], 2, "unknown target `aws-ec2`"),
        (["plan", "example.yaml", "-k", "gamma"], 5, "selects none of the 2 cells"),
        (["plan", "example.yaml", "-k", "(alpha"], 2, "cannot be read at its end"),
        (["pln"], 2, "Did you mean 'plan'?"),
        (["schema", "experimnt"], 2, "'experimnt' is not"),
    ],
)
def test_mistakes_end_with_their_code_and_words_on_stderr(
    capsys: pytest.CaptureFixture[str], arguments: Sequence[str], code: int, said: str
) -> None:
    ended = lab(capsys, *arguments)
    assert (ended.code, ended.stdout) == (code, "")
    assert said in ended.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    ended = lab(capsys, command, "--help")
    assert ended.code == 0
    assert f"Usage: lab {command}" in ended.stdout


def test_doctor_goes_on_where_a_language_is_broken(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "implementations" / "languages" / "python" / "language.yaml").write_text("schema: [")
    ended = lab(capsys, "doctor")
    assert ended.code == 3
    assert "missing languages: cannot be read" in ended.stdout
    assert "CPUs" in ended.stdout


def test_the_version_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert lab(capsys, "--version").stdout.count(".") == 2


def test_a_dry_run_prints_the_stages_and_does_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path for path in project.rglob("*") if ".git" not in path.parts}
    ended = lab(capsys, "apply", "example.yaml", "--dry-run")
    assert ended == Ended(
        0,
        """\
Run example, from its beginning, at most 8 min:
  1  take hosts  sut 1 CPU, load 1 CPU, by driver local
  2  prepare     database, upstream, k6 and null server; build python-alpha, go-beta
  3  prove       hold to the contract python-alpha many, go-beta single
  4  calibrate   what generator and database can do at most
  5  measure     2 cells in 6 rounds: 12 trials
  6  clean up    stop what was started, and let the hosts go, whatever happens before
""",
        "",
    )
    assert {path for path in project.rglob("*") if ".git" not in path.parts} == before
