"""The vendor's two OpenAPI documents as judges of every answer that these tests get."""

from __future__ import annotations

from typing import Any

import httpx

from tests.harness.contracts import contract, judge, judge_component
from tests.harness.needs import contracts

#: Of the reference, and the newest one.
OLD, NEW = "openapi.json", "openapi-latest.json"
BOTH = (OLD, NEW)
#: The schemas of answers that the documents know without their paths, by the number of segments below `/v1`.
_BESIDES = {
    ("GET", "user"): ("User", (NEW,)),
    ("GET", "spaces/*"): ("Space", BOTH),
    ("GET", "orgs/*"): ("Organization", BOTH),
    ("GET", "orgs/*/sites/*"): ("Site", BOTH),
    ("POST", "integrations/*/installations/*/spaces"): ("IntegrationSpaceInstallation", BOTH),
    ("PATCH", "integrations/*/installations/*/spaces/*"): ("IntegrationSpaceInstallation", BOTH),
    ("PATCH", "integrations/*/installations/*/sites/*"): ("IntegrationSiteInstallation", BOTH),
}


def judge_answer(method: str, path: str, answer: httpx.Response, documents: tuple[str, ...] = BOTH) -> None:
    """Raises AssertionError unless these documents allow the answer. `path` is below `/v1`, without its query.

    Refusals are judged by the old document, which alone has their form; answers without a body by the new one, which
    alone has 205. Without the documents nothing is judged.
    """
    if contracts() is None:
        return
    if answer.is_error:
        judge_component("gitbook", OLD, "Error", answer.json())
        return
    besides = next((found for (verb, shape), found in _BESIDES.items() if verb == method and fits(path, shape)), None)
    if besides is not None:
        for document in set(documents) & set(besides[1]):
            judge_component("gitbook", document, besides[0], answer.json())
        return
    if not answer.content:
        if method == "DELETE" and _is_besides(path):
            assert answer.status_code in (204, 205)
            return
        judge("gitbook", NEW, f"{method} {path}", answer.status_code)
        return
    for document in documents:
        judge("gitbook", document, f"{method} {path}", answer.status_code, answer.json())


def judge_old(name: str, value: Any) -> None:
    """A part of an answer, by a schema of the old document."""
    judge_component("gitbook", OLD, name, value)


def operations() -> set[tuple[str, str]]:
    """Method and path of each operation of the documents, which have the same."""
    old, new = ({(one.method, one.path) for one in contract("gitbook", name).operations.values()} for name in BOTH)
    assert old == new
    return old


def fits(path: str, shape: str) -> bool:
    """Whether a path has the segments of a shape, in which `*` is any."""
    given, wanted = path.strip("/").split("/"), shape.split("/")
    return len(given) == len(wanted) and all(b in ("*", a) for a, b in zip(given, wanted, strict=True))


def _is_besides(path: str) -> bool:
    return fits(path, "integrations/*/installations/*/spaces/*") or fits(
        path, "integrations/*/installations/*/sites/*"
    )
