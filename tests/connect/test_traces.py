"""What is left of people's secrets afterwards: nothing that can be read, and after a day not even the session."""

from __future__ import annotations

import logging
import re
from urllib.parse import parse_qs

from sqlalchemy import update
from sqlmodel import col

from models.tables import ConnectSession
from resolvers.caller import Caller
from resolvers.connect.background import remove_connect_sessions
from tests.connect.people import leads_to, make_integration, state_of, submit
from tests.harness.backends import both
from tests.harness.rows import snapshot
from tests.upstreams.canned import reply

#: The browsers of these tests, which tell where they go; and what `python server.py` has switched off.
ELSEWHERE = ("httpx", "httpcore", "uvicorn.access")
DAY_MS = 24 * 3600 * 1000


async def test_rows_pages_and_logs_hold_no_secret_in_the_clear(
    hub, organization, browser, upstream, database, caplog
):
    caplog.set_level(logging.DEBUG)
    tokens = {"access_token": "ACCESS-of-the-user", "refresh_token": "REFRESH-of-the-user"}
    upstream.answers["/token"] = reply(
        b'{"access_token":"ACCESS-of-the-user","refresh_token":"REFRESH-of-the-user","token_type":"Bearer"}'
    )
    auth = {
        "type": "OAUTH2",
        "clientId": "c",
        "clientSecret": "CLIENT-secret",
        "authorizationUrl": "https://vendor.example/authorize",
        "tokenUrl": f"{upstream.url}/token",
    }
    drive = await make_integration(organization, name="Drive", auth=auth)
    mail = await make_integration(organization, name="Mail", auth={"type": "API_KEY"})
    links = [(await app.link())["url"] for app in (drive, mail)]

    pages = [browser.get(link) for link in links]
    leaving = submit(browser, links[0], integration=drive.row_id)
    state = state_of(leads_to(leaving))
    pages.append(browser.get(f"/oauth2/callback?state={state}&code=CODE-of-the-vendor"))
    pages.append(submit(browser, links[1], integration=mail.row_id, apiKey="KEY-of-the-user"))
    pages += [browser.get(link) for link in links]

    (verifier,) = parse_qs(upstream.requests[0].body.decode())["code_verifier"]
    (cookie,) = browser.cookies.values()
    secrets = [*tokens.values(), "CLIENT-secret", "CODE-of-the-vendor", "KEY-of-the-user", state, verifier, cookie]
    secrets += [link.rpartition("/")[2] for link in links]
    rows = repr(await snapshot(database, organization.id))
    logs = "".join(record.getMessage() for record in caplog.records if not record.name.startswith(ELSEWHERE))
    assert [secret for secret in secrets if secret in rows] == []
    assert [secret for secret in secrets if secret in logs] == []
    shown = "".join(page.text for page in pages)
    assert [secret for secret in secrets[:-2] if secret in shown] == []
    assert len(re.findall("is connected", shown)) >= 3


@both
async def test_a_session_goes_a_day_after_its_end(hub, organization, database):
    app = await make_integration(organization, name="Mail", auth={"type": "API_KEY"})
    sessions = [(await app.link())["session"]["id"] for _ in range(3)]
    ends = [-DAY_MS - 1000, -DAY_MS + 60_000, 60_000]
    rows = sorted((await snapshot(database, organization.id))["connect_session"])
    now = hub.app.state.hub.clock()
    async with database.write() as session:
        for (row_id,), end in zip(rows, ends, strict=True):
            its = update(ConnectSession).where(col(ConnectSession.id) == row_id)
            await session.execute(its.values(expires_at=now + end))

    await hub.run(remove_connect_sessions(Caller.operator(hub.app.state.hub)))

    assert len(sessions) == 3
    assert sorted((await snapshot(database, organization.id))["connect_session"]) == rows[1:]
