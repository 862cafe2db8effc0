"""A GraphQL client that knows nothing of the hub but its address."""

from __future__ import annotations

from typing import Any

import httpx


class GraphQLFailed(AssertionError):
    """The answer has `errors`; their codes in `codes`, the whole answer in `answer`."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(str(answer.get("errors", answer)))
        self.answer = answer
        self.codes = [error.get("extensions", {}).get("code") for error in answer.get("errors", [])]


class GraphQL:
    """Speaks for one token; without one, for nobody."""

    def __init__(self, http: httpx.AsyncClient, token: str | None = None, **headers: str) -> None:
        """`http` has the hub as its base URL. Underscores in names of `headers` stand for hyphens."""
        self._http = http
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """`data` of the answer to a query or a mutation. Raises GraphQLFailed when there are errors."""
        answer = (await self.raw(document, **variables)).json()
        if "errors" in answer or answer.get("data") is None:
            raise GraphQLFailed(answer)
        return answer["data"]

    async def raw(self, document: str, **variables: Any) -> httpx.Response:
        """The HTTP response as it came."""
        return await self.post({"query": document, "variables": variables})

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        """Send any body: bytes go as they are, everything else as JSON."""
        sent = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            return await self._http.post("/graphql", content=body, headers=sent)
        return await self._http.post("/graphql", json=body, headers=sent)
