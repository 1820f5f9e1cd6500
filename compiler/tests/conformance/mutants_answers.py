"""Servers that get every answer, /health or /echo wrong."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace

from psycopg.rows import DictRow
from pydantic import JsonValue

from .mutant import caught_by
from .reference import Input, Reference
from .refusal import RefusalError
from .serving import Request, Response

# Every answer


@caught_by("json-content-type")
class PlainText(Reference):
    def success(self, value: JsonValue, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return super().success(value, status, {**(headers or {}), "Content-Type": "text/plain"})


@caught_by("problem-json")
class ErrorsOfItsOwnShape(Reference):
    def problem(self, refusal: RefusalError) -> Response:
        return Response(refusal.status, b'{"error": "no"}', {"Content-Type": "application/json", **refusal.headers})


@caught_by("problem-json")
class StatusNotInProblem(Reference):
    def problem(self, refusal: RefusalError) -> Response:
        response = super().problem(refusal)
        return Response(
            refusal.status, json.dumps(json.loads(response.content) | {"status": 400}).encode(), response.headers
        )


@caught_by("problem-errors")
class OnlyTheFirstInvalidField(Reference):
    def errors(self, fields: tuple[str, ...]) -> JsonValue:
        return super().errors(fields[:1])


@caught_by("problem-errors")
class FieldsWithoutTheirPath(Reference):
    def errors(self, fields: tuple[str, ...]) -> JsonValue:
        return super().errors(tuple(field.split(".")[-1] for field in fields))


@caught_by("malformed-json")
class MalformedIsInvalid(Reference):
    def parse(self, content: bytes) -> JsonValue:
        try:
            return super().parse(content)
        except RefusalError as refusal:
            raise RefusalError(422, "The body is invalid.", "body") from refusal


@caught_by("malformed-json")
class NanPasses(Reference):
    def parse(self, content: bytes) -> JsonValue:
        return super().parse(content.replace(b"NaN", b"0"))


@caught_by("no-coercion")
class DigitsBecomeIntegers(Reference):
    def validate(self, value: JsonValue, schema: str) -> Input:
        return super().validate(self.coerce(value), schema)

    def coerce(self, value: JsonValue) -> JsonValue:
        match value:
            case dict():
                return {name: self.coerce(member) for name, member in value.items()}
            case list():
                return [self.coerce(item) for item in value]
            case str() if value.isdecimal() and value.isascii():
                return int(value)
            case _:
                return value


@caught_by("unknown-members")
class UnknownMembersComeBack(Reference):
    def known_members(self, item: Input) -> Input:
        return item


@caught_by("unknown-members")
class ClientsChooseTheId(Reference):
    def insert_user(self, body: Input) -> DictRow:
        row = super().insert_user(body)
        if "id" in body:
            with self.connection() as connection:
                connection.execute("DELETE FROM user_events WHERE user_id = %s", (row["id"],))
                connection.execute("UPDATE users SET id = %s WHERE id = %s", (body["id"], row["id"]))
        return row | {"id": body.get("id", row["id"])}


@caught_by("json-limit")
class NoLimit(Reference):
    json_limit = 2**30


@caught_by("json-limit")
class LimitTooEarly(Reference):
    json_limit = 1_000_000


@caught_by("unknown-route")
class UnknownMethodIsUnknownPath(Reference):
    def route(self, request: Request) -> Response:
        try:
            return super().route(request)
        except RefusalError as refusal:
            raise RefusalError(404 if refusal.status == 405 else refusal.status, "No.") from refusal


@caught_by("keep-alive")
class ClosesEachConnection(Reference):
    def __call__(self, request: Request) -> Response:
        return replace(super().__call__(request), close=True)


# /health and /echo


@caught_by("health")
class HealthAsksTheDatabase(Reference):
    def get_health(self, request: Request) -> Response:
        self.select_user(1)
        return super().get_health(request)


@caught_by("health")
class HealthAsksTheUpstream(Reference):
    def get_health(self, request: Request) -> Response:
        self.fetch("health")
        return super().get_health(request)


@caught_by("echo")
class ConstantEcho(Reference):
    def echo(self, items: list[Input]) -> JsonValue:
        item: Input = {"id": 1, "name": "constant", "price": 1, "quantity": 1, "tags": []}
        return super().echo([item for _ in items])


@caught_by("echo")
class WrongCount(Reference):
    def count(self, items: list[Input]) -> int:
        return max(len(items), 1)


@caught_by("echo")
class TotalWithoutQuantity(Reference):
    def total(self, items: list[Input]) -> float:
        return sum(float(str(item["price"])) for item in items)


@caught_by("echo")
class TotalInCents(Reference):
    def total(self, items: list[Input]) -> float:
        return round(super().total(items), 2)


@caught_by("echo")
class EchoOfTheLastRequest(Reference):
    """Keeps the items on the application, where another thread finds them."""

    def echo(self, items: list[Input]) -> JsonValue:
        self.items = items
        time.sleep(0.01)
        return super().echo(self.items)


@caught_by("echo-validation")
class NamesOfAnyLength(Reference):
    def validate(self, value: JsonValue, schema: str) -> Input:
        try:
            return super().validate(value, schema)
        except RefusalError as refusal:
            if not all(field.endswith("name") for field in refusal.fields):
                raise
            assert isinstance(value, dict)
            return value
