"""Whether a host of spare capacity has been given notice, by the metadata that its cloud serves it (IMDSv2).

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

from __future__ import annotations

import http.client
import time

ATTEMPTS = 3
TIMEOUT_S = 1.0
_TOKEN = "/latest/api/token"  # noqa: S105  where one is had
_ACTION = "/latest/meta-data/spot/instance-action"


def notices(metadata: str) -> dict[str, int]:
    """A part of what a host did: 1 if it has notice, or if the service does not tell; 0 if not.

    Args:
        metadata: the service's `host:port`; empty for a host that nobody takes away: of that, nothing is said.
    """
    return {"notices": int(has_notice(metadata))} if metadata else {}


def has_notice(metadata: str) -> bool:
    """Ask until there is an answer, at most `ATTEMPTS` times."""
    for attempt in range(ATTEMPTS):
        time.sleep(attempt * 0.2)
        connection = http.client.HTTPConnection(metadata, timeout=TIMEOUT_S)
        try:
            connection.request("PUT", _TOKEN, headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
            token = connection.getresponse().read().decode("ascii").strip()
            connection.request("GET", _ACTION, headers={"X-aws-ec2-metadata-token": token})
            answer = connection.getresponse()
            answer.read()
        except (OSError, ValueError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        if answer.status in (http.client.OK, http.client.NOT_FOUND):
            return answer.status == http.client.OK
    return True
