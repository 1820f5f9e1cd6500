"""`lab new`: makes an implementation or a scenario that is valid and runs, and waits to be written."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.catalog import Language
from benchmark_lab.catalog.language import folder_of
from benchmark_lab.catalog.load import load_languages
from benchmark_lab.cli.input.project import find_root
from benchmark_lab.diagnostics import LabError, nearest

SKELETON = "skeleton"
"""Name of the folder that is copied: beside a language's manifest, and beside the scenarios."""

_WORDS = r"[a-z0-9]+(-[a-z0-9]+)*"


class MadeKind(StrEnum):
    """Kinds of things that `lab new` makes."""

    IMPLEMENTATION = "implementation"
    SCENARIO = "scenario"


class NotMadeError(LabError):
    """`lab new` made nothing, and changed nothing that was there."""

    exit_code = 2


def new(
    kind: Annotated[MadeKind, typer.Argument(help="What to make.", show_default=False)],
    name: Annotated[
        str, typer.Argument(help="Such as python-litestar, or 09-bursts for a scenario.", show_default=False)
    ],
    language: Annotated[
        str | None,
        typer.Option(help="Of an implementation: a folder of implementations/languages.", show_default=False),
    ] = None,
) -> None:
    """Make an implementation that builds, starts and answers GET /health, or a scenario that runs."""
    root = find_root(Path.cwd())
    match kind:
        case MadeKind.IMPLEMENTATION:
            offered = languages_with_skeleton(root)
            if language is None:
                raise typer.BadParameter(f"an implementation needs --language {'|'.join(offered)}")
            made = new_implementation(root, name, language, offered)
            steps = [
                *offered[language].next_steps,
                f"lab conformance {name}",
                "docs/guides/add-a-framework.md shows the way from there",
            ]
        case MadeKind.SCENARIO:
            if language is not None:
                raise typer.BadParameter("scenarios are written in JavaScript: leave --language out")
            made = new_scenario(root, name)
            steps = ["npm run lint && npm run type-check && npm test", "scenarios/README.md shows the way from there"]
    typer.echo("\n".join(path.relative_to(root).as_posix() for path in made))
    typer.echo("\n".join(("\nNext:", *(f"  {step}" for step in steps))), err=True)


def languages_with_skeleton(root: Path) -> dict[str, Language]:
    """Return the project's languages that an implementation can be made in, by name.

    Raises:
        InvalidExperimentError: if the manifest of a language is wrong.
    """
    languages = load_languages(root)
    return {name: language for name, language in languages.items() if (root / folder_of(name) / SKELETON).is_dir()}


def new_implementation(root: Path, name: str, language: str, offered: Mapping[str, Language]) -> tuple[Path, ...]:
    """Make the folder `implementations/NAME`, and return the folder's path.

    Raises:
        NotMadeError: if the name is wrong or taken, or the language is not one of the languages in `offered`.
    """
    _require_spelling(name, _WORDS, "lower-case letters, digits and single dashes, such as `python-litestar`")
    if language not in offered:
        known = f"known: {', '.join(offered) or 'none'}; docs/guides/add-a-language.md shows how to add one"
        raise NotMadeError(
            f"no implementation can be made in `{language}`: {folder_of(language)} has no manifest with a skeleton\n"
            f"help: {nearest(language, offered) or known}"
        )
    prefix = offered[language].name_prefix or ""
    if not name.startswith(prefix):
        raise NotMadeError(
            f"`{name}` is no name for an implementation in {language}: it begins with `{prefix}`\n"
            f"help: lab new implementation {prefix}{name} --language {language}"
        )
    skeleton = root / folder_of(language) / SKELETON
    return _make(root / "implementations", {name: skeleton}, "example-implementation", name)


def new_scenario(root: Path, name: str) -> tuple[Path, ...]:
    """Make `scenarios/NAME.js` and the scenario's manifest, and return the paths of both.

    Raises:
        NotMadeError: if the name is wrong or taken.
    """
    _require_spelling(name, rf"[0-9]{{2}}-{_WORDS}", "two digits and lower-case words, such as `09-bursts`")
    files = {f"{name}{kind}": root / "scenarios" / SKELETON / f"00-example{kind}" for kind in (".js", ".yaml")}
    return _make(root / "scenarios", files, "00-example", name)


def _require_spelling(name: str, pattern: str, words: str) -> None:
    if not re.fullmatch(pattern, name):
        raise NotMadeError(f"`{name}` is no name: it is spelled in {words}")


def _make(parent: Path, sources: Mapping[str, Path], stand_in: str, name: str) -> tuple[Path, ...]:
    """Copy folders or files into `parent`, with `name` for `stand_in`, and return the paths of the copies.

    Each copy appears whole, in the order of `sources`.
    """
    made = {parent / target: source for target, source in sources.items()}
    for path, source in made.items():
        if path.exists() or path.is_symlink():
            raise NotMadeError(f"{path} exists, and was left as it is\nhelp: choose another name, or remove it first")
        if not source.exists():
            raise NotMadeError(f"{source} is not there to be copied\nhelp: copy a script and manifest that are there")
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
