"""The languages of a bundle's implementations: what builds and servers need on the machines that they run on."""

from __future__ import annotations

from benchmark_lab.bundle.file import Part


class NeededProgram(Part):
    """A program that builds start by its name, on the machine that `lab` runs on."""

    program: str
    purpose: str
    """Use of the program, in words for people."""
    check: tuple[str, ...] = ()
    """Arguments with which the program succeeds if it is good enough; without any every program of the name is."""
    serves: bool = False
    """True if servers run on the program, too."""


class BundledToolchain(Part):
    """The place of a language's programs that `lab` builds before the language's implementations."""

    build: str
    """Name of the toolchain's build."""
    path: str
    """Folder of the programs in the build."""


class BundledLanguage(Part):
    """One language that implementations of the bundle are written in."""

    name: str
    packages: tuple[str, ...] = ()
    """Debian packages that the server's host needs."""
    needs: tuple[NeededProgram, ...] = ()
    environment: tuple[str, ...] = ()
    """First letters of the variables that builds take from the environment of `lab`."""
    toolchain: BundledToolchain | None = None
