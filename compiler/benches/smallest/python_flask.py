"""The smallest program on Flask that answers `/health` and `/echo`."""
# mypy: ignore-errors
# ruff: noqa: D103, ANN201, INP001  # it is measured as short as can be; Flask stands in the build of the implementation alone

from flask import Flask, request

app = Flask(__name__)
app.json.sort_keys = False  # the members in the API's order


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/echo")
def echo():
    items = request.get_json()["items"]
    return {"items": items, "count": len(items), "total": sum(item["price"] * item["quantity"] for item in items)}
