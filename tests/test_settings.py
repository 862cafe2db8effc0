"""Settings are read once, checked, and explained to the operator."""

import logging
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from commands.manual import manual
from hub.wiring import build_hub
from models.errors import TooMany
from models.pace import Pace
from models.secret import Keyring
from proxy.call import OutboundRequest, call
from proxy.expressions import Budget
from proxy.inflight import delivery
from settings import Settings, read_settings, unknown_variables
from tests.upstreams.canned import reply

ROOT = Path(__file__).parents[1]
IMPOSSIBLE = {
    **dict.fromkeys(("port", "database_pool", "egress_per_host", "egress_queue_per_host"), "planted"),
    **dict.fromkeys(("max_body_bytes", "max_inflight_body_bytes"), "planted"),
    **dict.fromkeys(("egress_max_answer_bytes", "egress_max_inflight_bytes"), "planted"),
    **dict.fromkeys(("job_concurrency", "delivery_concurrency", "flow_concurrency", "drain_seconds"), "planted"),
    "webhook_retry_seconds": "planted",
    **dict.fromkeys(("keep_events_days", "keep_payloads_days", "keep_deliveries_days", "keep_dispatches_days"), "0"),
    **dict.fromkeys(("egress_connect_timeout", "body_timeout", "jwt_leeway"), "-1"),
    "expression_budget": '{"nodes": "planted"}',
    "pace": '{"job_lease": "planted"}',
    **dict.fromkeys(("graphiql", "worker", "demo", "log_level", "cors_origins", "public_url", "tunnels"), "planted"),
}
#: Text that only its use shows to be wrong; `tests/operating` tries those.
JUDGED_LATER = {
    *("home", "host", "catalogue", "database_url", "master_keys", "egress_allow"),
    *("jwt_issuer", "jwt_audience", "jwt_keys", "jwt_algorithms", "jwt_subject_claim", "jwt_organization_claim"),
}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """Start every test from an environment without variables of the hub."""
    for name in [name for name in os.environ if name.startswith("PATCHBAY_")]:
        monkeypatch.delenv(name)


def test_a_fresh_machine_needs_no_setting():
    settings = read_settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database_address == "sqlite:///.patchbay/patchbay.sqlite3"
    assert settings.master_key_file == Path(".patchbay/master.key")
    assert settings.cors_origins == ()


def test_reads_variables_and_keeps_the_home_for_what_is_not_given(monkeypatch):
    monkeypatch.setenv("PATCHBAY_HOME", "/srv/patchbay")
    monkeypatch.setenv("PATCHBAY_PORT", "9000")
    monkeypatch.setenv("PATCHBAY_CORS_ORIGINS", "HTTPS://App.example.com/, http://localhost:3000")
    monkeypatch.setenv("PATCHBAY_GRAPHIQL", "off")
    monkeypatch.setenv("PATCHBAY_WEBHOOK_RETRY_SECONDS", "1, 60")
    monkeypatch.setenv("PATCHBAY_DATABASE_URL", "")

    settings = read_settings()

    assert settings.port == 9000
    assert settings.cors_origins == ("https://app.example.com", "http://localhost:3000")
    assert settings.graphiql is False
    assert settings.webhook_retry_seconds == (1, 60)
    assert settings.database_address == "sqlite:////srv/patchbay/patchbay.sqlite3"


def test_cannot_be_changed():
    settings = Settings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


def test_names_every_variable_that_is_wrong(monkeypatch):
    monkeypatch.setenv("PATCHBAY_PORT", "70000")
    monkeypatch.setenv("PATCHBAY_DATABASE_POOL", "many")

    with pytest.raises(ValueError, match="PORT") as refusal:
        read_settings()

    assert str(refusal.value).splitlines() == [
        "PATCHBAY_PORT: Input should be less than or equal to 65535",
        "PATCHBAY_DATABASE_POOL: Input should be a valid integer, unable to parse string as an integer",
    ]


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE.items())
def test_a_variable_that_is_wrong_is_named_and_its_value_is_not_repeated(monkeypatch, name, value):
    monkeypatch.setenv(f"PATCHBAY_{name.upper()}", value)

    with pytest.raises(ValueError, match="PATCHBAY") as refusal:
        read_settings()

    assert str(refusal.value).startswith(f"PATCHBAY_{name.upper()}: ")
    assert "Value error" not in str(refusal.value)
    assert "planted" not in str(refusal.value)


def test_every_setting_is_tried():
    assert IMPOSSIBLE.keys() | JUDGED_LATER == set(Settings.model_fields)
    assert IMPOSSIBLE.keys() & JUDGED_LATER == set()


@pytest.mark.parametrize("waits", ["0", "5,-1", "5,86401", "1.5", ",".join(["1"] * 21)])
def test_refuses_waits_that_are_no_schedule(monkeypatch, waits):
    monkeypatch.setenv("PATCHBAY_WEBHOOK_RETRY_SECONDS", waits)

    with pytest.raises(ValueError, match="PATCHBAY_WEBHOOK_RETRY_SECONDS: "):
        read_settings()


@pytest.mark.parametrize("origin", ["*", "app.example.com", "https://app.example.com/path", "ftp://x", "https://"])
def test_refuses_an_origin_that_a_browser_never_sends(monkeypatch, origin):
    monkeypatch.setenv("PATCHBAY_CORS_ORIGINS", origin)

    with pytest.raises(ValueError, match=r"PATCHBAY_CORS_ORIGINS: .*write an origin as"):
        read_settings()


