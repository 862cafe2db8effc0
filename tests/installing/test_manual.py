"""The examples of `docs/apps.md` about installing do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.installing.market import TEAM

PAGE = Path(__file__).parents[2] / "docs" / "apps.md"


def examples(heading: str) -> list[str]:
    """The GraphQL documents below a heading, in order."""
    (section,) = (part for part in PAGE.read_text().split("\n## ") if part.startswith(f"{heading}\n"))
    return re.findall(r"```graphql\n(.*?)```", section, re.DOTALL)


async def test_the_examples_install_configure_enable_and_make_a_token(new_market) -> None:
    market = await new_market(account=TEAM)
    client, space = market.installer.client, await market.place()
    (install, update), (save,), (token,) = map(examples, ("Installing", "Places", "Tokens"))

    made = (await client.query(install, name=market.publication.name))["installIntegration"]["installation"]
    changed = (await client.query(update, id=made["id"]))["updateInstallation"]["installation"]
    saved = (await client.query(save, id=made["id"], space=space))["saveInstallationPlace"]["installation"]
    app = await market.app_client()
    short = (await app.query(token, id=made["id"]))["createInstallationToken"]["token"]

    assert (made["status"], made["version"]) == ("ACTIVE", 1)
    assert (changed["configuration"], changed["externalIds"]) == ({"team": "B"}, ["T024BE7LD"])
    (place,) = saved["places"]["nodes"]
    assert (place["kind"], place["configuration"]) == ("SPACE", {"channel": "general"})
    assert short["kind"] == "INSTALLATION"
