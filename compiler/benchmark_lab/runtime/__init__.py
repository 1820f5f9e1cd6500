"""Carry a bundle out: hosts, playbooks, trials, records. It reads the bundle and never the experiment."""
