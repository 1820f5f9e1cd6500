"""Servers that get /external, /protected or /upload wrong."""

import base64
import hashlib
import json
from itertools import count

import httpx
import jwt
from pydantic import JsonValue

from .mutant import caught_by
from .reference import Reference
from .refusal import RefusalError
from .serving import Request, Response

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
