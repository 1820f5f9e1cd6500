"""Bearer tokens for the protected route: valid ones, and the forgeries that a JWT library refuses to make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Claim = str | int
Algorithm = Literal["HS256", "HS384", "HS512", "none"]

_SCOPE = "read:protected"
_LIFETIME_S = 300
_SIGNATURES: Mapping[Algorithm, Callable[[bytes, bytes], bytes]] = {
    "HS256": lambda key, data: hmac.digest(key, data, hashlib.sha256),
    "HS384": lambda key, data: hmac.digest(key, data, hashlib.sha384),
    "HS512": lambda key, data: hmac.digest(key, data, hashlib.sha512),
    "none": lambda _key, _data: b"",
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """Signs tokens as the target's issuer would."""

    secret: str
    audience: str

    def header(self, **claims: Claim | None) -> dict[str, str]:
        """The header of a valid token; a claim given as None is left out."""
        return self._bearer(self.sign(self._claims(claims)))

    def refused(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Headers that must not let anyone in, with what is wrong with each."""
        claims = self._claims({})
        valid = self.sign(claims)
        head, payload, signature = valid.split(".")
        stranger = self.sign(self._claims({"sub": "somebody-else"})).split(".")[1]
        yield "no Authorization header", {}
        yield "another scheme", {"Authorization": f"Basic {valid}"}
        yield "a scheme without a token", {"Authorization": "Bearer"}
        yield "a token that is no JWT", self._bearer("not-a-token")
        yield "three parts that are no JWT", self._bearer("a.b.c")
        yield "another key", self._bearer(self.sign(claims, key=f"{self.secret}-of-another"))
        yield "another token's signature", self._bearer(f"{head}.{stranger}.{signature}")
        yield "no signature", self._bearer(f"{head}.{payload}.")
        yield "algorithm none", self._bearer(self.sign(claims, algorithm="none"))
        yield "algorithm HS384", self._bearer(self.sign(claims, algorithm="HS384"))
        yield "algorithm HS512", self._bearer(self.sign(claims, algorithm="HS512"))
        yield "an expiry 2 seconds ago", self.header(exp=int(time.time()) - 2)
        yield "an expiry an hour ago", self.header(exp=int(time.time()) - 3600)
        yield "no exp", self.header(exp=None)
        yield "no sub", self.header(sub=None)
        yield "another audience", self.header(aud=f"not-{self.audience}")
        yield "no audience", self.header(aud=None)

    def without_scope(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Headers of valid tokens that lack the scope."""
        yield "no scope", self.header(scope=None)
        yield "an empty scope", self.header(scope="")
        yield "another scope", self.header(scope="read:other")
        yield "a longer word", self.header(scope=f"{_SCOPE}-not x{_SCOPE}")

    def sign(self, claims: Mapping[str, Claim], *, key: str | None = None, algorithm: Algorithm = "HS256") -> str:
        """A JWT in compact form."""
        head = f"{_encode(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}"
        data = f"{head}.{_encode(json.dumps(claims).encode())}"
        signature = _SIGNATURES[algorithm]((key or self.secret).encode(), data.encode())
        return f"{data}.{_encode(signature)}"

    def _claims(self, changes: Mapping[str, Claim | None]) -> dict[str, Claim]:
        defaults: dict[str, Claim] = {
            "sub": "conformance",
            "aud": self.audience,
            "exp": int(time.time()) + _LIFETIME_S,
            "scope": f"read:other {_SCOPE}",
        }
        return {name: value for name, value in {**defaults, **changes}.items() if value is not None}

    def _bearer(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
