"""Turns spec/openapi.yaml into the operations to call and the departures of an answer from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import Field, JsonValue, TypeAdapter

from benchmark_lab.conformance.schema import Described, Object, Schema, String, matches, members, parse_json

Method = Literal["get", "put", "post", "delete", "patch"]

_PROBLEM_MEDIA_TYPE = "application/problem+json"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_MAX_REPORTED = 3


class ApiParameter(Described):
    """One declared parameter of an operation."""

    name: str
    place: Literal["path", "query", "header"] = Field(alias="in")
    required: bool = False
    value: Schema = Field(alias="schema")


class _Header(Described):
    required: bool = False
    value: String = Field(alias="schema")


class _AnswerMedia(Described):
    value: dict[str, JsonValue] = Field(alias="schema")


class _BodyMedia(Described):
    value: JsonValue = Field(alias="schema")


class _Body(Described):
    content: dict[str, _BodyMedia]


class _Response(Described):
    headers: dict[str, _Header] = {}
    content: dict[str, _AnswerMedia]


class _Operation(Described):
    id: str = Field(alias="operationId")
    parameters: tuple[ApiParameter, ...] = ()
    body: _Body | None = Field(None, alias="requestBody")
    responses: dict[int, _Response]


@dataclass(frozen=True, slots=True)
class Expectation:
    """How one answer must look."""

    media_type: str
    headers: Mapping[str, _Header]
    validator: Draft202012Validator

    def departures(self, headers: Mapping[str, str], content: bytes) -> Iterator[str]:
        """Where an answer differs."""
        for name, header in self.headers.items():
            yield from _header_departures(name, header, headers.get(name.lower()))
        got = headers.get("content-type", "")
        if got.split(";")[0].strip().lower() != self.media_type:
            yield f"Content-Type {self.media_type} expected, not {got or 'none'}"
        try:
            body = parse_json(content)
        except ValueError as error:
            yield f"the body is not JSON: {error}"
        else:
            errors = sorted(self.validator.iter_errors(body), key=lambda error: error.json_path)
            yield from (f"{error.json_path}: {error.message[:160]}" for error in errors[:_MAX_REPORTED])


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how it is called and what it answers by status."""

    id: str
    method: str
    path: str
    parameters: tuple[ApiParameter, ...]
    json_body: Object | None
    answers: Mapping[int, Expectation]

    def parameters_in(self, place: Literal["path", "query"]) -> list[ApiParameter]:
        """The parameters at one place."""
        return [parameter for parameter in self.parameters if parameter.place == place]


@dataclass(frozen=True, slots=True)
class Contract:
    """The OpenAPI document."""

    operations: Mapping[str, Operation]
    """By `operationId`."""
    problem: Expectation
    """What an error is that no operation describes, such as 405 or 500."""
    text: str
    """The document as written."""

    @classmethod
    def read(cls, path: Path) -> Contract:
        """Reads an OpenAPI 3.1 file."""
        text = path.read_text(encoding="utf-8")
        document = members(yaml.safe_load(text))
        whole = members(_inline(document, document))
        schemas = members(members(whole["components"])["schemas"])
        problem = Expectation(_PROBLEM_MEDIA_TYPE, {}, _validator(schemas["Problem"]))
        return cls({operation.id: operation for operation in _operations(members(whole["paths"]))}, problem, text)

    def body(self, operation: str) -> Object:
        """The schema of an operation's JSON body."""
        schema = self.operations[operation].json_body
        if schema is None:
            raise LookupError(f"{operation} takes no JSON")
        return schema


def _inline(node: JsonValue, document: dict[str, JsonValue]) -> JsonValue:
    """The same node with each `$ref` replaced by what it points to; the document has no cycles."""
    match node:
        case {"$ref": str(reference)}:
            target: JsonValue = document
            for key in reference.removeprefix("#/").split("/"):
                target = members(target)[key]
            return _inline(target, document)
        case dict():
            return {key: _inline(value, document) for key, value in node.items()}
        case list():
            return [_inline(value, document) for value in node]
        case _:
            return node


def _operations(paths: Mapping[str, JsonValue]) -> Iterator[Operation]:
    for path, described in paths.items():
        item = members(described)
        shared = _PARAMETERS.validate_python(item.get("parameters", []))
        for method in get_args(Method):
            if method not in item:
                continue
            operation = _Operation.model_validate(item[method])
            body = operation.body.content.get("application/json") if operation.body else None
            yield Operation(
                id=operation.id,
                method=method.upper(),
                path=path,
                parameters=shared + operation.parameters,
                json_body=Object.model_validate(body.value) if body else None,
                answers={status: _expectation(response) for status, response in operation.responses.items()},
            )


def _expectation(response: _Response) -> Expectation:
    ((media_type, media),) = response.content.items()
    return Expectation(media_type, response.headers, _validator(media.value))


def _validator(schema: JsonValue) -> Draft202012Validator:
    return Draft202012Validator(members(schema), format_checker=_FORMATS)


def _header_departures(name: str, header: _Header, value: str | None) -> Iterator[str]:
    if value is None:
        if header.required:
            yield f"header {name} is missing"
        return
    longest = header.value.max_length
    if len(value) < header.value.min_length or (longest is not None and len(value) > longest):
        yield f"header {name} has {len(value)} characters"
    if header.value.pattern and not matches(header.value.pattern, value):
        yield f"header {name}: {value!r} does not match {header.value.pattern}"


_PARAMETERS = TypeAdapter(tuple[ApiParameter, ...])
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_rfc3339(value: object) -> bool:
    return not isinstance(value, str) or bool(_RFC3339.fullmatch(value) and datetime.fromisoformat(value.upper()))


@_FORMATS.checks("int64")
def _is_int64(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63
