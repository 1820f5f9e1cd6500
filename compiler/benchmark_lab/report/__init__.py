"""The numbers of a run in words and tables."""
