"""The parts of the starting machine that a run uses: processes, tools, locks and folders."""
