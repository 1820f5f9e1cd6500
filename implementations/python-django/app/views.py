"""What the views of all routes have in common."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.views import View
from pydantic import ValidationError

from app.problems import ProblemError, misfit, problem


class ApiView(View):
    """A view whose errors, a method that it does not serve included, are answered as problems."""

    http_method_names = ("get", "post", "put")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  # as in View
        """Django's dispatch; an exception of another kind is a failure, and becomes 500 further out."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except ProblemError as error:
            return error.response
        except ValidationError as error:
            return misfit(error).response
        except UnreadablePostError:
            # Nobody reads the answer, and it is no fault of the server.
            return problem(HTTPStatus.BAD_REQUEST, "The body ended early.")

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:  # noqa: ANN401, ARG002  # as in View
        """The answer to a method that the view does not serve."""
        allowed = [name.upper() for name in self.http_method_names if hasattr(self, name)]
        return problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "This path does not serve this method.",
            headers={"Allow": ", ".join(allowed)},
        )
