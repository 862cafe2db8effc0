"""The examples of `docs/apps.md` about publishing do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from sqlmodel import col, delete

from models.database import Database
from models.tables import Publication
from tests.harness.tenants import Tenant

PAGE = Path(__file__).parents[2] / "docs" / "apps.md"


def examples(heading: str) -> list[str]:
    """The GraphQL documents below a heading, in order."""
    (section,) = (part for part in PAGE.read_text().split("\n## ") if part.startswith(f"{heading}\n"))
    return re.findall(r"```graphql\n(.*?)```", section, re.DOTALL)


async def test_the_examples_of_publishing_publish_list_and_find_an_app(organization: Tenant, database: Database):
    async with database.write() as session:  # the name is unique on the server, whose database tests share
        await session.execute(delete(Publication).where(col(Publication.name_key) == "weather-card"))
    publish, listed, named = examples("Publishing")

    made = (await organization.client.query(publish))["publishIntegration"]
    found = (await organization.client.query(listed))["publishedIntegrations"]["nodes"]
    one = (await organization.client.query(named))["integration"]

    shown = {"name": "weather-card", "version": 1, "secretNames": ["WEATHER_KEY"]}
    assert (made["integration"]["publication"], made["eventsSecret"]) == (shown, None)
    assert "weather-card" in [app["publication"]["name"] for app in found]
    assert one == {"name": "Weather card", "publication": {"version": 1}}
