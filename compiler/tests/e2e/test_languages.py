"""A language that only a folder of the project knows: Ansible builds its toolchain, and what it builds conforms."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import Lab

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("nothing_left")]

LANGUAGE = """
schema: 1
toolchain:
  sources: toolchain
  commands: [[mv, scripts, programs]]
  versions: [programs/compile, --version]
  path: programs
"""
COMPILE = """#!/bin/sh
[ "$1" != --version ] || exec echo toy 1.0
exec env CGO_ENABLED=0 go build -trimpath -buildvcs=false -o server .
"""
LAUNCH = """#!/bin/sh
exec "$@"
"""


def add_language(project: Path) -> None:
    folder = project / "implementations" / "languages" / "toy"
    scripts = folder / "toolchain" / "scripts"
    scripts.mkdir(parents=True)
    (folder / "language.yaml").write_text(LANGUAGE)
    for name, text in (("compile", COMPILE), ("launch", LAUNCH)):
        (scripts / name).write_text(text)
        (scripts / name).chmod(0o755)


def add_implementation(project: Path, build_on: str) -> str:
    """Fiber's, as if it were written in the toy language: built and served with nothing but its programs."""
    name = f"toy-{build_on}"
    folder = project / "implementations" / name
    shutil.copytree(project / "implementations" / "go-fiber", folder)
    manifest = yaml.safe_load((folder / "implementation.yaml").read_text())
    server = manifest["servers"]["fiber"]
    server["command"] = ["launch", *server["command"]]
    manifest |= {"language": "toy", "build_on": build_on, "build": [["compile"]], "versions": ["compile", "--version"]}
    (folder / "implementation.yaml").write_text(yaml.safe_dump(manifest | {"servers": {"fiber": server}}))
    return name


def test_implementations_in_a_new_language_pass_the_gate_wherever_they_are_built(lab: Lab) -> None:
    add_language(lab.project)
    names = [add_implementation(lab.project, build_on) for build_on in ("host", "controller")]
    status, stdout, stderr = lab.run("conformance", *names, "--depth", "gate")
    assert status == 0, stdout + stderr
    assert "2 of 2 servers conform" in stdout
