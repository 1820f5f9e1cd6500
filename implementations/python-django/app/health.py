"""`GET /health`: whether this process serves."""

from django.http import HttpRequest, JsonResponse

from app.views import ApiView


class HealthView(ApiView):
    """Answers at once, without database or upstream."""

    def get(self, _request: HttpRequest) -> JsonResponse:
        """A process that answers is ready."""
        return JsonResponse({"status": "ok"})