@pytest.mark.parametrize(
    "address", ["hub.example.com", "ftp://hub.example.com", "https://", "https://a/?b", "https://a/#b"]
)
def test_refuses_what_is_no_address_of_the_hub(monkeypatch, address):
    monkeypatch.setenv("PATCHBAY_PUBLIC_URL", address)

    with pytest.raises(ValueError, match=r"PATCHBAY_PUBLIC_URL: .*write the address as"):
        read_settings()


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("fast", 'PATCHBAY_PACE: write it as JSON, such as {"key_look": 1.0}'),
        ("[1]", "PATCHBAY_PACE: write it as a JSON object of numbers by name; the names are key_look, key_follow,"),
        ('{"job_lese": 1}', "PATCHBAY_PACE: write it as a JSON object of numbers by name; the names are key_look,"),
        ('{"job_lease": 0}', "PATCHBAY_PACE: job_lease: Input should be greater than 0"),
    ],
)
def test_refuses_a_pace_that_is_none(monkeypatch, value, fault):
    monkeypatch.setenv("PATCHBAY_PACE", value)

    with pytest.raises(ValueError, match="PACE") as refusal:
        read_settings()

    assert str(refusal.value).startswith(fault)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("small", 'PATCHBAY_EXPRESSION_BUDGET: write it as JSON, such as {"nodes": 200000}'),
        (
            '{"node": 1}',
            "PATCHBAY_EXPRESSION_BUDGET: write it as a JSON object of numbers by name; the names are",
        ),
        ('{"depth": 101}', "PATCHBAY_EXPRESSION_BUDGET: depth: Input should be less than or equal to 100"),
    ],
)
def test_refuses_a_budget_that_is_none(monkeypatch, value, fault):
    monkeypatch.setenv("PATCHBAY_EXPRESSION_BUDGET", value)

    with pytest.raises(ValueError, match="BUDGET") as refusal:
        read_settings()

    assert str(refusal.value).startswith(fault)


async def test_the_hub_evaluates_within_the_given_budget(monkeypatch, tmp_path):
    monkeypatch.setenv("PATCHBAY_EXPRESSION_BUDGET", '{"elements": 7}')
    monkeypatch.setenv("PATCHBAY_MASTER_KEYS", Keyring.generate())

    hub = build_hub(read_settings().model_copy(update={"home": tmp_path}))

    assert hub.expressions.budget == Budget(elements=7)
    await hub.database.close()


def test_paces_that_are_not_given_are_the_usual_ones(monkeypatch):
    monkeypatch.setenv("PATCHBAY_PACE", '{"job_lease": 2}')

    assert read_settings().pace == Pace(job_lease=2)


async def test_calls_that_fail_are_tried_again_at_the_given_pace(tmp_path, upstream):
    given = {"master_keys": Keyring.generate(), "egress_allow": "127.0.0.0/8", "pace": Pace(upstream_retry=2)}
    request = OutboundRequest(method="GET", url=f"{upstream.url}/flaky?times=2", lane="")
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    async with build_hub(Settings(home=tmp_path, **given)).egress as egress:
        await call(egress, request, sleep=sleep, jitter=lambda: 0.5)

    assert slept == [2, 8]


async def test_answers_in_memory_are_limited_as_given(tmp_path, upstream):
    limits = {"egress_max_answer_bytes": 700_000, "egress_max_inflight_bytes": 1_000_000}
    given = {"master_keys": Keyring.generate(), "egress_allow": "127.0.0.0/8", **limits}
    upstream.answers["/large"] = reply(bytes(600_000), "text/plain")
    request = OutboundRequest(method="GET", url=f"{upstream.url}/large", lane="")

    async with build_hub(Settings(home=tmp_path, **given)).egress as egress:
        with delivery():
            for _ in range(2):
                await egress.send(request)
            with pytest.raises(TooMany, match="1000000 bytes"):
                await egress.send(request)


def test_never_shows_a_secret(monkeypatch):
    monkeypatch.setenv("PATCHBAY_MASTER_KEYS", "1:planted-key")
    monkeypatch.setenv("PATCHBAY_DATABASE_URL", "postgresql://hub:planted-password@db/patchbay")

    settings = read_settings()

    assert settings.master_key_lines() == "1:planted-key"
    assert "planted" not in repr(settings)
    assert "planted" not in str(settings)


def test_reads_the_master_key_from_its_file(tmp_path):
    (tmp_path / "master.key").write_text("1:from-the-file\n")

    assert Settings(home=tmp_path).master_key_lines() == "1:from-the-file\n"


def test_says_where_a_missing_master_key_belongs(tmp_path):
    with pytest.raises(ValueError, match=r"no master key: run `python cli.py init`.*master\.key"):
        Settings(home=tmp_path).master_key_lines()


def test_says_when_the_master_key_cannot_be_read(tmp_path):
    (tmp_path / "master.key").write_bytes(b"\xff\xfe")

    with pytest.raises(ValueError, match=r"master\.key cannot be read"):
        Settings(home=tmp_path).master_key_lines()


def test_warns_of_a_variable_that_is_no_setting(monkeypatch, caplog):
    monkeypatch.setenv("PATCHBAY_EGRES_ALLOW", "10.0.0.0/8")

    with caplog.at_level(logging.WARNING, "patchbay.settings"):
        read_settings()

    assert caplog.messages == [
        "PATCHBAY_EGRES_ALLOW is not a setting of the hub and has no effect. Did you mean PATCHBAY_EGRESS_ALLOW?"
    ]


def test_passes_over_the_variables_of_other_programs():
    assert unknown_variables(["PATH", "PORT", "PATCHBAY_PORT"]) == []


def test_the_manual_lists_every_setting_as_it_is_now():
    page = (ROOT / "docs" / "settings.md").read_text()

    assert page == manual()
    assert "`None`" not in page
    assert all(f"`PATCHBAY_{name.upper()}`" in page for name in Settings.model_fields)
