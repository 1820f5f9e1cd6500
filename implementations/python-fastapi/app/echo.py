"""`POST /echo`: typed items in, the same items with their count and total out."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.bodies import JsonRoute

router = APIRouter(route_class=JsonRoute, strict_content_type=False)


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


class EchoResponse(BaseModel):
    """The items as they came, counted and summed."""

    items: list[EchoItem]
    count: int
    total: float


@router.post("/echo")
async def post_echo(order: EchoRequest) -> EchoResponse:
    """The total is the sum of price times quantity."""
    return EchoResponse(
        items=order.items,
        count=len(order.items),
        total=sum(item.price * item.quantity for item in order.items),
    )
