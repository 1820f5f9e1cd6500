"""Writes the numbers of a run in words and tables."""
