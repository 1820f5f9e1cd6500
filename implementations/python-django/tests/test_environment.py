import pytest
from app.environment import Environment
from pydantic import ValidationError


@pytest.mark.parametrize(
    ("total", "workers", "threads", "size"), [(16, 1, 16, 16), (16, 3, 16, 5), (2, 3, 16, 1), (16, 3, 1, 1)]
)
def test_a_process_gets_its_share_of_the_connections_at_least_one_and_no_more_than_its_threads(
    total: int, workers: int, threads: int, size: int
) -> None:
    update = {"db_pool_total": total, "workers": workers, "threads": threads}
    assert Environment().model_copy(update=update).pool_size == size


def test_a_refused_value_does_not_print_the_secrets() -> None:
    known = Environment().model_dump() | {"jwt_secret": "do not print", "log_level": "loud"}
    with pytest.raises(ValidationError, match="log_level") as refused:
        Environment.model_validate(known)
    assert "do not print" not in str(refused.value)
