"""`POST /echo`: typed items in, the same items with their count and total out."""

from typing import Annotated

from django.http import HttpRequest, JsonResponse
from pydantic import BaseModel, ConfigDict, Field

from app.bodies import read_json
from app.views import ApiView


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


class EchoView(ApiView):
    """Parses an order and answers it."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """The items as they came, counted; the total is the sum of price times quantity."""
        order = read_json(request, EchoRequest)
        return JsonResponse(
            {
                "items": order.model_dump()["items"],
                "count": len(order.items),
                "total": sum(item.price * item.quantity for item in order.items),
            }
        )
