"""What is kept on disk: bundles, runs, and what is read back of them."""
