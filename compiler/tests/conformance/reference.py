"""A correct implementation of the API, in methods so small that a mutant overrides just one."""

import hashlib
import json
import queue
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import httpx
import jwt
import psycopg
from psycopg.rows import DictRow, dict_row
from pydantic import JsonValue

from benchmark_lab.conformance.schema import members, parse_json

from .multipart import BrokenMultipartError, read_part
from .refusal import Bounds, RefusalError, bounded_integers, valid_object
from .serving import Request, Response

Input = dict[str, JsonValue]
Connection = psycopg.Connection[DictRow]

_ROUTES = {
    "/health": {"GET": "get_health"},
    "/echo": {"POST": "post_echo"},
    "/users": {"GET": "list_users", "POST": "create_user"},
    r"/users/([^/]+)": {"GET": "get_user", "PUT": "replace_user"},
    "/external": {"GET": "get_external"},
    "/protected": {"GET": "get_protected"},
    "/upload": {"POST": "post_upload"},
}


@dataclass(frozen=True)
class Settings:
    database_url: str
    upstream_url: str
    jwt_secret: str
    jwt_audience: str
    middleware_depth: int
    log: Path


class Reference:
    json_limit = 1_048_576
    upload_limit = 104_857_600
    upstream_timeout_s = 2.0

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.resources = ExitStack()
        self.close = self.resources.close
        self.idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        self.permits = threading.BoundedSemaphore(8)

    @cached_property
    def upstream(self) -> httpx.Client:
        return self.resources.enter_context(httpx.Client(trust_env=False))

    # Every answer

    def __call__(self, request: Request) -> Response:
        try:
            return self.route(request)
        except RefusalError as refusal:
            return self.problem(refusal)
        except psycopg.Error:
            return self.problem(RefusalError(500, "The database failed."))

    def route(self, request: Request) -> Response:
        for pattern, methods in _ROUTES.items():
            if match := re.fullmatch(pattern, request.path):
                if request.method not in methods:
                    raise RefusalError(405, "The path has no such method.")
                response: Response = getattr(self, methods[request.method])(request, *match.groups())
                return response
        raise RefusalError(404, "There is no such path.")

    def success(self, value: JsonValue, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})

    def problem(self, refusal: RefusalError) -> Response:
        problem: Input = {
            "type": "about:blank",
            "title": HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "detail": str(refusal),
        }
        if refusal.status == 422:
            problem["errors"] = self.errors(refusal.fields)
        headers = {"Content-Type": "application/problem+json", **refusal.headers}
        return Response(refusal.status, json.dumps(problem).encode(), headers)

    def errors(self, fields: tuple[str, ...]) -> JsonValue:
        return [{"field": field, "message": "This value is not allowed."} for field in fields]

    def read_json(self, request: Request, schema: str) -> Input:
        content = b""
        while piece := request.read(65_536):
            content += piece
            if len(content) > self.json_limit:
                raise RefusalError(413, "The body is too large.")
        return self.validate(self.parse(content), schema)

    def parse(self, content: bytes) -> JsonValue:
        try:
            return parse_json(content)
        except ValueError as error:
            raise RefusalError(400, "The body is not JSON.") from error

    def validate(self, value: JsonValue, schema: str) -> Input:
        return valid_object(value, schema)

    def integers(self, values: Mapping[str, str], **bounds: Bounds) -> list[int]:
        return bounded_integers(values, bounds)

    def text(self, values: Mapping[str, str], name: str) -> str:
        if not 1 <= len(values.get(name, "")) <= 64:
            raise RefusalError(422, "A parameter is invalid.", name)
        return values[name]

    # /health and /echo

    def get_health(self, _: Request) -> Response:
        return self.success({"status": "ok"})

    def post_echo(self, request: Request) -> Response:
        body = self.read_json(request, "EchoRequest")
        items = body["items"]
        assert isinstance(items, list)
        return self.success(self.echo([self.known_members(members(item)) for item in items]))

    def known_members(self, item: Input) -> Input:
        return {name: item[name] for name in ("id", "name", "price", "quantity", "tags")}

    def echo(self, items: list[Input]) -> JsonValue:
        listed: list[JsonValue] = list(items)
        return {"items": listed, "count": self.count(items), "total": self.total(items)}

    def count(self, items: list[Input]) -> int:
        return len(items)

    def total(self, items: list[Input]) -> float:
        return sum(float(str(item["price"])) * float(str(item["quantity"])) for item in items)

    # /users

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self.permits:
            try:
                connection = self.idle.get_nowait()
            except queue.Empty:
                connection = self.connect()
            try:
                yield connection
            finally:
                self.idle.put(connection)

    def connect(self) -> Connection:
        connection = psycopg.connect(self.settings.database_url, autocommit=True, row_factory=dict_row)
        self.resources.callback(connection.close)
        return connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self.connection() as connection, connection.transaction():
            yield connection

    def list_users(self, request: Request) -> Response:
        limit, offset = self.integers(request.query, limit=(1, 100, 20), offset=(0, 1_000_000, 0))
        page: Input = {"items": [self.user_json(row) for row in self.select_users(limit, offset)]}
        return self.success(page | {"limit": limit, "offset": offset})

    def select_users(self, limit: int, offset: int) -> list[DictRow]:
        with self.connection() as connection:
            return connection.execute("SELECT * FROM users ORDER BY id LIMIT %s OFFSET %s", (limit, offset)).fetchall()

    def get_user(self, _: Request, text: str) -> Response:
        row = self.select_user(self.user_id(text))
        if row is None:
            raise self.missing()
        return self.success(self.user_json(row))

    def missing(self) -> RefusalError:
        return RefusalError(404, "There is no such user.")

    def select_user(self, user_id: int) -> DictRow | None:
        with self.connection() as connection:
            return connection.execute("SELECT * FROM users WHERE id = %s", (user_id,)).fetchone()

    def user_id(self, text: str) -> int:
        (user_id,) = self.integers({"id": text}, id=(1, 2**63 - 1, None))
        return user_id

    def create_user(self, request: Request) -> Response:
        body = self.storable(self.read_json(request, "UserInput"))
        try:
            row = self.insert_user(body)
        except psycopg.errors.UniqueViolation as error:
            raise RefusalError(409, "The email is taken.") from error
        return self.success(self.user_json(row), 201, self.location(row))

    def storable(self, body: Input) -> Input:
        fields = [name for name in ("email", "name") if "\0" in str(body[name])]
        if fields:
            raise RefusalError(422, "A NUL character cannot be stored.", *fields)
        return body

    def location(self, row: DictRow) -> dict[str, str]:
        return {"Location": f"/users/{row['id']}"}

    def insert_user(self, body: Input) -> DictRow:
        with self.transaction() as connection:
            row = connection.execute(
                "INSERT INTO users (email, name, age, active) "
                "VALUES (%(email)s, %(name)s, %(age)s, %(active)s) RETURNING *",
                body,
            ).fetchone()
            assert row
            self.record(connection, row["id"], "created")
            return row

    def record(self, connection: Connection, user_id: int, kind: str) -> None:
        connection.execute("INSERT INTO user_events (user_id, kind) VALUES (%s, %s)", (user_id, kind))

    def replace_user(self, request: Request, text: str) -> Response:
        user_id = self.user_id(text)
        body = self.storable(self.read_json(request, "UserInput"))
        try:
            row = self.update_user(user_id, body)
        except psycopg.errors.UniqueViolation as error:
            raise RefusalError(409, "The email is taken.") from error
        if row is None:
            raise self.missing()
        return self.success(self.user_json(row))

    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.transaction() as connection:
            row = connection.execute(
                "UPDATE users SET email = %(email)s, name = %(name)s, age = %(age)s, active = %(active)s "
                "WHERE id = %(id)s RETURNING *",
                body | {"id": user_id},
            ).fetchone()
            if row:
                self.record(connection, user_id, "replaced")
            return row

    def user_json(self, row: DictRow) -> Input:
        return {**row, "created_at": self.instant(row["created_at"])}

    def instant(self, moment: datetime) -> str:
        return moment.isoformat()

    # /external

    def get_external(self, request: Request) -> Response:
        key = self.text(request.query, "key")
        return self.success({"key": key, "value": self.fetch(key)})

    def fetch(self, key: str) -> str:
        url = f"{self.settings.upstream_url}/value"
        try:
            response = self.upstream.get(url, params={"key": key}, timeout=self.upstream_timeout_s)
        except httpx.TimeoutException as error:
            raise RefusalError(504, "The upstream is too slow.") from error
        return self.upstream_value(response)

    def upstream_value(self, response: httpx.Response) -> str:
        try:
            return str(response.raise_for_status().json()["value"])
        except (httpx.HTTPStatusError, ValueError) as error:
            raise RefusalError(502, "The upstream failed.") from error

    # /protected

    def get_protected(self, request: Request) -> Response:
        started = time.monotonic()
        identifier = self.request_id(request.headers.get("X-Request-Id", ""))
        subject = None
        try:
            claims = self.claims(request)
            subject = claims["sub"]
            response = self.grant(request, claims, identifier)
        except RefusalError as refusal:
            response = self.problem(refusal)
        self.log(identifier, subject, response.status, time.monotonic() - started)
        return replace(response, headers=response.headers | self.identifier_header(identifier))

    def identifier_header(self, identifier: str) -> dict[str, str]:
        return {"X-Request-Id": identifier}

    def request_id(self, given: str) -> str:
        return given if re.fullmatch("[!-~]{1,128}", given) else str(uuid4())

    def claims(self, request: Request) -> dict[str, str]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            return self.decode(token if scheme == "Bearer" else "")
        except jwt.InvalidTokenError as error:
            raise RefusalError(401, "No valid token.", headers={"WWW-Authenticate": "Bearer"}) from error

    def decode(self, token: str) -> dict[str, str]:
        options: jwt.types.Options = {"require": ["exp", "sub"]}
        return jwt.decode(
            token, self.settings.jwt_secret, algorithms=["HS256"], audience=self.settings.jwt_audience, options=options
        )

    def grant(self, request: Request, claims: dict[str, str], identifier: str) -> Response:
        self.require_scope(claims)
        q, page = self.search(request)
        return self.success(
            {
                "subject": claims["sub"],
                "q": q,
                "page": page,
                "request_id": identifier,
                "middlewares": self.chain(),
            }
        )

    def require_scope(self, claims: dict[str, str]) -> None:
        if "read:protected" not in claims.get("scope", "").split():
            raise RefusalError(403, "The token lacks the scope.")

    def search(self, request: Request) -> tuple[str, int]:
        (page,) = self.integers(request.query, page=(1, 1000, 1))
        return self.text(request.query, "q"), page

    def chain(self) -> JsonValue:
        return list(range(1, self.settings.middleware_depth + 1))

    def log(self, identifier: str, subject: str | None, status: int, seconds: float) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(),
            "level": "info",
            "message": "protected",
            "request_id": identifier,
            "subject": subject,
            "status": status,
            "duration_ms": seconds * 1000,
        }
        with self.settings.log.open("a") as log:
            log.write(json.dumps(line) + "\n")

    # /upload

    def post_upload(self, request: Request) -> Response:
        if request.headers.get_content_type() != "multipart/form-data":
            raise RefusalError(415, "The body is not multipart/form-data.")
        boundary = request.headers.get_boundary()
        digest = hashlib.sha256()
        size = 0

        def receive(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            if size > self.upload_limit:
                raise RefusalError(413, "The file is too large.")
            digest.update(piece)

        try:
            found = boundary is not None and read_part(request.read, boundary, "file", receive)
        except BrokenMultipartError as error:
            raise RefusalError(400, "The body breaks off.") from error
        if boundary is None:
            raise RefusalError(400, "Content-Type names no boundary.")
        if not found:
            raise RefusalError(422, "There is no file.", "file")
        return self.success({"size": size, "sha256": digest.hexdigest()})
