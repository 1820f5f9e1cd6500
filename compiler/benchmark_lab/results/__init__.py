"""Trials grouped, compared and put into words: the summary of a run and the comparison of two."""
