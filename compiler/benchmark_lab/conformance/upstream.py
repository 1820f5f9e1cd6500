"""The upstream, asked directly."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from benchmark_lab.conformance.sut import UnreachableError


@dataclass(frozen=True, slots=True)
class Upstream:
    """Counts the calls that a server makes, and knows what it should have got."""

    client: httpx.AsyncClient
    url: str

    async def hits(self) -> int:
        """The `/value` requests since the last reset, of everyone."""
        return int((await self._get("/hits")).json()["hits"])

    async def value(self, key: str) -> str:
        """The value for a key; counts as one hit."""
        return str((await self._get("/value", {"key": key})).json()["value"])

    async def _get(self, path: str, query: dict[str, str] | None = None) -> httpx.Response:
        try:
            response = await self.client.get(f"{self.url}{path}", params=query, timeout=5)
            return response.raise_for_status()
        except httpx.HTTPError as error:
            raise UnreachableError(f"the upstream {self.url} does not answer {path}: {error!r}") from error
