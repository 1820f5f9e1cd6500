"""The reference API on Flask."""
