"""`lab new`: an implementation or a scenario that is valid and runs, and waits to be written."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.cli.input.project import find_root
from benchmark_lab.diagnostics import LabError

SKELETONS = Path(__file__).parents[1] / "skeletons"
"""What is copied: a folder for each language, and one for scenarios."""

_WORDS = r"[a-z0-9]+(-[a-z0-9]+)*"


class Kind(StrEnum):
    """What can be made."""

    IMPLEMENTATION = "implementation"
    SCENARIO = "scenario"


class Language(StrEnum):
    """The languages that `lab` builds."""

    PYTHON = "python"
    GO = "go"
    TYPESCRIPT = "typescript"


class NotMadeError(LabError):
    """Nothing was made, and nothing that was there is changed."""

    exit_code = 2


def new(
    kind: Annotated[Kind, typer.Argument(help="What to make.", show_default=False)],
    name: Annotated[
        str, typer.Argument(help="Such as python-litestar, or 09-bursts for a scenario.", show_default=False)
    ],
    language: Annotated[Language | None, typer.Option(help="Of an implementation.", show_default=False)] = None,
) -> None:
    """Make an implementation that builds, starts and answers GET /health, or a scenario that runs."""
    root = find_root(Path.cwd())
    match kind:
        case Kind.IMPLEMENTATION:
            if language is None:
                raise typer.BadParameter(f"an implementation needs --language {'|'.join(Language)}")
            made = new_implementation(root, name, language)
            workspace = ["npm install  # takes it into the workspace"] if language is Language.TYPESCRIPT else []
            steps = [*workspace, f"lab conformance {name}", "docs/guides/add-a-framework.md shows the way from there"]
        case Kind.SCENARIO:
            if language is not None:
                raise typer.BadParameter("scenarios are written in JavaScript: leave --language out")
            made = new_scenario(root, name)
            steps = ["npm run lint && npm run type-check && npm test", "scenarios/README.md shows the way from there"]
    typer.echo("\n".join(path.relative_to(root).as_posix() for path in made))
    typer.echo("\n".join(("\nNext:", *(f"  {step}" for step in steps))), err=True)


def new_implementation(root: Path, name: str, language: Language) -> tuple[Path, ...]:
    """Make the folder `implementations/NAME`; NotMadeError where the name is wrong or taken."""
    _require_spelling(name, _WORDS, "lower-case letters, digits and single dashes, such as `python-litestar`")
    if language is Language.TYPESCRIPT and not name.startswith("typescript-"):
        raise NotMadeError(
            f"`{name}` would not be in npm's workspace, which holds implementations/typescript-*\n"
            f"help: lab new implementation typescript-{name} --language typescript"
        )
    return _make(root / "implementations", {name: SKELETONS / language}, "example-implementation", name)


def new_scenario(root: Path, name: str) -> tuple[Path, ...]:
    """Make `scenarios/NAME.js` and its manifest; NotMadeError where the name is wrong or taken."""
    _require_spelling(name, rf"[0-9]{{2}}-{_WORDS}", "two digits and lower-case words, such as `09-bursts`")
    files = {f"{name}{kind}": SKELETONS / "scenario" / f"00-example{kind}" for kind in (".js", ".yaml")}
    return _make(root / "scenarios", files, "00-example", name)


def _require_spelling(name: str, pattern: str, words: str) -> None:
    if not re.fullmatch(pattern, name):
        raise NotMadeError(f"`{name}` is no name: it is spelled in {words}")


def _make(parent: Path, sources: Mapping[str, Path], stand_in: str, name: str) -> tuple[Path, ...]:
    """Copy folders or files into `parent`, with `name` for `stand_in`; each appears whole, in the order given."""
    made = {parent / target: source for target, source in sources.items()}
    for path in made:
        if path.exists() or path.is_symlink():
            raise NotMadeError(f"{path} exists, and was left as it is\nhelp: choose another name, or remove it first")
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=parent) as aside:
        for path, source in made.items():
            copy = Path(aside) / path.name
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
        for file in filter(Path.is_file, Path(aside).rglob("*")):
            file.write_bytes(file.read_bytes().replace(stand_in.encode(), name.encode()))
        for path in made:
            (Path(aside) / path.name).rename(path)
    return (*made,)
