"""The hosts of a lane, prepared: playbooks, stations, CPU sets and what is known of them."""
