"""Verify backend web frameworks by real, reviewed and repeatable experiments."""

__version__ = "0.1.0"
