"""The AWS account in one region: the account's clients, and failures of the AWS API as the user's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)

from benchmark_lab.machine.tools import ToolFailedError

if TYPE_CHECKING:  # stubs, which only the developer has
    from types_boto3_ec2 import EC2Client
    from types_boto3_iam import IAMClient
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_scheduler import EventBridgeSchedulerClient
    from types_boto3_service_quotas import ServiceQuotasClient
    from types_boto3_ssm import SSMClient

LOG_IN = "log in to AWS (`aws sso login`, AWS_PROFILE, or keys in the environment), then try again"
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 8}, connect_timeout=10, read_timeout=30)
_NOT_LOGGED_IN = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_NOT_ALLOWED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


@dataclass(frozen=True, slots=True)
class Account:
    """The caller who asks AWS, the account and region that the caller asks, and the clients that ask."""

    id: str
    owner: str
    """Owner of the credentials, such as `user/alice`; a run's resources are tagged with the owner."""
    partition: str
    region: str
    ec2: EC2Client
    iam: IAMClient
    quotas: ServiceQuotasClient
    scheduler: EventBridgeSchedulerClient
    ssm: SSMClient
    tags: ResourceGroupsTaggingAPIClient


def connect(region: str) -> Account:
    """Find the caller's credentials as every tool of AWS does, and ask AWS whose credentials they are.

    Raises:
        ToolFailedError: if there are no credentials, or the credentials are not valid.
    """
    session = boto3.Session(region_name=region)
    with asking("who the caller is"):
        identity = session.client("sts", config=_CONFIG).get_caller_identity()
        _, partition, _, _, _, owner = identity["Arn"].split(":", 5)
        return Account(
            id=identity["Account"],
            owner=owner,
            partition=partition,
            region=region,
            ec2=session.client("ec2", config=_CONFIG),
            iam=session.client("iam", config=_CONFIG),
            quotas=session.client("service-quotas", config=_CONFIG),
            scheduler=session.client("scheduler", config=_CONFIG),
            ssm=session.client("ssm", config=_CONFIG),
            tags=session.client("resourcegroupstaggingapi", config=_CONFIG),
        )


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn what goes wrong within the context into an error that says what `lab` asked AWS, and what to do."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ToolFailedError("there are no AWS credentials", output=str(error), next_step=LOG_IN) from error
    except ClientError as error:
        code = code_of(error)
        if code in _NOT_LOGGED_IN:
            raise ToolFailedError("AWS refuses the credentials", output=str(error), next_step=LOG_IN) from error
        step = "infra/aws-ec2/policy.json holds the rights that a run needs" if code in _NOT_ALLOWED else ""
        raise ToolFailedError(f"AWS does not say {what}", output=str(error), next_step=step) from error
    except EndpointConnectionError as error:
        raise ToolFailedError("AWS cannot be reached", output=str(error)) from error
    except BotoCoreError as error:
        raise ToolFailedError(f"AWS does not say {what}", output=str(error)) from error


def code_of(error: ClientError) -> str:
    """Return the AWS API's own name of what went wrong."""
    return error.response.get("Error", {}).get("Code", "")
