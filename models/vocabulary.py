"""Closed sets of words, the same in every layer. Values are only ever added."""

from enum import StrEnum

from models.flow_words import FlowCatchUp as FlowCatchUp
from models.flow_words import FlowKeep as FlowKeep
from models.flow_words import FlowOverlap as FlowOverlap
from models.flow_words import FlowStepRole as FlowStepRole
from models.flow_words import FlowTriggerKind as FlowTriggerKind
from models.flow_words import LookupMiss as LookupMiss
from models.flow_words import NullMembers as NullMembers
from models.flow_words import RecordFault as RecordFault
from models.flow_words import RunDefinition as RunDefinition
from models.flow_words import RunErrorState as RunErrorState
from models.flow_words import RunFrom as RunFrom
from models.flow_words import RunReason as RunReason
from models.flow_words import StepDirection as StepDirection
from models.flow_words import StopReason as StopReason
from models.publication_words import EventAppStatus as EventAppStatus
from models.publication_words import FacetKind as FacetKind
from models.publication_words import PublicationTarget as PublicationTarget
from models.publication_words import PublicationVisibility as PublicationVisibility
from models.request_words import ArrayFormat as ArrayFormat
from models.request_words import BodyFormat as BodyFormat
from models.request_words import CapabilityChangeKind as CapabilityChangeKind
from models.request_words import CapabilityEffect as CapabilityEffect
from models.request_words import HttpMethod as HttpMethod
from models.request_words import InputLocation as InputLocation
from models.request_words import InputType as InputType
from models.webhook_words import BreakerState as BreakerState
from models.webhook_words import HubEvent as HubEvent
from models.webhook_words import OrderFailure as OrderFailure
from models.webhook_words import WebhookKind as WebhookKind
from models.webhook_words import WebhookOrdering as WebhookOrdering


class Permission(StrEnum):
    """What a token may do. No word implies another; WRITE of a noun brings its READ when a token is made.

    ACT_AS belongs to tokens alone: no user has it, and only ORGANIZATION_ADMIN puts it into a token.
    """

    ORGANIZATION_READ = "ORGANIZATION_READ"
    ORGANIZATION_ADMIN = "ORGANIZATION_ADMIN"
    TOKENS_WRITE = "TOKENS_WRITE"
    AUDIT_READ = "AUDIT_READ"
    JOBS_READ = "JOBS_READ"
    JOBS_WRITE = "JOBS_WRITE"
    INTEGRATIONS_READ = "INTEGRATIONS_READ"
    INTEGRATIONS_WRITE = "INTEGRATIONS_WRITE"
    INTEGRATIONS_DELETE = "INTEGRATIONS_DELETE"
    INTEGRATIONS_SHARE = "INTEGRATIONS_SHARE"
    INTEGRATIONS_PUBLISH = "INTEGRATIONS_PUBLISH"
    INSTALLATIONS_READ = "INSTALLATIONS_READ"
    INSTALLATIONS_WRITE = "INSTALLATIONS_WRITE"
    CONNECTIONS_READ = "CONNECTIONS_READ"
    CONNECTIONS_WRITE = "CONNECTIONS_WRITE"
    DISPATCH_READ = "DISPATCH_READ"
    DISPATCH_WRITE = "DISPATCH_WRITE"
    DISPATCHES_READ = "DISPATCHES_READ"
    PROXY_REQUEST = "PROXY_REQUEST"
    EVENTS_READ = "EVENTS_READ"
    EVENTS_EMIT = "EVENTS_EMIT"
    FLOWS_READ = "FLOWS_READ"
    FLOWS_WRITE = "FLOWS_WRITE"
    FLOWS_RUN = "FLOWS_RUN"
    WEBHOOKS_READ = "WEBHOOKS_READ"
    WEBHOOKS_WRITE = "WEBHOOKS_WRITE"
    ACT_AS = "ACT_AS"


class Source(StrEnum):
    """The face through which a call came."""

    GRAPHQL = "GRAPHQL"
    DONUTWORK = "DONUTWORK"
    INFORMER = "INFORMER"
    CYCLE = "CYCLE"
    GITBOOK = "GITBOOK"
    CELIGO = "CELIGO"
    CONSOLE = "CONSOLE"
    MCP = "MCP"
    CLI = "CLI"
    FLOW = "FLOW"
    INBOUND = "INBOUND"
    HUB = "HUB"


class PrincipalKind(StrEnum):
    """USER: one person. TEAM: a group of users."""

    USER = "USER"
    TEAM = "TEAM"


class TokenKind(StrEnum):
    """PERSONAL: a user. INTEGRATION: an app, on every installation of it. INSTALLATION: one installation."""

    PERSONAL = "PERSONAL"
    INTEGRATION = "INTEGRATION"
    INSTALLATION = "INSTALLATION"


class TokenReach(StrEnum):
    """SUBJECT: also acts in other organizations where a principal has the same subject."""

    ORGANIZATION = "ORGANIZATION"
    SUBJECT = "SUBJECT"


class PlaceKind(StrEnum):
    """SPACE or SITE: a part of an organization."""

    SPACE = "SPACE"
    SITE = "SITE"


class AuthType(StrEnum):
    """How calls to the remote service are authorised."""

    NONE = "NONE"
    API_KEY = "API_KEY"
    BASIC = "BASIC"
    BEARER = "BEARER"
    OAUTH2 = "OAUTH2"
    CLIENT_CREDENTIALS = "CLIENT_CREDENTIALS"


