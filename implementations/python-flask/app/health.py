"""`GET /health`: whether this process serves."""

from flask import Blueprint

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def get_health() -> dict[str, str]:
    """Answers at once, without database or upstream."""
    return {"status": "ok"}
