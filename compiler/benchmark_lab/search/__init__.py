"""Loads whose next probe depends on the results so far: what to probe next, or what the probes have found."""
