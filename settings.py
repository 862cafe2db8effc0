"""Every knob of the hub: typed, read once from PATCHBAY_* variables, passed down and never changed."""

from __future__ import annotations

import dataclasses
import difflib
import json
import logging
import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from jobs.queues import DEFAULT_QUEUE, DELIVERIES, FLOWS
from models.key_file import read_keys
from models.pace import Pace
from proxy.expressions.budget import Budget

_PREFIX = "PATCHBAY_"
Days = Annotated[int, Field(ge=1, le=36_500)]
_log = logging.getLogger("patchbay.settings")


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """The operator's settings. Durations are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    home: Path = Field(Path(".patchbay"), description="The directory of the SQLite database and the master key.")
    host: str = Field("127.0.0.1", description="The address to listen on; `0.0.0.0` for every one.")
    port: int = Field(8000, ge=1, le=65535, description="The port to listen on.")
    public_url: str = Field(
        "",
        description="The address at which people reach the hub, as `https://hub.example.com`; set it behind a proxy."
        " If empty, addresses of icons and uploads are paths; connect links and the callback address for vendors"
        " (`<public url>/oauth2/callback`) begin with the address on which the hub listens.",
    )
    catalogue: Path | None = Field(
        None, description="The folder of built-in definitions, one file for each vendor. Empty means the hub's own."
    )
    database_url: str = Field(
        "",
        repr=False,
        description="`postgresql://user:password@host/database`, or `sqlite:///file`. Empty means"
        " `patchbay.sqlite3` in `PATCHBAY_HOME`.",
    )
    database_pool: int = Field(
        10,
        ge=1,
        le=200,
        description="The most database connections that the calls and jobs of one process share. PostgreSQL sees"
        " up to four more of each process.",
    )
    master_keys: SecretStr = Field(
        SecretStr(""),
        description="The keys that secrets are encrypted with, as lines of `version:base64`. Empty means"
        " the file `master.key` in `PATCHBAY_HOME`.",
    )
    egress_allow: str = Field(
        "",
        description="Internal networks that calls may reach, in addition to the public internet, as"
        " `10.1.2.0/24,127.0.0.0/8:8443`. Plain http is allowed there and nowhere else.",
    )
    egress_per_host: int = Field(20, ge=1, description="Calls of one organization to one address that run at once.")
    egress_queue_per_host: int = Field(
        200, ge=0, description="Calls of one organization to one address that wait for their turn."
    )
    egress_connect_timeout: float = Field(
        5.0, gt=0, description="Time limit for name resolution, connecting and TLS, in seconds."
    )
    egress_max_answer_bytes: int = Field(
        10 * 1024 * 1024, ge=1, description="The largest answer accepted from a remote service, decompressed."
    )
    egress_max_inflight_bytes: int = Field(
        32 * 1024 * 1024, ge=1, description="Bytes of remote answers that one organization has in memory; more wait."
    )
    max_body_bytes: int = Field(1_000_000, ge=1, description="The largest body of a request to the hub.")
    max_inflight_body_bytes: int = Field(
        256 * 1024 * 1024, ge=1, description="Bytes of request bodies in memory; more get 429 and `Retry-After`."
    )
    body_timeout: float = Field(30.0, gt=0, description="Time limit for a whole request body to arrive, in seconds.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins whose pages may call the hub from a browser, as"
        " `https://app.example.com,https://admin.example.com`.",
    )
    jwt_issuer: str = Field(
        "",
        description="The issuer of JWTs that are accepted as well as the hub's own tokens: their exact `iss`. Empty"
        " means no JWTs. A JWT acts for the user whose `subject` it names, with all of the user's permissions.",
    )
    jwt_audience: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="The `aud` of JWTs for this hub. Of several, separated by commas, a JWT needs one."
    )
    jwt_keys: str = Field(
        "",
        description="The issuer's public keys as a JWK set: an address such as"
        " `https://id.example.com/jwks.json`, a file, or the JSON itself. An address is fetched again every ten"
        " minutes, and for an unknown key at most every ten seconds. While it fails, the last keys stay valid for"
        " a day.",
    )
    jwt_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("RS256", "ES256"),
        description="Signature algorithms of JWTs. Only those with a public key are allowed.",
    )
    jwt_leeway: int = Field(30, ge=0, le=300, description="The accepted difference between clocks, in seconds.")
    jwt_subject_claim: str = Field("sub", min_length=1, description="The claim that names the user's subject.")
    jwt_organization_claim: str = Field(
        "",
        description="The claim that names, by slug or id, the one organization in which a JWT acts. If it is"
        " empty or a JWT lacks it: the first organization with a user of the subject, one that the operator made"
        " before others; `X-Hub-Id` picks another. A user that was entered while another organization had the subject"
        " never comes first.",
    )
    graphiql: bool = Field(True, description="Whether GraphiQL is served at `/graphql` to browsers.")
    worker: bool = Field(
        True, description="Whether the server also runs jobs. If not, start `python worker.py` as well."
    )
    drain_seconds: int = Field(
        25,
        ge=0,
        le=3600,
        description="How long calls may continue after a process is told to stop. Jobs have three fifths of this"
        " time; unfinished ones return to the queue. The supervisor of the process must wait a few seconds longer"
        " before it kills: `docker stop` kills after 10 unless `--time` or `stop_grace_period` says otherwise.",
    )
    expression_budget: Annotated[Budget, NoDecode] = Field(
        Budget(),
        description="The most that a JMESPath expression may cost, as JSON: `nodes` (steps, 200000), `elements`"
        " (100000) and `output_bytes` (4000000) that it makes, its own `characters` (4096) and `depth` (50).",
    )
    job_concurrency: int = Field(
        20, ge=1, le=1000, description="The most jobs that run at once in each process, besides deliveries and flows."
    )
    delivery_concurrency: int = Field(
        100, ge=1, le=1000, description="The most deliveries to webhooks that run at once in each process."
    )
    flow_concurrency: int = Field(20, ge=1, le=1000, description="The most runs of flows at once in each process.")
    webhook_retry_seconds: Annotated[tuple[Annotated[int, Field(ge=1, le=86_400)], ...], NoDecode] = Field(
        (5, 300, 1800, 7200, 18_000, 36_000, 36_000),
        max_length=20,
        description="The waits before the second and each later attempt of a webhook's delivery, in seconds, each up"
        " to a day, separated by commas; 20 at most. Each wait varies by a fifth.",
    )
    tunnels: bool = Field(True, description="Whether an app in development may send its events to a tunnel.")
    keep_events_days: Days = Field(90, description="Days for which events are kept; longer while a delivery waits.")
    keep_payloads_days: Days | None = Field(None, description="Days for which payloads of events are kept, if less.")
    keep_deliveries_days: Days = Field(
        30, description="Days for which ended deliveries are kept, with their attempts; at most those of events."
    )
    keep_dispatches_days: Days = Field(90, description="Days for which ended dispatches are kept.")
    demo: bool = Field(False, description="Whether to start with a demo organization and a local vendor.")
    pace: Annotated[Pace, NoDecode] = Field(
        Pace(),
        description="Intervals and leases with which processes coordinate, in seconds, as JSON such as"
        ' `{"job_lease": 15}`. It must be the same for every process on a database. For tests and drills.',
    )
    log_level: LogLevel = Field(LogLevel.INFO, description="`debug`, `info`, `warning` or `error`.")

    @field_validator("expression_budget", "pace", mode="before")
    @classmethod
    def _read_json(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, str):
            known = dataclasses.asdict(cls.model_fields[info.field_name or ""].default)
            try:
                value = json.loads(value)
            except ValueError as cause:
                raise ValueError(f"write it as JSON, such as {json.dumps(dict([*known.items()][:1]))}") from cause
            if not isinstance(value, dict) or value.keys() - known:
                raise ValueError(f"write it as a JSON object of numbers by name; the names are {', '.join(known)}")
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @field_validator("jwt_audience", "jwt_algorithms", "webhook_retry_seconds", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _refuse_what_is_no_origin(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            scheme, _, rest = origin.partition("://")
            if scheme.lower() not in {"http", "https"} or not rest or "/" in rest or "*" in rest:
                raise ValueError("write an origin as https://app.example.com, without a path or a wildcard")
        return tuple(origin.lower() for origin in value)  # as browsers send it

    @field_validator("public_url")
    @classmethod
    def _refuse_what_is_no_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("write the address as https://hub.example.com, with a path if the hub has one")
        return value.rstrip("/")

    @property
    def listens_at(self) -> str:
        """The URL on which the hub listens, as this machine reaches it."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104  compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def own_url(self) -> str:
        """`public_url`, or else `listens_at`."""
        return self.public_url or self.listens_at

    @property
    def database_address(self) -> str:
        """`database_url`, or else the SQLite file in `home`."""
        return self.database_url or f"sqlite:///{self.home / 'patchbay.sqlite3'}"

    @property
    def master_key_file(self) -> Path:
        """The file of the master keys if `master_keys` is empty."""
        return self.home / "master.key"

    @property
    def worker_concurrency(self) -> dict[str, int]:
        """The most jobs of each queue that run at once in a process."""
        return {
            DEFAULT_QUEUE: self.job_concurrency,
            DELIVERIES: self.delivery_concurrency,
            FLOWS: self.flow_concurrency,
        }

    @property
    def changeable_key_file(self) -> Path | None:
        """`master_key_file`, or None if the keys come from `master_keys`."""
        return None if self.master_keys.get_secret_value() else self.master_key_file

    def master_key_lines(self) -> str:
        """The master keys as text. Raises ValueError with a sentence for the operator if there are none."""
        if keys := self.master_keys.get_secret_value():
            return keys
        advice = f"run `python cli.py init` for a new hub, set {_PREFIX}MASTER_KEYS"
        return read_keys(self.master_key_file, advice=advice)


def read_settings() -> Settings:
    """The settings of this process. Raises ValueError with a line for each wrong variable.

    Unknown PATCHBAY_ variables are logged: otherwise nobody would notice a misspelt one.
    """
    try:
        settings = Settings()
    except ValidationError as cause:
        raise ValueError("\n".join(_fault(error) for error in cause.errors())) from None
    for warning in unknown_variables(os.environ):
        _log.warning("%s", warning)
    return settings


def _fault(error: ErrorDetails) -> str:
    """A line for a wrong variable: the validator's own message without Pydantic's prefix, or else Pydantic's."""
    words = str(error.get("ctx", {}).get("error", "")) or error["msg"]
    field, *inside = map(str, error["loc"])
    return ": ".join([variable(field), *inside, words])


def unknown_variables(names: Iterable[str]) -> list[str]:
    """A sentence for each PATCHBAY_ name that is not a setting, with the closest setting."""
    known = [variable(field) for field in Settings.model_fields]
    sentences = []
    for name in sorted(name for name in names if name.startswith(_PREFIX) and name not in known):
        near = difflib.get_close_matches(name, known, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        sentences.append(f"{name} is not a setting of the hub and has no effect.{meant}")
    return sentences


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return _PREFIX + field.upper()
