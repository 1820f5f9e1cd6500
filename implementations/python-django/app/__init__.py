"""The reference API on Django."""
