"""Django's settings: those of an API without users, sessions or templates, and those of the environment."""

from psycopg.conninfo import conninfo_to_dict

from app.environment import Environment

environment = Environment()

DEBUG = False
INSTALLED_APPS = ["app"]
ROOT_URLCONF = "app.urls"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
APPEND_SLASH = False  # an unknown path is 404
MIDDLEWARE = [
    "app.middleware.RequestLogMiddleware",
    "app.middleware.ContentLengthMiddleware",
    *["app.middleware.CountingMiddleware"] * environment.middleware_depth,
]

DATABASE_URL = environment.database_url.get_secret_value()
DATABASE_POOL_SIZE = environment.pool_size
DATA_ACCESS = environment.data_access
address = conninfo_to_dict(DATABASE_URL)
# Only the ORM connects so.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.pop("dbname"),
        "OPTIONS": address
        | {
            "pool": {"min_size": DATABASE_POOL_SIZE, "max_size": DATABASE_POOL_SIZE},
            "server_side_binding": True,
            # Pages are many statements, so one is prepared only when it comes again and again: psycopg's default.
            "prepare_threshold": 5,
        },
    }
}

UPSTREAM_URL = environment.upstream_url
JWT_SECRET = environment.jwt_secret.get_secret_value()
JWT_AUDIENCE = environment.jwt_audience

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"failures": {"()": "app.logs.FailureFilter"}},
    "formatters": {"json": {"()": "app.logs.JsonFormatter"}},
    "handlers": {
        "events": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"},
        "failures": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "filters": ["failures"]},
    },
    "loggers": {
        "app": {"handlers": ["events"], "level": environment.log_level.upper(), "propagate": False},
        "django": {"handlers": ["failures"], "level": "ERROR", "propagate": False},
    },
}
