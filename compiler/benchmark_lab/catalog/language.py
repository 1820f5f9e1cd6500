"""The shape of `implementations/languages/<name>/language.yaml`: what it takes to build and serve in a language."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark_lab.bundle import BundledLanguage, BundledToolchain, NeededProgram
from benchmark_lab.catalog.implementation import CommandLine, check_placeholders
from benchmark_lab.source.shape import (
    FolderPath,
    NamePrefix,
    OneOrMany,
    PackageName,
    ProgramName,
    VariableName,
    Written,
)


class Need(Written):
    """A program that builds start by its name, on the machine that `lab` runs on."""

    program: ProgramName
    """The program's name on PATH."""
    purpose: Annotated[str, Field(alias="for")]
    """What the program is needed for; `lab doctor` says so where it is missing."""
    check: tuple[str, ...] = ()
    """Arguments with which the program succeeds if it is good enough; by default every program of the name is."""
    serves: bool = False
    """True if servers run on the program, too; of root's only one that every user can execute is then taken."""


class Toolchain(Written):
    """Programs that `lab` builds once for each content, and then builds and serves implementations with."""

    sources: FolderPath | None = None
    """Folder beside the manifest that the build begins with; without it the commands fetch all they need."""
    commands: Annotated[tuple[CommandLine, ...], Field(min_length=1)]
    """Command lines, run one after the other in {build}, a writable copy of the sources."""
    versions: tuple[str, ...] = ()
    """Command line, run in {build}, that prints the versions of what was built; results name them."""
    path: FolderPath
    """Folder of the programs in {build}; the PATH of builds and servers begins with it."""

    @model_validator(mode="after")
    def _knows_its_placeholders(self) -> Self:
        for line in self.commands:
            check_placeholders(line, {"{build}"})
        return self


class Language(Written):
    """One language: what it takes to build and serve the implementations that are written in it."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    packages: tuple[PackageName, ...] = ()
    """Debian packages that the server's host needs; a target either installs them or says which are missing."""
    needs: OneOrMany[Need] = ()
    """Programs of this machine that builds use, which `lab doctor` looks for."""
    environment: tuple[VariableName, ...] = ()
    """First letters of the variables that builds take from the environment of `lab`, such as `CARGO_`."""
    toolchain: Toolchain | None = None
    """Programs that `lab` builds before the implementations; by default it uses those of the machine."""
    compiles_while_running: bool = False
    """True if the runtime compiles a server's code while it serves, so that it needs a longer warm-up."""
    name_prefix: NamePrefix | None = None
    """What the names of implementations begin with, if other tools than `lab` find them by that."""
    next_steps: tuple[str, ...] = ()
    """Commands that follow `lab new`, in the words of a shell."""

    def bundled(self, name: str) -> BundledLanguage:
        """Return what bundles hold of the language of this name."""
        needs = tuple(NeededProgram.model_validate(need.model_dump()) for need in self.needs)
        toolchain = self.toolchain and BundledToolchain(build=build_of(name), path=self.toolchain.path)
        return BundledLanguage(
            name=name, packages=self.packages, needs=needs, environment=self.environment, toolchain=toolchain
        )


def build_of(language: str) -> str:
    """Return the name of the build of the language's toolchain; the dot keeps it apart from implementations' names."""
    return f"{language}.toolchain"


def folder_of(language: str) -> str:
    """Return the language's folder, relative to the project's root."""
    return f"implementations/languages/{language}"
