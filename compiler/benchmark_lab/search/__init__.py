"""The searches for loads that depend on results: each chooses the next probe, or says what the probes have found."""
