"""Planning and importing vendors' OpenAPI documents, with the latencies of other calls meanwhile. By hand.

    python benches/openapi.py DOCUMENT… [--prefixes /repos,/orgs] [--databases sqlite,postgresql] [--root DIR]

Each document is planned, imported, planned again, and imported once more, which changes nothing; beside that another
client reads, with a pause between two calls. `--prefixes`: of paths, for a document of more than 1,000 operations.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from databases import databases
from measured import start_hub
from processes import HERE, Program, free_port
from subject import Subject

_PAUSE_SECONDS = 0.01
_HEAD = "| | MB | operations | left out or looser | s | reads, p50 ms | p99 ms | most ms |"
_CREATE = """mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) {
  ... on IntegrationPayload { integration { id } } ... on Problem { message } } }"""
_UPLOAD = """mutation ($input: CreateUploadInput!) { createUpload(input: $input) {
  ... on UploadPayload { uploadId url } ... on Problem { message } } }"""
_PLAN = """query ($input: ImportOpenApiInput!) { done: planOpenApiImport(input: $input) {
  ... on OpenApiPlan { digest skippedCount changes { name kind breaking } } ... on Problem { message } } }"""
_IMPORT = """mutation ($input: ImportOpenApiInput!) { done: importOpenApi(input: $input) {
  ... on IntegrationPayload { integration { version } } ... on Problem { message } } }"""
_READ = "{ viewer { organization { name } } integrations(first: 5) { nodes { id name handler } } }"


def main() -> None:
    """Measure and print. Ends every process that it started."""
    given = _arguments()
    print(_HEAD + "\n|---|" + "--:|" * (_HEAD.count("|") - 2))
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as name, ExitStack() as stack:
        work, upstream = Path(name), free_port()
        program = Program("upstream", "upstream.py", upstream, log=work)
        stack.callback(program.end)
        program.wait_until_it_listens(upstream)
        for kind in given.databases.split(","):
            with ExitStack() as one:
                store = one.enter_context(databases(kind, work))
                made = store.make(kind)
                hub = start_hub(one, given.root, work / kind, label="hub", database=made, upstream=upstream)[0]
                for path in given.documents:
                    _measure(kind, hub, path, given.prefixes)


def _measure(kind: str, hub: Subject, path: Path, prefixes: str | None) -> None:
    raw = path.read_bytes()
    new = {"name": path.stem, "auth": {"apiBaseUrl": "https://api.example"}}
    integration = _ask(hub, _CREATE, {"input": new})["createIntegration"]["integration"]["id"]
    upload = _ask(hub, _UPLOAD, {"input": {"purpose": "DOCUMENT", "size": len(raw)}})["createUpload"]
    _put(hub, upload["url"], raw)
    given: dict[str, Any] = {"integrationId": integration, "uploadId": upload["uploadId"]}
    if prefixes:
        given["pathPrefixes"] = prefixes.split(",")
    size, skipped, operations = f"{len(raw) / 1e6:.1f}", "", ""
    for step, document in (("plan", _PLAN), ("import", _IMPORT), ("plan again", _PLAN), ("import again", _IMPORT)):
        with _reads(hub) as seen:
            began = time.perf_counter()
            done = _ask(hub, document, {"input": given})["done"]
            took = time.perf_counter() - began
        if "message" in done:
            raise RuntimeError(done["message"])
        if "changes" in done:
            operations, skipped = str(len(done["changes"])), str(done["skippedCount"])
        cuts = statistics.quantiles(seen, n=100)
        times = f"{cuts[49]:.1f} | {cuts[98]:.1f} | {max(seen):.1f}"
        print(
            f"| {kind}, {path.stem}, {step} | {size} | {operations} | {skipped} | {took:.2f} | {times} |", flush=True
        )


@contextmanager
def _reads(hub: Subject) -> Iterator[list[float]]:
    """Read again and again for as long as the block lasts. Yields the milliseconds of each."""
    seen: list[float] = []
    stopped = threading.Event()

    def read() -> None:
        while not stopped.is_set() or len(seen) < 2:
            began = time.perf_counter()
            _ask(hub, _READ, {})
            seen.append((time.perf_counter() - began) * 1000)
            time.sleep(_PAUSE_SECONDS)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        stopped.set()
        thread.join()


def _ask(hub: Subject, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(hub.url)
    body = json.dumps({"query": document, "variables": variables}).encode()
    request = urllib.request.Request(f"{parts.scheme}://{parts.netloc}/graphql", body, dict(hub.headers))
    with urllib.request.urlopen(request, timeout=300) as response:
        answer = json.load(response)
    if "errors" in answer:
        raise RuntimeError(str(answer["errors"])[:500])
    return dict(answer["data"])


def _put(hub: Subject, url: str, raw: bytes) -> None:
    parts = urlsplit(hub.url)
    target = url if url.startswith("http") else f"{parts.scheme}://{parts.netloc}{url}"
    request = urllib.request.Request(target, raw, dict(hub.headers), method="PUT")
    urllib.request.urlopen(request, timeout=60).close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path, nargs="+", help="files of documents")
    parser.add_argument("--prefixes", help="of paths, with commas between")
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, with commas between")
    parser.add_argument("--root", type=Path, default=HERE.parent, help="the checkout that is measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