class TokenEndpointAuth(StrEnum):
    """How a client authorises at a token endpoint."""

    BASIC = "BASIC"
    POST = "POST"


class ApiKeyLocation(StrEnum):
    """The place of an API key in a request."""

    HEADER = "HEADER"
    QUERY = "QUERY"


class ConnectionMode(StrEnum):
    """SHARED: one connection for everybody. PER_USER: one for each user."""

    PER_USER = "PER_USER"
    SHARED = "SHARED"


class ConnectionStatus(StrEnum):
    """NEEDS_RECONNECT: the user must come back. OFFLINE: the last test failed for another reason."""

    PENDING = "PENDING"
    CONNECTED = "CONNECTED"
    NEEDS_RECONNECT = "NEEDS_RECONNECT"
    OFFLINE = "OFFLINE"


class ConnectSessionStatus(StrEnum):
    """How far a connect session got. REDIRECTED: at the consent page. EXPIRED: by the clock, never stored."""

    OPEN = "OPEN"
    REDIRECTED = "REDIRECTED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class IntegrationState(StrEnum):
    """NEW → VERIFYING → LIVE; DELETING → DELETED. Without a verification an integration starts LIVE."""

    NEW = "NEW"
    VERIFYING = "VERIFYING"
    LIVE = "LIVE"
    DELETING = "DELETING"
    DELETED = "DELETED"


class IntegrationAccess(StrEnum):
    """ORGANIZATION: everybody with the permission. RESTRICTED: owner, shares and ORGANIZATION_ADMIN."""

    ORGANIZATION = "ORGANIZATION"
    RESTRICTED = "RESTRICTED"


class InstallationStatus(StrEnum):
    """PENDING → ACTIVE when configuration and steps are complete; PAUSED by hand; UNINSTALLING until done."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    UNINSTALLING = "UNINSTALLING"


class Selection(StrEnum):
    """ALL: every space or site. SELECTED: only the listed ones."""

    ALL = "ALL"
    SELECTED = "SELECTED"


class DispatchOutcome(StrEnum):
    """OUTCOME_UNKNOWN: the process died between intent and outcome. REFUSED: stopped before anything left."""

    SUCCEEDED = "SUCCEEDED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    REFUSED = "REFUSED"
    TIMED_OUT = "TIMED_OUT"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"


class UpstreamFailure(StrEnum):
    """How an outbound call failed. BLOCKED: not sent, by the egress policy or a limit of the hub."""

    ERROR_STATUS = "ERROR_STATUS"
    TIMEOUT = "TIMEOUT"
    BLOCKED = "BLOCKED"
    UNREACHABLE = "UNREACHABLE"
    BAD_RESPONSE = "BAD_RESPONSE"
    TOO_LARGE = "TOO_LARGE"


class UnavailableReason(StrEnum):
    """Why something cannot be used now."""

    NOT_INSTALLED = "NOT_INSTALLED"
    INSTALLATION_PENDING = "INSTALLATION_PENDING"
    INSTALLATION_PAUSED = "INSTALLATION_PAUSED"
    NOT_VERIFIED = "NOT_VERIFIED"
    BEING_DELETED = "BEING_DELETED"
    NO_CONNECTION = "NO_CONNECTION"
    AMBIGUOUS_CONNECTION = "AMBIGUOUS_CONNECTION"
    NEEDS_RECONNECT = "NEEDS_RECONNECT"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    MISSING_SCOPES = "MISSING_SCOPES"
    STEP_OUT_OF_ORDER = "STEP_OUT_OF_ORDER"
    BREAKER_OPEN = "BREAKER_OPEN"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"


class IdempotencyFate(StrEnum):
    """NEW: would run. REPLAY: would return the stored outcome. CONFLICT: the key belongs to another input."""

    NONE = "NONE"
    NEW = "NEW"
    REPLAY = "REPLAY"
    CONFLICT = "CONFLICT"


class TraceKind(StrEnum):
    """Kinds of things in a trace. The same words name the kind of a cause (`cause_kind`)."""

    EVENT = "EVENT"
    RUN = "RUN"
    RUN_STEP = "RUN_STEP"
    JOB = "JOB"
    DISPATCH = "DISPATCH"
    DELIVERY = "DELIVERY"
    ATTEMPT = "ATTEMPT"


class UploadPurpose(StrEnum):
    """Purpose and limit of an upload: ICON 1 MB, PREVIEW 2 MB, SCRIPT 16 MB, DOCUMENT 64 MB, TEMPLATE 64 MB.

    FILE, 8 MB: any bytes, to be sent with calls.
    """

    ICON = "ICON"
    PREVIEW = "PREVIEW"
    SCRIPT = "SCRIPT"
    DOCUMENT = "DOCUMENT"
    TEMPLATE = "TEMPLATE"
    FILE = "FILE"


class ShareLevel(StrEnum):
    """VIEW: see and use. MANAGE: also change."""

    VIEW = "VIEW"
    MANAGE = "MANAGE"


class WorkState(StrEnum):
    """How far a run, a step of it, a job, a task or a delivery is. QUEUED includes waiting for a time or a retry.

    PARTIAL: a run that ended with errors of single records. FAILED: every try is used up. HELD: a delivery that waits
    until its webhook is enabled. SUSPENDED: a run that goes on by itself once it can; SKIPPED: one that did nothing.
    """

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    HELD = "HELD"
    SUSPENDED = "SUSPENDED"
    SKIPPED = "SKIPPED"
