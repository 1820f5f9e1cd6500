"""The contracts between rooms: each is broken in a copy of the package, and seen to fail."""

import ast
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmark_lab.cli.input.project import read_catalog

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "compiler" / "benchmark_lab"
BREACHES = {
    "A room imports only rooms below it": ("machine/tools.py", "benchmark_lab.cli"),
    "The pure half has no processes, network, clock, chance or environment": ("judge/case.py", "time"),
    "The running half never sees YAML, experiments or plans": ("apply/gate.py", "benchmark_lab.plan"),
    "Each target's driver stands alone": ("targets/local.py", "benchmark_lab.targets.testbed"),
    "Drivers are found, never named": ("apply/lanes.py", "benchmark_lab.targets.ssh"),
    "Each reason stands alone": ("judge/reasons/toy.py", "benchmark_lab.judge.reasons.errors"),
    "Each emitter stands alone": ("emit/ansible.py", "benchmark_lab.emit.records"),
    "Processes are started in one module": ("store/seal.py", "subprocess"),
}
"""By contract: a module, and what it must not import."""
IGNORED = shutil.ignore_patterns("__pycache__")


def linted(folder: Path, breaches: Mapping[str, tuple[str, str]]) -> tuple[dict[str, str], str]:
    """What becomes of each contract in a copy of the package with these imports; and all that was said."""
    shutil.copytree(PACKAGE, folder / "benchmark_lab", ignore=IGNORED, dirs_exist_ok=True)
    shutil.copy(PROJECT / "pyproject.toml", folder)
    for module, imported in breaches.values():
        with (folder / "benchmark_lab" / module).open("a") as source:
            source.write(f"\nimport {imported}\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    return dict(re.findall(r"^(.+?) (KEPT|BROKEN)", said, re.MULTILINE)), said


def test_each_contract_finds_its_breach(tmp_path: Path) -> None:
    found, said = linted(tmp_path, BREACHES)
    assert found == dict.fromkeys(BREACHES, "BROKEN"), said


def test_a_room_without_a_place_among_the_others_is_found(tmp_path: Path) -> None:
    attic = tmp_path / "benchmark_lab" / "attic"
    attic.mkdir(parents=True)
    (attic / "__init__.py").touch()
    _, said = linted(tmp_path, {})
    assert "attic" in said


def test_the_engine_names_no_operation_of_the_api() -> None:
    """The engine reads the bundle for that; `conformance` alone proves the API, operation by operation."""
    operations = read_catalog(PROJECT).operations
    named = re.compile(rf"\b({'|'.join(operations)})\b")
    rooms = [path for path in PACKAGE.iterdir() if path.name != "conformance"]
    engine = [
        file for room in (*rooms, PROJECT / "playbooks") for file in (room, *room.rglob("*.py")) if file.is_file()
    ]
    assert {file: found for file in engine if (found := set(named.findall(file.read_text())))} == {}


def types_of(module: ast.Module) -> Iterator[str]:
    """Yield the names of a module's classes, nested ones too, and of its type aliases and type variables."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield node.name
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)]) if re.match(r"_?[A-Z]\w*[a-z]", name):
                yield name


def test_no_class_or_type_alias_of_the_package_has_the_name_of_another() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for file in PACKAGE.rglob("*.py"):
        for name in types_of(ast.parse(file.read_text())):
            places[name].append(str(file.relative_to(PACKAGE)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
