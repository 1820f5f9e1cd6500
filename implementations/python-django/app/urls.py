"""The routes."""

from django.urls import path

from app import problems
from app.echo import EchoView
from app.external import ExternalView
from app.health import HealthView
from app.protected import PATH, ProtectedView
from app.upload import UploadView
from app.users import UserListView, UserView

urlpatterns = [
    path("health", HealthView.as_view()),
    path("echo", EchoView.as_view()),
    path("users", UserListView.as_view()),
    path("users/<str:user_id>", UserView.as_view()),
    path("external", ExternalView.as_view()),
    path(PATH.removeprefix("/"), ProtectedView.as_view()),
    path("upload", UploadView.as_view()),
]

handler400 = problems.bad_request
handler404 = problems.not_found
handler500 = problems.server_failure
