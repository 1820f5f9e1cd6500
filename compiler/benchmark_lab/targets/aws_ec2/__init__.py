"""Hosts that Terraform rents on AWS for a run; and what `lab` asks of AWS itself: looking ahead, finding, removing."""

from benchmark_lab.targets.aws_ec2.driver import DRIVER

__all__ = ["DRIVER"]
