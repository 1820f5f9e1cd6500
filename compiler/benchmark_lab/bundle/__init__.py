"""The files of a bundle, and nothing else: the compiler writes the files, and `lab apply` reads the files."""

from benchmark_lab.bundle.cells import Block, Cell, Cells, Contrast, Schedule
from benchmark_lab.bundle.copies import Bundle, CopiedFile, CopiedFiles
from benchmark_lab.bundle.criteria import Arithmetic, Criterion, LiteralNumber, MetricRef, Operand
from benchmark_lab.bundle.experiment import (
    BundledImplementation,
    BundledScenario,
    BundledWork,
    Experiment,
    RoundCount,
    RunBudget,
)
from benchmark_lab.bundle.file import SCHEMA, Part, Scalar, StoredFile, schema_problem
from benchmark_lab.bundle.hosts import Hardware, HostShape, RentedHosts, Role, TargetHosts, TerraformVariables
from benchmark_lab.bundle.languages import BundledLanguage, BundledToolchain, NeededProgram
from benchmark_lab.bundle.load import Load, LoadAsked, LoadModel, Objective, SoughtLoad
from benchmark_lab.bundle.operations import BundledOperation, using
from benchmark_lab.bundle.share import Share
from benchmark_lab.bundle.thresholds import Thresholds

__all__ = [
    "SCHEMA",
    "Arithmetic",
    "Block",
    "Bundle",
    "BundledImplementation",
    "BundledLanguage",
    "BundledOperation",
    "BundledScenario",
    "BundledToolchain",
    "BundledWork",
    "Cell",
    "Cells",
    "Contrast",
    "CopiedFile",
    "CopiedFiles",
    "Criterion",
    "Experiment",
    "Hardware",
    "HostShape",
    "LiteralNumber",
    "Load",
    "LoadAsked",
    "LoadModel",
    "MetricRef",
    "NeededProgram",
    "Objective",
    "Operand",
    "Part",
    "RentedHosts",
    "Role",
    "RoundCount",
    "RunBudget",
    "Scalar",
    "Schedule",
    "Share",
    "SoughtLoad",
    "StoredFile",
    "TargetHosts",
    "TerraformVariables",
    "Thresholds",
    "schema_problem",
    "using",
]
