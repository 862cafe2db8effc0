"""The fixtures themselves: servers start, answer, are killed, and leave nothing running."""

import asyncio
import subprocess
import sys
import threading

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from tests.harness.graphql import GraphQL, GraphQLFailed
from tests.harness.server import PLAIN_HTTP, ROOT, ServerProcess, free_port, served

PROGRAM = """
import os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["PATCHBAY_GREETING"].encode())

def leave(*_):
    print("drained", flush=True)
    sys.exit(0)

if os.environ["PATCHBAY_GREETING"] == "broken":
    sys.exit("there is no master key")
signal.signal(signal.SIGTERM, leave)
HTTPServer(("127.0.0.1", int(os.environ["PATCHBAY_PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def child(tmp_path):
    """Makes a process of a stand-in for the server."""
    (tmp_path / "program.py").write_text(PROGRAM)

    def make(**settings):
        return ServerProcess(tmp_path, tmp_path / "log", program=tmp_path / "program.py", **settings)

    return make


async def _answer(request):
    if "break" in (await request.json())["query"]:
        return JSONResponse({"data": None, "errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]})
    return JSONResponse({"data": {"token": request.headers["authorization"]}})


def test_serves_an_app_over_a_socket_and_stops():
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("here"))])
    before = _hubs()

    with served(app) as hub:
        answer = httpx.get(hub.url, **PLAIN_HTTP).text

    assert answer == "here"
    assert _hubs() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(hub.url, **PLAIN_HTTP)


async def test_runs_work_in_the_loop_of_the_server():
    async def where():
        return asyncio.get_running_loop()

    with served(Starlette()) as hub:
        there = await hub.run(where())

    assert there is hub.loop
    assert there is not asyncio.get_running_loop()


def test_says_when_an_app_cannot_start():
    async def broken(scope, receive, send):
        raise RuntimeError("no database")

    with pytest.raises(AssertionError, match="ended while it started"), served(broken):
        pass


async def test_client_returns_data_and_raises_errors():
    app = Starlette(routes=[Route("/graphql", _answer, methods=["POST"])])

    with served(app) as hub:
        async with httpx.AsyncClient(base_url=hub.url, **PLAIN_HTTP) as http:
            data = await GraphQL(http, "pb_1").query("{ token }")
            with pytest.raises(GraphQLFailed) as refusal:
                await GraphQL(http).query("{ break }")

    assert data == {"token": "Bearer pb_1"}
    assert refusal.value.codes == ["FORBIDDEN"]


def test_a_process_gets_its_settings_and_drains_when_terminated(child):
    process = child(greeting="hello").start()

    answer = httpx.get(process.url, **PLAIN_HTTP).text
    code = process.terminate()

    assert answer == "hello"
    assert code == 0
    assert process.output.endswith("drained\n")
    assert not process.running


def test_a_killed_process_drains_nothing_and_can_be_started_again(child):
    process = child(greeting="hello", port=free_port()).start()

    process.kill()
    again = child(greeting="again", port=process.port).start()
    answer = httpx.get(process.url, **PLAIN_HTTP).text
    again.kill()

    assert answer == "again"
    assert "drained" not in process.output


def test_shows_the_output_of_a_process_that_does_not_start(child):
    with pytest.raises(AssertionError, match="there is no master key"):
        child(greeting="broken").start()


def test_no_other_process_takes_a_port_of_the_same_range():
    program = "from tests.harness.server import free_port; print(*(free_port() for _ in range(250)))"
    own = {free_port() for _ in range(250)}

    other = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, timeout=60)

    assert own & {int(port) for port in other.stdout.split()} == set()


def _hubs():
    return [thread for thread in threading.enumerate() if thread.name == "hub"]
