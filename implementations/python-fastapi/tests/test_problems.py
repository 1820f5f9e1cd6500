import httpx
import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("style", ["documented", "lean"])]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/users/", 404),
        ("GET", "/docs", 404),
        ("DELETE", "/users", 405),
        ("GET", "/echo", 405),
    ],
)
async def test_the_routers_errors_are_problems(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() == {"type", "title", "status", "detail"}


async def test_a_failure_of_the_server_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/users/1")  # the client's application has no pool
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
