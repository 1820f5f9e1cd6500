"""Groups and compares trials, and puts trials into words: the summary of a run and the comparison of two runs."""
