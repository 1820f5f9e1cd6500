"""The driver whose hosts Terraform rents on AWS for a run.

`lab` itself asks AWS, too: `lab` looks ahead, and finds and removes resources.
"""

from benchmark_lab.targets.aws_ec2.driver import DRIVER

__all__ = ["DRIVER"]
