"""The runtimes are pinned once, in .tool-versions; images, Go modules, npm packages and CI follow it."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from benchmark_lab.cli.input.project import read_catalog
from tests.compiling import PROJECT

RUNTIMES = dict(
    line.split() for line in (PROJECT / ".tool-versions").read_text().splitlines() if not line.startswith("#")
)
IMAGES = {
    "PYTHON_IMAGE": f"python:{RUNTIMES['python']}-slim-bookworm",
    "NODE_IMAGE": f"node:{RUNTIMES['nodejs']}-bookworm-slim",
    "GO_IMAGE": f"golang:{RUNTIMES['golang']}-bookworm",
}
LOCKS = {"requirements.txt", "package-lock.json", "go.sum"}
ASKED_FOR = {"package.json", ".npmrc", "go.mod"}
"""What stands beside a lock file and says what was locked."""
IMPLEMENTATIONS = sorted(file.parent for file in PROJECT.glob("implementations/*/implementation.yaml"))
SKELETONS = sorted(file.parent for file in PROJECT.glob("implementations/languages/*/skeleton/implementation.yaml"))
PROGRAMS = sorted(file.parent for file in PROJECT.glob("infra/programs/*/go.mod"))
DOCKERFILES = [
    *(folder / "Dockerfile" for folder in (*IMPLEMENTATIONS, *SKELETONS)),
    *sorted(PROJECT.glob("infra/programs/*/Dockerfile")),
]
of_every_implementation = pytest.mark.parametrize("folder", IMPLEMENTATIONS, ids=lambda folder: folder.name)
of_every_image = pytest.mark.parametrize(
    "dockerfile", DOCKERFILES, ids=lambda file: str(file.parent.relative_to(PROJECT))
)


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    lines = [line for line in dockerfile.read_text().splitlines(keepends=True) if not line.startswith("#")]
    joined = "".join(lines).replace("\\\n", "")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def arguments(dockerfile: Path) -> dict[str, str]:
    return dict(rest.split("=", 1) for word, rest in instructions(dockerfile) if word == "ARG")


def bases(dockerfile: Path) -> list[str]:
    """The base image of each stage by the argument that names it, or as it stands there."""
    images = [rest.split()[0] for word, rest in instructions(dockerfile) if word == "FROM"]
    return [re.sub(r"^\$\{(\w+)\}$", r"\1", image) for image in images]


def last_stage(dockerfile: Path) -> list[tuple[str, str]]:
    words = instructions(dockerfile)
    return words[max(index for index, (word, _) in enumerate(words) if word == "FROM") :]


@of_every_image
def test_base_images_are_build_arguments_whose_defaults_follow_the_pinned_runtimes(dockerfile: Path) -> None:
    defaults = arguments(dockerfile)
    assert set(bases(dockerfile)) == set(defaults)
    pinned = IMAGES.keys() & defaults.keys()
    assert pinned
    assert {name: defaults[name] for name in pinned} == {name: IMAGES[name] for name in pinned}


@of_every_image
def test_the_image_that_runs_is_slim(dockerfile: Path) -> None:
    image = arguments(dockerfile)[bases(dockerfile)[-1]]
    assert "slim" in image or image.partition(":")[0] in {"scratch", "busybox"}


@of_every_image
def test_what_runs_in_an_image_is_not_root(dockerfile: Path) -> None:
    users = [rest.partition(":")[0] for word, rest in last_stage(dockerfile) if word == "USER"]
    assert users
    assert users[-1] not in {"root", "0"}


@of_every_implementation
def test_dependencies_are_installed_from_the_lock_file_before_sources_enter_the_image(folder: Path) -> None:
    words = instructions(folder / "Dockerfile")
    first = next(index for index, (word, _) in enumerate(words) if word == "COPY")
    copied = set(words[first][1].split()[:-1])
    assert copied & LOCKS
    assert copied <= LOCKS | ASKED_FOR
    assert words[first + 1][0] == "RUN"


@of_every_implementation
def test_only_named_files_are_sent_to_the_build(folder: Path) -> None:
    assert (folder / ".dockerignore").read_text().startswith("*\n!")


@of_every_implementation
def test_an_image_without_a_command_starts_the_default_server(folder: Path) -> None:
    implementation = read_catalog(PROJECT).implementations[folder.name]
    server = implementation.servers[implementation.default_server]
    stage = last_stage(folder / "Dockerfile")
    argv = json.loads(next(rest for word, rest in stage if word == "CMD"))
    if argv[:2] == ["sh", "-c"]:
        assert argv[2].startswith("exec ")  # or SIGTERM would end the shell alone
        argv = shlex.split(argv[2])[1:]
    placeholders = {"build": "/srv", "host": "$HOST", "port": "$PORT", "workers": "$WORKERS"}
    assert argv == [word.format_map(placeholders) for word in server.command]
    assert [rest for word, rest in stage if word == "ENV"] == [f"{name}={value}" for name, value in server.env.items()]


def test_go_modules_name_the_pinned_toolchain() -> None:
    version = RUNTIMES["golang"]
    language = version.rpartition(".")[0]
    modules = [folder / "go.mod" for folder in (*IMPLEMENTATIONS, *SKELETONS, *PROGRAMS)]
    for module in filter(Path.exists, modules):
        lines = module.read_text().splitlines()
        assert f"go {language}.0" in lines, module
        assert f"toolchain go{version}" in lines, module


def test_npm_packages_and_their_locks_ask_for_the_pinned_node() -> None:
    engines = {"node": f"^{RUNTIMES['nodejs']}"}
    packages = [folder / "package.json" for folder in (*IMPLEMENTATIONS, *SKELETONS)]
    for package in filter(Path.exists, packages):
        assert json.loads(package.read_text())["engines"] == engines, package
        lock = json.loads(package.with_name("package-lock.json").read_text())
        assert lock["packages"][""]["engines"] == engines, package


def test_the_tools_of_contributors_run_on_older_nodes_than_the_one_that_serves() -> None:
    assert json.loads((PROJECT / "package.json").read_text())["engines"] == {"node": ">=20.19.0"}  # ESLint's
    settings = [folder / ".npmrc" for folder in (PROJECT, *IMPLEMENTATIONS, *SKELETONS)]
    assert [file for file in settings if file.exists() and "engine-strict" in file.read_text()] == []


def test_the_node_that_serves_is_the_pinned_one_on_every_architecture_whatever_the_registry() -> None:
    folder = PROJECT / "implementations" / "languages" / "typescript" / "toolchain"
    pinned = {f"node-linux-{architecture}": RUNTIMES["nodejs"] for architecture in ("arm64", "x64")}
    assert json.loads((folder / "package.json").read_text())["optionalDependencies"] == pinned
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in pinned} == pinned
    assert [path for path, package in packages.items() if "resolved" in package] == []


def test_lab_itself_runs_on_the_pinned_python() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={RUNTIMES['python']}"


def test_contributors_build_the_upstream_with_its_own_default_images() -> None:
    services = yaml.safe_load((PROJECT / "infra" / "docker" / "docker-compose.db.yml").read_text())["services"]
    written = services["upstream"]["build"]["args"].values()
    defaults = arguments(PROJECT / "infra" / "programs" / "upstream" / "Dockerfile").values()
    assert {value.partition(":-")[2].removesuffix("}") for value in written} == set(defaults)


def test_workflows_read_the_pinned_runtimes() -> None:
    workflows = [yaml.safe_load(file.read_text()) for file in PROJECT.glob(".github/workflows/*.yml")]
    steps = [step for workflow in workflows for job in workflow["jobs"].values() for step in job["steps"]]
    setups = {
        match[1]: step.get("with")
        for step in steps
        if (match := re.match(r"actions/setup-(python|node|go)@", step.get("uses", "")))
    }
    assert setups
    assert setups == {runtime: {f"{runtime}-version-file": ".tool-versions"} for runtime in setups}
