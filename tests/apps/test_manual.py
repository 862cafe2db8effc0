"""The snippet in the manual answers events of an app as the hub expects."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from standardwebhooks import WebhookVerificationError

from models.vocabulary import HubEvent
from proxy.signing import new_secret
from tests.webhooks.page import received, shown

PAGE = Path(__file__).parents[2] / "docs" / "app-events.md"


@pytest.mark.parametrize(("type", "status"), [(HubEvent.TASK_DUE, 200), (HubEvent.PLACE_REMOVED, 406)])
async def test_the_snippet_verifies_an_event_and_answers_it(type, status):
    [snippet] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    namespace: dict[str, object] = {}
    exec(snippet, namespace)
    status_of, secret = namespace["status_of"], new_secret()
    request = await received([secret], orjson.dumps({"type": type}))

    assert status_of(secret, shown(request), request.body) == status
    with pytest.raises(WebhookVerificationError):
        status_of(new_secret(), shown(request), request.body)
