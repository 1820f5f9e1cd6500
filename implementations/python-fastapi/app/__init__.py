"""The reference API on FastAPI."""
