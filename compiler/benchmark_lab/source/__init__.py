"""Text that people write, turned into values that remember where they stood."""

from benchmark_lab.source.document import Document, Path, Value, decode, parse
from benchmark_lab.source.expression import Expression
from benchmark_lab.source.reading import read

__all__ = ["Document", "Expression", "Path", "Value", "decode", "parse", "read"]
