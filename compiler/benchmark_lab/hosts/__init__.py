"""The prepared hosts of a lane: playbooks, stations, CPU sets and what `lab` knows of the hosts."""
