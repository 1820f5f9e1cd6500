"""`GET /health`: whether this process serves."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()


class Health(BaseModel):
    """The answer of a process that is ready."""

    status: Literal["ok"]


@router.get("/health")
async def get_health() -> Health:
    """Answers at once, without database or upstream."""
    return Health(status="ok")
