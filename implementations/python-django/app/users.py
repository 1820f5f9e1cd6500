"""`/users`: pages, single users, and writes that leave an audit event in the same transaction."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, JsonResponse
from pydantic import BaseModel, ConfigDict, Field

from app.bodies import read_json
from app.parameters import Integer
from app.problems import ProblemError
from app.stores import chosen_store
from app.stores.store import EmailTakenError, UserFields
from app.views import ApiView


class UserPath(BaseModel):
    """Which user."""

    id: Annotated[Integer, Field(ge=1, le=2**63 - 1)]


class PageQuery(BaseModel):
    """Which page."""

    limit: Annotated[Integer, Field(ge=1, le=100)] = 20
    offset: Annotated[Integer, Field(ge=0, le=1_000_000)] = 0


class UserInput(BaseModel):
    """What a client may say about a user; PostgreSQL's text cannot hold NUL."""

    model_config = ConfigDict(strict=True)

    email: str = Field(min_length=3, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")
    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")
    age: int = Field(ge=0, le=150)
    active: bool

    @property
    def fields(self) -> UserFields:
        """The columns."""
        return {"email": self.email, "name": self.name, "age": self.age, "active": self.active}


class Encoder(DjangoJSONEncoder):
    """Writes an instant to the microsecond, where Django's own stops at the millisecond."""

    def default(self, value: object) -> object:
        """What the standard library cannot write."""
        return value.isoformat() if isinstance(value, datetime) else super().default(value)


class UserListView(ApiView):
    """All users."""

    def get(self, request: HttpRequest) -> JsonResponse:
        """One page; past the end it is empty."""
        page = PageQuery.model_validate(request.GET.dict())
        users = chosen_store().list_users(page.limit, page.offset)
        return JsonResponse({"items": users, "limit": page.limit, "offset": page.offset}, encoder=Encoder)

    def post(self, request: HttpRequest) -> JsonResponse:
        """The stored user, or 409 where the email is taken."""
        fields = read_json(request, UserInput).fields
        try:
            user = chosen_store().create_user(fields)
        except EmailTakenError as error:
            raise email_taken() from error
        headers = {"Location": f"/users/{user['id']}"}
        return JsonResponse(user, encoder=Encoder, status=HTTPStatus.CREATED, headers=headers)


class UserView(ApiView):
    """One user."""

    def get(self, _request: HttpRequest, user_id: str) -> JsonResponse:
        """One user, or 404."""
        user = chosen_store().get_user(UserPath.model_validate({"id": user_id}).id)
        if user is None:
            raise no_such_user()
        return JsonResponse(user, encoder=Encoder)

    def put(self, request: HttpRequest, user_id: str) -> JsonResponse:
        """The user as stored now, 404 where there is none, or 409 where another user has the email."""
        path = UserPath.model_validate({"id": user_id})
        fields = read_json(request, UserInput).fields
        try:
            user = chosen_store().replace_user(path.id, fields)
        except EmailTakenError as error:
            raise email_taken() from error
        if user is None:
            raise no_such_user()
        return JsonResponse(user, encoder=Encoder)


def no_such_user() -> ProblemError:
    """No row has the id."""
    return ProblemError(HTTPStatus.NOT_FOUND, "There is no user with this id.")


def email_taken() -> ProblemError:
    """Emails are unique."""
    return ProblemError(HTTPStatus.CONFLICT, "Another user has this email.")
