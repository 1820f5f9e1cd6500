"""The WSGI application."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler

from app.requests import Request


class Handler(WSGIHandler):
    """Django's handler with the API's own kind of request."""

    request_class = Request


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "app.settings")
django.setup(set_prefix=False)
application = Handler()
