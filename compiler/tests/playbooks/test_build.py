"""The module `build`, as Ansible starts it, with small programs in the place of compilers and package managers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.playbooks.conftest import PLUGINS

STINGY = """
mkdir -p packages/bin && chmod 700 packages packages/bin
echo data > packages/data && chmod 600 packages/data
echo program > packages/bin/program && chmod 700 packages/bin/program
ln -s data packages/link
ln -s /nowhere packages/dangling
"""
"""What package managers leave: their owner alone can read it."""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir(mode=0o700)
    (folder / "app.py").touch(mode=0o600)
    return folder


def build(
    sources: Path, *commands: list[str], path: str = "/usr/bin:/bin", umask: int = 0o022, toolchain: str = ""
) -> dict[str, object]:
    arguments = {
        "name": "it",
        "sources": str(sources),
        "cache": str(sources.parent / "builds"),
        "commands": commands,
        "toolchain": toolchain,
    }
    done = subprocess.run(
        [sys.executable, str(PLUGINS / "modules" / "build.py")],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={"PATH": path, "HOME": str(sources.parent)},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_another_toolchain_makes_another_build_whatever_program_the_commands_start(sources: Path) -> None:
    toolchains = ("", "/builds/1/bin", "/builds/2/bin")
    builds = [build(sources, ["sh", "-c", "true"], toolchain=of)["build"] for of in toolchains]
    assert len({*builds}) == 3
    assert build(sources, ["sh", "-c", "true"], toolchain="/builds/2/bin")["build"] == builds[2]


def test_every_user_reads_what_was_built_whatever_the_umask_and_the_package_managers_modes(sources: Path) -> None:
    folder = Path(str(build(sources, ["sh", "-c", STINGY], umask=0o077)["build"]))
    paths = [path for path in (folder.parent, folder, *folder.rglob("*")) if not path.is_symlink()]
    modes = {str(path.relative_to(folder.parent.parent)): path.stat().st_mode & 0o777 for path in paths}
    readable, executable = 0o644, 0o755
    inside = f"builds/{folder.name}"
    assert modes == {
        "builds": executable,
        inside: executable,
        f"{inside}/.complete": readable,
        f"{inside}/app.py": readable,
        f"{inside}/packages": executable,
        f"{inside}/packages/bin": executable,
        f"{inside}/packages/bin/program": executable,
        f"{inside}/packages/data": readable,
    }
    assert (folder / "packages" / "dangling").readlink() == Path("/nowhere")


def test_what_is_built_with_another_program_is_another_build(sources: Path) -> None:
    for version in ("1", "2"):
        compiler = sources.parent / version / "compiler"
        compiler.parent.mkdir()
        compiler.write_text(f"#!/bin/sh\necho {version} >built\n")
        compiler.chmod(0o755)
    found = [build(sources, ["compiler"], path=f"{sources.parent}/{which}:/usr/bin:/bin") for which in "121"]
    assert [(each["changed"], Path(str(each["build"]), "built").read_text()) for each in found] == [
        (True, "1\n"),
        (True, "2\n"),
        (False, "1\n"),
    ]


def test_a_build_that_fails_is_said_with_its_command_and_made_anew(sources: Path) -> None:
    failed = build(sources, ["sh", "-c", "test -e ../mended"])
    assert str(failed["msg"]).startswith("it cannot be built: `sh -c test -e ../mended` ended with status 1")
    (sources.parent / "builds" / "mended").touch()
    assert build(sources, ["sh", "-c", "test -e ../mended"])["changed"]
