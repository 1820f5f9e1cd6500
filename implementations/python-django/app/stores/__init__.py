"""Where users are kept: the same behaviour with the API's own statements (`raw`) and with Django's ORM (`orm`)."""

from types import MappingProxyType

from django.conf import settings

from app.stores import orm, raw
from app.stores.store import Store

STORES: MappingProxyType[str, Store] = MappingProxyType({"raw": raw, "orm": orm})


def chosen_store() -> Store:
    """The store that settings.DATA_ACCESS names."""
    return STORES[settings.DATA_ACCESS]
