"""`POST /echo`: typed items in, the same items with their count and total out."""

from typing import Annotated

from flask import Blueprint, request
from pydantic import BaseModel, ConfigDict, Field

from app.bodies import read_json

blueprint = Blueprint("echo", __name__)


class EchoItem(BaseModel):
    """One item of an order."""

    model_config = ConfigDict(strict=True)

    id: int = Field(ge=0, le=2**53 - 1)
    name: str = Field(min_length=1, max_length=200)
    price: float = Field(ge=0, le=1_000_000)
    quantity: int = Field(ge=0, le=1_000_000)
    tags: list[Annotated[str, Field(max_length=50)]] = Field(max_length=20)


class EchoRequest(BaseModel):
    """The items to answer."""

    model_config = ConfigDict(strict=True)

    items: list[EchoItem] = Field(max_length=1000)


@blueprint.post("/echo")
def post_echo() -> dict[str, object]:
    """The items as they came, counted; the total is the sum of price times quantity."""
    order = read_json(request, EchoRequest)
    return {
        "items": order.model_dump()["items"],
        "count": len(order.items),
        "total": sum(item.price * item.quantity for item in order.items),
    }
