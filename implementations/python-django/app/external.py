"""`GET /external`: one call of the upstream for each request."""

from http import HTTPStatus

import urllib3
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as SilentError

from app.problems import ProblemError
from app.views import ApiView

TIMEOUT_S = 2.0

# Threads share it; its connections stay open, and there is room for those of more threads than a worker has.
UPSTREAM = urllib3.PoolManager(maxsize=256, retries=False, timeout=urllib3.Timeout(total=TIMEOUT_S))


class ExternalQuery(BaseModel):
    """What a client asks for."""

    key: str = Field(min_length=1, max_length=64)


class UpstreamValue(BaseModel):
    """What the upstream must answer."""

    model_config = ConfigDict(strict=True)

    value: str


class ExternalView(ApiView):
    """Passes the upstream's value on."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """The value, 502 where the upstream failed, or 504 where it was silent for `TIMEOUT_S`."""
        key = ExternalQuery.model_validate(request.GET.dict()).key
        try:
            response = UPSTREAM.request("GET", f"{settings.UPSTREAM_URL}/value", fields={"key": key}, redirect=False)
        except HTTPError as error:
            raise unanswered(error) from error
        if response.status != HTTPStatus.OK:
            raise ProblemError(HTTPStatus.BAD_GATEWAY, f"The upstream answered {response.status}.")
        try:
            answer = UpstreamValue.model_validate_json(response.data)
        except ValidationError as error:
            raise ProblemError(HTTPStatus.BAD_GATEWAY, "The upstream did not answer with a value.") from error
        return JsonResponse({"key": key, "value": answer.value})


def unanswered(error: HTTPError) -> ProblemError:
    """Whether the upstream was silent or out of reach; to urllib3 a refused connection is a timeout too."""
    if isinstance(error, SilentError) and not isinstance(error, NewConnectionError):
        return ProblemError(HTTPStatus.GATEWAY_TIMEOUT, "The upstream did not answer in time.")
    return ProblemError(HTTPStatus.BAD_GATEWAY, "The upstream could not be reached.")
