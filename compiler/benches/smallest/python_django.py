"""The smallest program on Django that answers `/health` and `/echo`."""
# mypy: ignore-errors
# ruff: noqa: D103, ANN001, ANN201, INP001  # it is measured as short as can be; Django stands in the build of the implementation alone

import json

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


def health(_request):
    return JsonResponse({"status": "ok"})


def echo(request):
    items = json.loads(request.body)["items"]
    total = sum(item["price"] * item["quantity"] for item in items)
    return JsonResponse({"items": items, "count": len(items), "total": total})


urlpatterns = [path("health", health), path("echo", echo)]
app = get_wsgi_application()
