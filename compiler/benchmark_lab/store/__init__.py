"""Keeps bundles and runs on disk, and reads bundles and runs back."""
