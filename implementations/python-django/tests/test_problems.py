import httpx
import pytest


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/users/", 404),
        ("GET", "//health", 404),
        ("DELETE", "/users", 405),
        ("OPTIONS", "/users/1", 405),
        ("GET", "/echo", 405),
    ],
)
def test_the_routers_errors_are_problems(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, f"http://api.test{path}")
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() == {"type", "title", "status", "detail"}


def test_a_refused_method_is_told_which_ones_are_served(client: httpx.Client) -> None:
    answer = client.delete("/users")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("path", ["/health", "/nothing", "/users/0", "/users/1"])
def test_every_answer_declares_its_length(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers.get_list("content-length") == [str(len(answer.content))]


def test_a_failure_of_the_server_is_a_problem(client: httpx.Client) -> None:
    answer = client.get("/users/1")  # no pool is open
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
