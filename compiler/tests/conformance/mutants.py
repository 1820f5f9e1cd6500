"""Servers that are wrong in one way each, with the check that has to find them."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import count

import httpx
import jwt
import psycopg
from psycopg.rows import DictRow
from pydantic import JsonValue

from benchmark_lab.conformance.schema import members

from .reference import Connection, Input, Reference, RefusalError
from .serving import Request, Response

MUTANTS: list[tuple[str, type[Reference]]] = []


def caught_by(check: str) -> Callable[[type[Reference]], type[Reference]]:
    def add(mutant: type[Reference]) -> type[Reference]:
        MUTANTS.append((check, mutant))
        return mutant

    return add


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
    def validate(self, value: JsonValue, schema: str) -> Input:
        return super().validate(value, schema) | {name: v for name, v in members(value).items() if name == "id"}

    def insert_user(self, body: Input) -> DictRow:
        row = super().insert_user(body)
        return row | body


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


# /users


@caught_by("users-list")
class UsersInAnyOrder(Reference):
    def select_users(self, limit: int, offset: int) -> list[DictRow]:
        with self.connection() as connection:
            return connection.execute("SELECT * FROM users LIMIT %s OFFSET %s", (limit, offset)).fetchall()


@caught_by("users-list")
class OffsetIgnored(Reference):
    def select_users(self, limit: int, offset: int) -> list[DictRow]:  # noqa: ARG002 -- that is the fault
        return super().select_users(limit, 0)


@caught_by("users-list")
class InventedUsers(Reference):
    def select_users(self, limit: int, offset: int) -> list[DictRow]:
        return [row | {"name": "Constant Name"} for row in super().select_users(limit, offset)]


@caught_by("users-list-validation")
class LimitOfAnySize(Reference):
    def integers(self, values: Mapping[str, str], **bounds: tuple[int, int, int | None]) -> list[int]:
        low, _, default = bounds.get("limit", (0, 0, 0))
        return super().integers(values, **(bounds | ({"limit": (low, 10**6, default)} if "limit" in bounds else {})))


@caught_by("users-list-fresh")
class CachedList(Reference):
    def select_users(self, limit: int, offset: int) -> list[DictRow]:
        cache: dict[tuple[int, int], list[DictRow]] = self.__dict__.setdefault("cache", {})
        return cache.setdefault((limit, offset), super().select_users(limit, offset))


@caught_by("users-get")
class CachedUser(Reference):
    def select_user(self, user_id: int) -> DictRow | None:
        cache: dict[int, DictRow | None] = self.__dict__.setdefault("cache", {})
        return cache.setdefault(user_id, super().select_user(user_id))


@caught_by("users-get")
class MillisecondsOnly(Reference):
    def instant(self, moment: datetime) -> str:
        return moment.isoformat(timespec="milliseconds")


@caught_by("users-get")
class InstantWithoutOffset(Reference):
    def instant(self, moment: datetime) -> str:
        return moment.replace(tzinfo=None).isoformat()


@caught_by("users-get-missing")
class MissingUserIsInvented(Reference):
    def select_user(self, user_id: int) -> DictRow | None:
        return super().select_user(user_id) or (super().select_user(1) or {}) | {"id": user_id}


@caught_by("users-create")
class SkippedInsert(Reference):
    def insert_user(self, body: Input) -> DictRow:
        return {"id": 424_242, **body, "created_at": datetime.fromisoformat("2026-01-01T00:00:00Z")}


@caught_by("users-create")
class NoEvent(Reference):
    def record(self, connection: Connection, user_id: int, kind: str) -> None:
        pass


@caught_by("users-create")
class EventTwice(Reference):
    def record(self, connection: Connection, user_id: int, kind: str) -> None:
        for _ in range(2):
            super().record(connection, user_id, kind)


@caught_by("users-create")
class NoTransaction(Reference):
    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self.connection() as connection:
            yield connection


@caught_by("users-create")
class NoLocation(Reference):
    def location(self, row: DictRow) -> dict[str, str]:  # noqa: ARG002 -- that is the fault
        return {}


@caught_by("users-create")
class EmailInLowerCase(Reference):
    def insert_user(self, body: Input) -> DictRow:
        return super().insert_user(body | {"email": str(body["email"]).lower()})


@caught_by("users-create-conflict")
class ConflictLeavesAnEvent(Reference):
    def insert_user(self, body: Input) -> DictRow:
        try:
            return super().insert_user(body)
        except psycopg.errors.UniqueViolation:
            with self.connection() as connection:
                self.record(connection, 1, "created")
            raise


@caught_by("users-create-conflict")
class ConflictIsAServerError(Reference):
    def insert_user(self, body: Input) -> DictRow:
        try:
            return super().insert_user(body)
        except psycopg.errors.UniqueViolation as error:
            raise RefusalError(500, "The database failed.") from error


@caught_by("users-create-validation")
class StoresBeforeItValidates(Reference):
    def validate(self, value: JsonValue, schema: str) -> Input:
        try:
            return super().validate(value, schema)
        except RefusalError:
            with self.connection() as connection:
                self.record(connection, 1, "created")
            raise


@caught_by("users-replace")
class SkippedUpdate(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        row = self.select_user(user_id)
        with self.connection() as connection:
            self.record(connection, user_id, "replaced")
        return row and row | body


@caught_by("users-replace")
class CreatedAnew(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.transaction() as connection:
            connection.execute("UPDATE users SET created_at = now() WHERE id = %s", (user_id,))
        return super().update_user(user_id, body)


@caught_by("users-replace")
class AnotherUserReplaced(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.transaction() as connection:
            connection.execute("UPDATE users SET age = age + 1 WHERE id = 77")
        return super().update_user(user_id, body)


@caught_by("users-replace-missing")
class MissingUserIsCreated(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        return super().update_user(user_id, body) or self.insert_user(body)


@caught_by("users-replace-conflict")
class ConflictRenamesTheOther(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.connection() as connection:
            connection.execute(
                "UPDATE users SET email = 'old-' || email WHERE email = %s AND id <> %s", (body["email"], user_id)
            )
        return super().update_user(user_id, body)


@caught_by("users-replace-conflict")
class OwnEmailIsTaken(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        row = self.select_user(user_id)
        if row and row["email"] == body["email"]:
            raise RefusalError(409, "The email is taken.")
        return super().update_user(user_id, body)


@caught_by("users-replace-validation")
class AnyIdIsMissing(Reference):
    def user_id(self, text: str) -> int:
        try:
            return super().user_id(text)
        except RefusalError as refusal:
            raise self.missing() from refusal


# /external


@caught_by("external")
class UpstreamNeverCalled(Reference):
    def fetch(self, key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()


@caught_by("external")
class UpstreamCalledTwice(Reference):
    def fetch(self, key: str) -> str:
        super().fetch(key)
        return super().fetch(key)


@caught_by("external")
class CachedValue(Reference):
    def fetch(self, key: str) -> str:
        cache: dict[str, str] = self.__dict__.setdefault("cache", {})
        if key not in cache:
            cache[key] = super().fetch(key)
        return cache[key]


@caught_by("external-validation")
class CallsBeforeItValidates(Reference):
    def get_external(self, request: Request) -> Response:
        self.fetch("early")
        return super().get_external(request)


@caught_by("external-bad-gateway")
class PassesAnythingOn(Reference):
    def upstream_value(self, response: httpx.Response) -> str:
        return response.text


@caught_by("external-bad-gateway")
class AsksAgain(Reference):
    def upstream_value(self, response: httpx.Response) -> str:
        try:
            return super().upstream_value(response)
        except RefusalError:
            return super().upstream_value(self.upstream.get(response.request.url))


@caught_by("external-timeout")
class Patient(Reference):
    upstream_timeout_s = 3.5


@caught_by("external-timeout")
class Impatient(Reference):
    upstream_timeout_s = 0.5


# /protected


class Decoding(Reference):
    """A server that checks a token with PyJWT, but not all of it."""

    unchecked: jwt.types.Options = {}

    def decode(self, token: str) -> dict[str, str]:
        claims: dict[str, str] = jwt.decode(
            token,
            self.settings.jwt_secret,
            algorithms=["HS256"],
            audience=self.settings.jwt_audience,
            options=self.unchecked,
        )
        claims.setdefault("sub", "nobody")
        return claims


@caught_by("protected-unauthorized")
class SignatureNotVerified(Decoding):
    unchecked = {"verify_signature": False, "verify_aud": True, "verify_exp": True, "require": ["exp", "sub"]}


@caught_by("protected-unauthorized")
class ExpiryIgnored(Decoding):
    unchecked = {"verify_exp": False, "require": ["exp", "sub"]}


@caught_by("protected-unauthorized")
class AudienceIgnored(Decoding):
    unchecked = {"verify_aud": False, "require": ["exp", "sub"]}


@caught_by("protected-unauthorized")
class ClaimsNotRequired(Decoding):
    pass


@caught_by("protected-unauthorized")
class AlgorithmNoneAccepted(Reference):
    def decode(self, token: str) -> dict[str, str]:
        if jwt.get_unverified_header(token).get("alg") == "none":
            payload = token.split(".")[1]
            claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            return claims
        return super().decode(token)


@caught_by("protected-unauthorized")
class Lenient(Reference):
    def decode(self, token: str) -> dict[str, str]:
        claims: dict[str, str] = jwt.decode(
            token,
            self.settings.jwt_secret,
            algorithms=["HS256"],
            audience=self.settings.jwt_audience,
            options={"require": ["exp", "sub"]},
            leeway=30,
        )
        return claims


@caught_by("protected-unauthorized")
class QueryBeforeToken(Reference):
    def claims(self, request: Request) -> dict[str, str]:
        self.search(request)
        return super().claims(request)


@caught_by("protected-unauthorized")
class NoChallenge(Reference):
    def claims(self, request: Request) -> dict[str, str]:
        try:
            return super().claims(request)
        except RefusalError as refusal:
            raise RefusalError(401, "No valid token.") from refusal


@caught_by("protected-forbidden")
class QueryBeforeScope(Reference):
    def require_scope(self, claims: dict[str, str]) -> None:
        self.missing_scope = "read:protected" not in claims.get("scope", "").split()

    def search(self, request: Request) -> tuple[str, int]:
        found = super().search(request)
        if self.missing_scope:
            raise RefusalError(403, "The token lacks the scope.")
        return found


@caught_by("protected-forbidden")
class ScopeWithinAWord(Reference):
    def require_scope(self, claims: dict[str, str]) -> None:
        if "read:protected" not in claims.get("scope", ""):
            raise RefusalError(403, "The token lacks the scope.")


@caught_by("protected")
class ConstantSubject(Reference):
    def decode(self, token: str) -> dict[str, str]:
        return super().decode(token) | {"sub": "user-1"}


@caught_by("protected-validation")
class PageOfAnySize(Reference):
    def search(self, request: Request) -> tuple[str, int]:
        (page,) = self.integers(request.query, page=(-(10**6), 10**6, 1))
        return self.text(request.query, "q"), page


@caught_by("request-id")
class NoRequestId(Reference):
    def identifier_header(self, identifier: str) -> dict[str, str]:  # noqa: ARG002 -- that is the fault
        return {}


@caught_by("request-id")
class AnyRequestId(Reference):
    def request_id(self, given: str) -> str:
        return given or super().request_id(given)


@caught_by("request-id")
class CountedRequestId(Reference):
    numbers = count()

    def request_id(self, given: str) -> str:
        return given if given and super().request_id(given) == given else str(next(self.numbers))


@caught_by("middleware-chain")
class ChainSkipped(Reference):
    def chain(self) -> JsonValue:
        return []


@caught_by("middleware-chain")
class ChainReversed(Reference):
    def chain(self) -> JsonValue:
        return list(range(self.settings.middleware_depth, 0, -1))


@caught_by("log-line")
class NoLogLine(Reference):
    def log(self, identifier: str, subject: str | None, status: int, seconds: float) -> None:
        pass


@caught_by("log-line")
class LogsEveryRoute(Reference):
    def get_health(self, request: Request) -> Response:
        self.log("none", None, 200, 0)
        return super().get_health(request)


# /upload


@caught_by("upload")
class DigestOfTheName(Reference):
    def post_upload(self, request: Request) -> Response:
        response = super().post_upload(request)
        if response.status != 200:
            return response
        return self.success(json.loads(response.content) | {"sha256": hashlib.sha256(b"data.bin").hexdigest()})


@caught_by("upload")
class SizeOfTheBody(Reference):
    def post_upload(self, request: Request) -> Response:
        length = int(request.headers.get("Content-Length", 0))
        return self.success(json.loads(super().post_upload(request).content) | {"size": length})


@caught_by("upload-media-type")
class AnyMediaType(Reference):
    def post_upload(self, request: Request) -> Response:
        if request.headers.get_content_type() != "multipart/form-data":
            return self.success({"size": 0, "sha256": hashlib.sha256(b"").hexdigest()})
        return super().post_upload(request)


@caught_by("upload-limit")
class UploadsOfAnySize(Reference):
    upload_limit = 2**40


@caught_by("upload-streamed")
class HeldInMemory(Reference):
    def post_upload(self, request: Request) -> Response:
        pieces = []
        while piece := request.read(2**20):
            pieces.append(piece)
        held = iter([*pieces, b""])
        return super().post_upload(Request("POST", "/upload", {}, request.headers, lambda _: next(held)))
