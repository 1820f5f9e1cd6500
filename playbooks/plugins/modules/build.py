#!/usr/bin/python
"""Build sources in a cache folder, once for each content."""

from __future__ import annotations

DOCUMENTATION = r"""
module: build
short_description: Build sources in a cache folder, once for each content, whoever asks first
description:
  - The build's folder is named by a digest of the sources, the command lines, the programs that these start,
    the toolchain and the platform.
    A finished build is used again; an interrupted one is made anew. A lock keeps two runs apart.
  - Every user can read and execute what was built, whatever the umask and the package managers' own modes.
  - With C(place) the build is for another host, and comes as an archive too.
options:
  name: {type: str, required: true}
  sources: {description: Folder that is copied into the build's folder first., type: path}
  cache: {description: Folder of all builds., type: path, required: true}
  commands:
    description: Command lines, run in the build's folder, which C({build}) names.
    type: list
    elements: list
    required: true
  toolchain:
    description: Folder of the programs of another build that the commands use, however they start them.
    type: str
    default: ""
  versions: {description: Command line that prints what versions were built., type: list, elements: str, default: []}
  place: {description: Folder of all builds on the host that gets it., type: str}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Build the upstream
  build: {name: upstream, sources: infra/programs/upstream, cache: /var/cache/lab, commands: [[go, build, .]]}
"""

RETURN = r"""
build: {description: The build's folder, on the host that gets it, type: str, returned: always}
archive: {description: The folder as a tar file here, type: str, returned: with place}
versions: {description: What the command C(versions) printed, type: str, returned: always}
seconds: {description: What building took, type: float, returned: always}
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

COMPLETE = ".complete"
"""Marks a finished build and holds its versions."""
IGNORED = shutil.ignore_patterns("__pycache__", "node_modules", "tests", ".venv")


def digest_of(sources: Path | None, commands: list[list[str]], toolchain: str) -> str:
    """Names what the outcome depends on; tests and caches of the sources don't count.

    Programs count by where they lie: a runtime that is itself a build lies elsewhere with each version.
    """
    found = (shutil.which(command[0]) for command in commands if os.sep not in command[0])
    programs = [os.path.realpath(program) for program in found if program]
    platform_here = [platform.machine(), platform.libc_ver(), sys.version_info[:2]]
    digest = hashlib.sha256(json.dumps([commands, programs, platform_here, *filter(None, [toolchain])]).encode())
    if sources is not None:
        for folder, folders, files in os.walk(sources):
            ignored = IGNORED(folder, folders + files)
            folders[:] = sorted(set(folders) - ignored)
            for name in sorted(set(files) - ignored):
                path = Path(folder, name)
                digest.update(f"{path.relative_to(sources)}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class BuildError(Exception):
    """A command of the build failed; the text says which and how."""


def build(sources: Path | None, folder: Path, commands: list[list[str]], versions: list[str]) -> None:
    """Copy the sources, run everything, and leave the versions in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    if sources is None:
        folder.mkdir(parents=True)
    else:
        shutil.copytree(sources, folder, ignore=IGNORED)
    for command in commands:
        run(command, folder)
    let_everyone_read(folder)
    (folder / COMPLETE).write_text(run(versions, folder) if versions else "")


def let_everyone_read(folder: Path) -> None:
    """Let every user read the folder and all in it, and execute what its owner can execute."""
    for path in (folder, *folder.rglob("*")):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) | (0o555 if mode & stat.S_IXUSR else 0o444))


def run(command: list[str], folder: Path) -> str:
    """Run one command of the build; what it printed."""
    argv = [part.replace("{build}", str(folder)) for part in command]
    try:
        done = subprocess.run(  # noqa: S603  the manifest's command, reviewed like code
            argv, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise BuildError(f"{argv[0]} cannot be started: {error}") from error
    if done.returncode != 0:
        raise BuildError(
            f"`{' '.join(argv)}` ended with status {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
        )
    return done.stdout.strip()


def packed(folder: Path) -> Path:
    """The build's folder as an archive beside it, made once; what marks it complete comes last."""
    archive = folder.with_name(f"{folder.name}.tar.gz")
    if not archive.exists():
        partial = archive.with_suffix(".partial")
        with tarfile.open(partial, "w:gz", compresslevel=1) as tar:
            for path in sorted(folder.iterdir(), key=lambda path: path.name == COMPLETE):
                tar.add(path, f"{folder.name}/{path.name}", filter=owned_by_nobody)
        partial.replace(archive)
    return archive


def owned_by_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names and numbers of this machine's users."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "sources": {"type": "path"},
            "cache": {"type": "path", "required": True},
            "commands": {"type": "list", "elements": "list", "required": True},
            "toolchain": {"type": "str", "default": ""},
            "versions": {"type": "list", "elements": "str", "default": []},
            "place": {"type": "str"},
        }
    )
    params = module.params
    sources = Path(params["sources"]) if params["sources"] else None
    commands = [[str(part) for part in command] for command in params["commands"]]
    began = time.monotonic()
    os.umask(0o022)
    cache = Path(params["cache"])
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{params['name']}-{digest_of(sources, commands, params['toolchain'])}"
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        changed = not (folder / COMPLETE).exists()
        if changed:
            try:
                build(sources, folder, commands, params["versions"])
            except (BuildError, OSError) as error:
                module.fail_json(msg=f"{params['name']} cannot be built: {error}", name=params["name"])
        elsewhere = (
            {"archive": str(packed(folder)), "build": f"{params['place']}/{folder.name}"} if params["place"] else {}
        )
    versions = (folder / COMPLETE).read_text()
    seconds = time.monotonic() - began
    found = {"name": params["name"], "build": str(folder), "versions": versions, "seconds": seconds}
    module.exit_json(changed=changed, **{**found, **elsewhere})


if __name__ == "__main__":
    main()
