import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import ansible.module_utils
import pytest

from benchmark_lab.machine.folders import cache_root

PLUGINS = Path(__file__).parents[3] / "playbooks" / "plugins"

# Ansible finds the product's module_utils by configuration; a test, by this path.
ansible.module_utils.__path__.append(str(PLUGINS / "module_utils"))


@pytest.fixture(scope="session")
def module() -> Callable[[str], ModuleType]:
    """One of the product's Ansible modules, by name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"lab_module_{name}", PLUGINS / "modules" / f"{name}.py")
        assert spec
        assert spec.loader
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found

    return load


@pytest.fixture(scope="session")
def k6(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The k6 of this machine, or the one that the role `k6` has built; where there is neither, it takes two minutes."""
    if found := shutil.which("k6"):
        return found
    defaults = (PLUGINS.parent / "roles" / "k6" / "defaults" / "main.yml").read_text()
    version = re.search(r"^k6_version: (\S+)", defaults, re.MULTILINE)
    assert version
    for built in (cache_root(os.environ) / "builds").glob("k6-*/.complete"):
        program = str(built.with_name("k6"))
        if version[1] in subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout:
            return program
    folder = tmp_path_factory.mktemp("k6")
    env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(folder)}
    subprocess.run(["go", "install", "-trimpath", f"go.k6.io/k6@{version[1]}"], env=env, check=True)
    return str(folder / "k6")
