"""A language that `lab` has never heard of is one folder: compiled, offered, looked for and, if wrong, refused."""

from __future__ import annotations

import shutil
from contextlib import chdir
from pathlib import Path

import pytest
import yaml

from benchmark_lab.bundle import BundledLanguage, BundledToolchain, Experiment, NeededProgram
from benchmark_lab.catalog.load import load_languages
from benchmark_lab.cli import main
from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.diagnostics import InvalidExperimentError
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from benchmark_lab.machine.process import Processes
from benchmark_lab.plan import Plan, make_plan
from benchmark_lab.resolve import resolve
from benchmark_lab.source import parse
from benchmark_lab.targets.doctor import Finding, examine
from tests.compiling import REPO, experiment

LANGUAGE = "implementations/languages/shell/language.yaml"
IMPLEMENTATION = "implementations/shell-toy/implementation.yaml"
FILES = {
    LANGUAGE: """\
schema: 1
packages: [busybox, dash]
needs: {program: shell-formatter, for: it formats implementations in shell}
environment: [SHELL_]
toolchain:
  sources: toolchain
  commands: [[cp, -r, bin, "{build}/programs"]]
  versions: [programs/launch, --version]
  path: programs
compiles_while_running: true
name_prefix: shell-
next_steps: [make ready]
""",
    "implementations/languages/shell/toolchain/bin/launch": "#!/bin/sh\n",
    "implementations/languages/shell/skeleton/implementation.yaml": """\
schema: 1
framework: none
language: shell
summary: A script.
build_on: host
build: []
default_server: one
servers: {one: {command: [launch, "{build}/serve"], workers: {max: 1}}}
""",
    "implementations/languages/shell/skeleton/README.md": "# example-implementation\n",
    IMPLEMENTATION: """\
schema: 1
framework: none
language: shell
summary: A script.
build_on: host
build: [[launch, make]]
default_server: one
servers: {one: {command: [launch, "{build}/serve"], workers: {max: 1}}}
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one more language, and one implementation in it."""
    folder = tmp_path / "project"
    shutil.copytree(REPO, folder)
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def change(project: Path, file: str, old: str, new: str) -> None:
    text = (project / file).read_text()
    assert old in text
    (project / file).write_text(text.replace(old, new, 1))


def planned(project: Path, load: str = "") -> Plan:
    text = experiment(matrix="implementation: [shell-toy, go-beta], scenario: 01-ping", load=load)
    return make_plan(resolve(parse("example.yaml", text), read_catalog(project), Changes()))


def build_play(plan: Plan) -> dict[str, object]:
    """The play that builds on the server's host."""
    (found,) = (play for play in yaml.safe_load(emit(plan).files["playbooks/prepare.yml"]) if play["hosts"] == "sut")
    assert isinstance(found, dict)
    return found


def test_its_toolchain_is_built_before_the_implementations_from_a_copy_of_its_sources(project: Path) -> None:
    plan = planned(project)
    play = build_play(plan)
    assert play["roles"] == ["toolchain", "implementation", "null_server"]
    assert isinstance(play["vars"], dict)
    assert play["vars"]["toolchain_builds"] == [
        {
            "name": "shell.toolchain",
            "language": "shell",
            "sources": "implementations/languages/shell/toolchain",
            "build": [["cp", "-r", "bin", "{build}/programs"]],
            "versions": ["programs/launch", "--version"],
            "path": "programs",
        }
    ]
    assert [build["language"] for build in play["vars"]["implementation_builds"]] == ["shell", "go"]
    copies = [path for path in emit(plan).copies if "languages" in path]
    assert copies == ["implementations/languages/shell/toolchain"]


def test_a_toolchain_without_sources_fetches_what_it_builds(project: Path) -> None:
    change(project, LANGUAGE, "  sources: toolchain\n", "")
    plan = planned(project)
    play = build_play(plan)
    assert isinstance(play["vars"], dict)
    assert [build["sources"] for build in play["vars"]["toolchain_builds"]] == [""]
    assert not [path for path in emit(plan).copies if "languages" in path]


def test_the_bundle_tells_what_hosts_and_builds_need_of_it(project: Path) -> None:
    bundled = Experiment.model_validate_json(emit(planned(project)).files["experiment.json"])
    toolchain = BundledToolchain(build="shell.toolchain", path="programs")
    assert bundled.languages == (
        BundledLanguage(name="go"),
        BundledLanguage(
            name="shell",
            packages=("busybox", "dash"),
            needs=(NeededProgram(program="shell-formatter", purpose="it formats implementations in shell"),),
            environment=("SHELL_",),
            toolchain=toolchain,
        ),
    )
    assert bundled.toolchains == {"shell-toy": toolchain}


@pytest.mark.parametrize(("old", "needed"), [("", "5,000"), ("compiles_while_running: true\n", None)])
def test_a_runtime_that_compiles_while_it_serves_needs_a_longer_warmup(
    project: Path, old: str, needed: str | None
) -> None:
    change(project, LANGUAGE, old, "")
    found = [note for note in planned(project, "{model: open, rate: 200}").notes if note.startswith("Warm-up")]
    said = f"Warm-up: shell-toy.one.w1.01-ping gets 1,000 requests of {needed} for 1 worker. "
    assert found == ([f"{said}The figures may be those of a cold server."] if needed else [])


def test_an_implementation_is_made_of_its_skeleton(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with chdir(project), pytest.raises(SystemExit) as ended:
        main(["new", "implementation", "shell-new", "--language", "shell"])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (0, "implementations/shell-new\n")
    assert "Next:\n  make ready\n  lab conformance shell-new\n" in printed.err
    assert read_catalog(project).implementations["shell-new"].language == "shell"
    assert (project / "implementations" / "shell-new" / "README.md").read_text() == "# shell-new\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shell-new",), "an implementation needs --language shell"),
        (("go-new", "--language", "go"), "implementations/languages/go has no manifest with a skeleton"),
        (("bash", "--language", "shell"), "lab new implementation shell-bash --language shell"),
    ],
)
def test_only_a_language_with_a_skeleton_and_a_name_that_it_takes_make_an_implementation(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    with chdir(project), pytest.raises(SystemExit) as ended:
        main(["new", "implementation", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not (project / "implementations" / arguments[0]).exists()


def looked_for(project: Path, path: Path) -> Finding:
    """What is said of the language's program where PATH is one folder."""
    languages = [language.bundled(name) for name, language in load_languages(project).items()]
    findings = examine(Processes(), {"PATH": str(path)}, "linux", languages)
    return next(finding for finding in findings if finding.what == "shell-formatter for shell")


def test_a_program_that_its_builds_need_is_looked_for(project: Path, tmp_path: Path) -> None:
    lacking = looked_for(project, tmp_path)
    assert (lacking.ok, lacking.needed, lacking.found) == (False, False, "none on PATH that will do")
    assert lacking.help == "it formats implementations in shell"
    (tmp_path / "shell-formatter").write_text("#!/bin/sh\n")
    (tmp_path / "shell-formatter").chmod(0o755)
    found = looked_for(project, tmp_path)
    assert (found.ok, found.found) == (True, str(tmp_path / "shell-formatter"))


def complaint(project: Path, file: str, old: str, new: str) -> str:
    change(project, file, old, new)
    with pytest.raises(InvalidExperimentError) as raised:
        read_catalog(project)
    return str(raised.value)


def test_an_implementation_in_an_unknown_language_is_told_its_line_and_the_nearest(project: Path) -> None:
    assert complaint(project, IMPLEMENTATION, "language: shell", "language: shel") == (
        "error[LAB020]: unknown language `shel`\n"
        f" --> {IMPLEMENTATION}:3:11\n"
        "  |\n"
        "3 | language: shel\n"
        "  |           ^^^^ did you mean `shell`?\n"
        "  = help: known: go, python, shell; another is a folder of implementations/languages"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sources: toolchain", "sources: tools", "the folder `tools` of its toolchain is not beside its manifest"),
        ("sources: toolchain", "sources: ../go", "`sources` must be spelled in names of folders"),
        ("path: programs", "path: /usr/bin", "`path` must be spelled in names of folders"),
        ('"{build}/programs"', '"{port}"', "must not hold `{port}`; placeholders here: {build}"),
        ("program: shell-formatter", "program: bin/formatter", "`program` must be spelled in letters"),
        ("for: it", "fro: it", "did you mean `for`?"),
        ("[busybox, dash]", "[Busybox]", "must be spelled in lower-case letters, digits, dots, dashes"),
        ("name_prefix: shell-", "name_prefix: shell", "with a dash behind, such as `typescript-`"),
        ("commands: [[cp", "commands: [[], [cp", "must be a list of at least 1"),
    ],
)
def test_a_slip_in_its_manifest_is_named(project: Path, old: str, new: str, said: str) -> None:
    assert said in complaint(project, LANGUAGE, old, new)


def test_what_is_wrong_with_a_language_is_not_told_of_its_implementations(project: Path) -> None:
    found = complaint(project, LANGUAGE, "schema: 1", "schema: 2")
    assert found.count("error[") == 1
