"""The upstream that the reference server calls."""

import hashlib
import json
import threading

from .serving import Request, Response


class FakeUpstream:
    def __init__(self) -> None:
        self.hits = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/hits":
                return _json(200, {"hits": self.hits})
            case "POST", "/reset":
                self.hits = 0
                return _json(200, {})
            case "GET", "/value":
                with self._lock:
                    self.hits += 1
                return self._value(request.query["key"])
            case _:
                return _json(404, {})

    def _value(self, key: str) -> Response:
        if key.startswith("fail-"):
            return _json(500, {})
        if key.startswith("garbage-"):
            return Response(200, b"<html>", {"Content-Type": "text/html"})
        if key.startswith("slow-"):
            self.closing.wait(5)
        return _json(200, {"key": key, "value": hashlib.sha256(key.encode()).hexdigest()})


def _json(status: int, value: object) -> Response:
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json"})
