import jwt
import pytest

from benchmark_lab.conformance.tokens import Tokens

TOKENS = Tokens(secret="0123456789abcdef" * 4, audience="lab")
REFUSED = dict(TOKENS.refused())


def decode(headers: dict[str, str]) -> dict[str, str]:
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        raise jwt.InvalidTokenError
    options: jwt.types.Options = {"require": ["exp", "sub"]}
    claims: dict[str, str] = jwt.decode(
        token, TOKENS.secret, algorithms=["HS256"], audience=TOKENS.audience, options=options
    )
    return claims


def test_a_valid_token_is_accepted_by_another_library() -> None:
    claims = decode(TOKENS.header(sub="someone"))
    assert claims["sub"] == "someone"
    assert "read:protected" in claims["scope"].split()


@pytest.mark.parametrize("what", REFUSED)
def test_a_forged_token_is_refused_by_another_library(what: str) -> None:
    with pytest.raises(jwt.InvalidTokenError):
        decode(REFUSED[what])


def test_a_token_without_the_scope_is_a_valid_token() -> None:
    for _, headers in TOKENS.without_scope():
        assert "read:protected" not in decode(headers).get("scope", "").split()
