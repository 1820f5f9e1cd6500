"""The smallest program on FastAPI that answers `/health` and `/echo`."""
# mypy: ignore-errors
# ruff: noqa: D101, D103, INP001  # it is measured as short as can be; FastAPI stands in the build of the implementation alone

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    id: int
    name: str
    price: float
    quantity: int
    tags: list[str]


class Order(BaseModel):
    items: list[Item]


class Echo(Order):
    count: int
    total: float


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/echo")
async def echo(order: Order) -> Echo:
    total = sum(item.price * item.quantity for item in order.items)
    return Echo(items=order.items, count=len(order.items), total=total)
