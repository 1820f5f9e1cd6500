import pytest
from app.settings import Settings
from pydantic import ValidationError


@pytest.mark.parametrize(("total", "workers", "size"), [(16, 1, 16), (16, 3, 5), (2, 3, 1)])
def test_a_process_gets_its_share_of_the_connections_and_at_least_one(
    settings: Settings, total: int, workers: int, size: int
) -> None:
    assert settings.model_copy(update={"db_pool_total": total, "workers": workers}).pool_size == size


def test_a_refused_setting_does_not_print_the_secrets(settings: Settings) -> None:
    known = settings.model_dump() | {"jwt_secret": "do not print", "log_level": "loud"}
    with pytest.raises(ValidationError, match="log_level") as refused:
        Settings.model_validate(known)
    assert "do not print" not in str(refused.value)
