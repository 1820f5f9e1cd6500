"""`python -m benchmark_lab` is `lab`."""

from benchmark_lab.cli import main

main()
