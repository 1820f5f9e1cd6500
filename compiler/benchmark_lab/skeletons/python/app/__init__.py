"""The reference API."""
