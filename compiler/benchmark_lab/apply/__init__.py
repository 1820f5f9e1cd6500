"""Carries a bundle out on hosts."""
