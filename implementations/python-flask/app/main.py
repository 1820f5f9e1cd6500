"""Puts settings, routes, middlewares and the pool of one process together into the application."""

from flask import Flask

from app import echo, external, health, problems, protected, upload, users
from app.database import new_pool
from app.json_provider import JsonProvider
from app.logs import configure_logs
from app.middleware import CountingMiddleware, RequestLogMiddleware
from app.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The application; its settings come from the environment unless a test gives them."""
    settings = settings or Settings()
    configure_logs(settings.log_level)
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(
        UPSTREAM_URL=settings.upstream_url,
        JWT_SECRET=settings.jwt_secret.get_secret_value(),
        JWT_AUDIENCE=settings.jwt_audience,
        PROVIDE_AUTOMATIC_OPTIONS=False,  # a method that no route names is 405
    )
    app.json = JsonProvider(app)
    app.url_map.merge_slashes = False  # an unknown path is 404
    app.extensions["pool"] = new_pool(settings.database_url.get_secret_value(), settings.pool_size)
    problems.register(app)
    for module in (health, echo, users, external, protected, upload):
        app.register_blueprint(module.blueprint)
    # The last one put around the application is the outermost.
    for position in range(settings.middleware_depth, 0, -1):
        app.wsgi_app = CountingMiddleware(app.wsgi_app, position)  # type: ignore[method-assign]  # as Flask documents
    app.wsgi_app = RequestLogMiddleware(app.wsgi_app, protected.PATH)  # type: ignore[method-assign]  # likewise
    return app
