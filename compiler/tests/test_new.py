"""`lab new`: what it makes is valid, builds, serves and passes its own checks; what it refuses, it leaves alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import httpx
import pytest

from benchmark_lab.catalog.load import load_languages
from benchmark_lab.cli import main
from benchmark_lab.cli.input.project import read_catalog
from tests.compiling import PROJECT, REPO

LANGUAGES = Path("implementations", "languages")
of_every_language = pytest.mark.parametrize("language", load_languages(PROJECT))
STAND_INS = ("example-implementation", "00-example")
ENVIRONMENT = {
    "HOST": "127.0.0.1",
    "WORKERS": "1",
    "DATABASE_URL": "postgresql://127.0.0.1:1/nothing",
    "DB_POOL_TOTAL": "2",
    "UPSTREAM_URL": "http://127.0.0.1:1",
    "JWT_SECRET": "a secret of the tests alone, of more than 32 bytes",
    "JWT_AUDIENCE": "tests",
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project with the real languages whose path has a space; the working directory is a folder inside it."""
    folder = tmp_path / "a project"
    shutil.copytree(REPO, folder)
    for skeletons in (LANGUAGES, Path("scenarios", "skeleton")):
        shutil.copytree(PROJECT / skeletons, folder / skeletons, dirs_exist_ok=True)
    with chdir(folder / "implementations" / "go-beta"):
        yield folder


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said when nothing is made."""
    with pytest.raises(SystemExit) as ended:
        main(["new", *arguments])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    return printed.err


def make(*arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["new", *arguments])
    assert ended.value.code == 0


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below, hidden ones and traces of an attempt included."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@of_every_language
def test_a_new_implementation_is_in_the_catalog_under_its_name(project: Path, language: str) -> None:
    name = f"{language}-new"
    make("implementation", name, "--language", language)
    implementation = read_catalog(project).implementations[name]
    assert implementation.language == language
    made = contents(project / "implementations" / name)
    assert {"README.md", "Dockerfile", ".dockerignore", "implementation.yaml"} <= made.keys()
    assert made["README.md"].startswith(f"# {name}\n".encode())
    assert not any(stand_in.encode() in content for content in made.values() for stand_in in STAND_INS)


def test_a_new_scenario_is_in_the_catalog_beside_its_script(project: Path) -> None:
    make("scenario", "09-bursts")
    scenario = read_catalog(project).scenarios["09-bursts"]
    assert [parameter.bind.k6_env for parameter in scenario.parameters.values()] == ["BURST"]
    assert (project / "scenarios" / "09-bursts.js").is_file()


def test_what_was_made_is_on_stdout_and_the_next_step_on_stderr(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make("implementation", "go-new", "--language", "go")
    printed = capsys.readouterr()
    assert printed.out == "implementations/go-new\n"
    assert "lab conformance go-new" in printed.err
    make("scenario", "09-bursts")
    assert capsys.readouterr().out == "scenarios/09-bursts.js\nscenarios/09-bursts.yaml\n"
    assert not [*project.glob("*/.new-*")]


@pytest.mark.parametrize("name", ["Go-New", "go_new", "go--new", "-go", "go new", "../go-new", "go/new", ".", ""])
def test_an_implementation_has_a_name_that_manifests_allow(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before = contents(project)
    assert "lower-case letters" in refusal(capsys, "implementation", "--language", "go", "--", name)
    assert contents(project) == before


@pytest.mark.parametrize("name", ["bursts", "9-bursts", "009-bursts", "09-Bursts", "09bursts", "09-", "../09-bursts"])
def test_a_scenario_has_a_name_that_manifests_allow(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before = contents(project)
    assert "two digits" in refusal(capsys, "scenario", "--", name)
    assert contents(project) == before


@pytest.mark.usefixtures("project")
def test_a_typescript_implementation_is_named_as_the_workspace_finds_it(capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(capsys, "implementation", "hono", "--language", "typescript")
    assert "lab new implementation typescript-hono --language typescript" in said


@pytest.mark.usefixtures("project")
def test_a_language_without_a_folder_is_refused_with_the_nearest_or_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean `python`?" in refusal(capsys, "implementation", "new", "--language", "pyhton")
    said = refusal(capsys, "implementation", "rust-new", "--language", "rust")
    assert "no implementation can be made in `rust`: implementations/languages/rust has no manifest" in said
    assert "known: go, python, typescript; docs/guides/add-a-language.md shows how to add one" in said


@pytest.mark.parametrize("gone", ["scenarios/skeleton/00-example.js", "scenarios/skeleton/00-example.yaml"])
def test_a_scenario_is_not_made_by_half(project: Path, capsys: pytest.CaptureFixture[str], gone: str) -> None:
    (project / gone).unlink()
    before = contents(project)
    assert f"{gone} is not there to be copied" in refusal(capsys, "scenario", "09-bursts")
    assert contents(project) == before


@pytest.mark.usefixtures("project")
def test_only_implementations_have_a_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert "needs --language go|python|typescript" in refusal(capsys, "implementation", "go-new")
    assert "leave --language out" in refusal(capsys, "scenario", "09-bursts", "--language", "go")


def test_what_is_there_is_left_as_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "implementations" / "go-empty").mkdir()
    (project / "implementations" / "go-gone").symlink_to("nowhere")
    (project / "scenarios" / "09-half.js").write_text("a script without a manifest")
    before = contents(project)
    for name in ("go-beta", "go-empty", "go-gone"):
        assert "was left as it is" in refusal(capsys, "implementation", name, "--language", "go")
    for name in ("01-ping", "09-half"):
        assert "was left as it is" in refusal(capsys, "scenario", name)
    assert contents(project) == before
    assert [*(project / "implementations" / "go-empty").iterdir()] == []


def test_outside_a_project_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with chdir(tmp_path):
        assert "is not inside a project" in refusal(capsys, "implementation", "go-new", "--language", "go")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("skeleton", "sibling"),
    [("python", "python-fastapi"), ("go", "go-fiber"), ("typescript", "typescript-express")],
)
def test_a_skeleton_pins_what_its_sibling_pins(skeleton: str, sibling: str) -> None:
    """Images and dependencies with their hashes, so that a new implementation does not begin with old ones."""
    pins = [
        _pins(folder) for folder in (PROJECT / LANGUAGES / skeleton / "skeleton", PROJECT / "implementations" / sibling)
    ]
    assert pins[0] <= pins[1]


def _pins(folder: Path) -> set[str]:
    pins = {line for line in (folder / "Dockerfile").read_text().splitlines() if line.startswith("ARG ")}
    for lock in folder.glob("requirements*.txt"):
        pins |= {re.sub(r"\\?\n|    # .*", "", pin) for pin in re.split(r"\n(?=\w)", lock.read_text())}
    if (lock := folder / "package-lock.json").exists():
        packages = json.loads(lock.read_text())["packages"]
        pins |= {f"{path} {package.get('integrity', package.get('engines'))}" for path, package in packages.items()}
    if (module := folder / "go.mod").exists():
        pins |= {line for line in module.read_text().splitlines() if line.startswith(("go ", "toolchain "))}
    return pins


@pytest.mark.tools
@of_every_language
def test_a_new_implementation_builds_serves_and_ends(tmp_path: Path, project: Path, language: str) -> None:
    make("implementation", f"{language}-new", "--language", language)
    implementation = read_catalog(project).implementations[f"{language}-new"]
    build = tmp_path / "a build"
    shutil.copytree(project / "implementations" / f"{language}-new", build)
    for command in implementation.build:
        run(build, *command)
    server = implementation.servers[implementation.default_server]
    for workers in sorted({1, min(2, server.workers.max)}):
        with serving(server.command, build, workers) as client:
            health = client.get("/health")
            assert (health.status_code, health.json()) == (200, {"status": "ok"})
            answers = [client.post("/echo", json={"items": []}), client.get("/users/1/more"), client.put("/health")]
            assert [answer.status_code for answer in answers] == [501, 404, 405]
            assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
            assert answers[0].json()["detail"] == "This operation is not written yet."


@contextmanager
def serving(command: tuple[str, ...], build: Path, workers: int) -> Iterator[httpx.Client]:
    """A client of a server that is ready, and then ends within five seconds of SIGTERM though connections are open."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    values = {"build": str(build), "host": "127.0.0.1", "port": port, "workers": str(workers), "cpus": "1"}
    environment = os.environ | ENVIRONMENT | {"PORT": port, "WORKERS": str(workers)}
    process = subprocess.Popen(
        [argument.format(**values) for argument in command], cwd=build, env=environment, start_new_session=True
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_until_ready(client, process)
            yield client
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=5) in {0, -signal.SIGTERM}
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_ready(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.get("/health")
        except httpx.TransportError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server is not ready"
            time.sleep(0.05)
        else:
            return


@pytest.mark.tools
def test_a_new_python_implementation_passes_its_checks(project: Path) -> None:
    make("implementation", "python-new", "--language", "python")
    folder = project / "implementations" / "python-new"
    run(folder, sys.executable, "-m", "mypy")
    run(folder, sys.executable, "-m", "pytest", "--quiet")
    shutil.copy(PROJECT / "pyproject.toml", project)
    run(project, sys.executable, "-m", "ruff", "check", "implementations")
    run(project, sys.executable, "-m", "ruff", "format", "--check", "implementations")


@pytest.mark.tools
def test_a_new_go_implementation_passes_its_checks(project: Path) -> None:
    make("implementation", "go-new", "--language", "go")
    folder = project / "implementations" / "go-new"
    assert run(folder, "gofmt", "-l", ".") == ""
    run(folder, "go", "vet", "./...")
    run(folder, "go", "test", "./...")


@pytest.mark.tools
def test_new_typescript_and_scenarios_pass_the_workspaces_checks(project: Path) -> None:
    make("implementation", "typescript-new", "--language", "typescript")
    shutil.rmtree(project / "scenarios")
    for folder in ("lib", "skeleton"):
        shutil.copytree(PROJECT / "scenarios" / folder, project / "scenarios" / folder)
    make("scenario", "99-new")
    for name in ("package.json", "tsconfig.json", "eslint.config.js", ".prettierrc.json", ".prettierignore"):
        shutil.copy(PROJECT / name, project)
    (project / "node_modules").symlink_to(PROJECT / "node_modules")
    made = ("implementations/typescript-new", "scenarios/99-new.js")
    run(project, "node_modules/.bin/prettier", "--check", *made)
    run(project, "node_modules/.bin/eslint", "--max-warnings=0", *made)
    run(project, "node_modules/.bin/tsc")
    run(project / made[0], "npm", "run", "--silent", "type-check")
    run(project / made[0], "npm", "test", "--silent")


def run(folder: Path, *command: str) -> str:
    """Standard output of a command that succeeds."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
