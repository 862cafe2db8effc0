"""Closed sets of words about flows, their runs and the errors of records. Values are only ever added."""

from enum import StrEnum


class FlowTriggerKind(StrEnum):
    """Ways to start a flow; every flow can also be run by hand."""

    EVENT = "EVENT"
    SCHEDULE = "SCHEDULE"
    MANUAL = "MANUAL"


class FlowOverlap(StrEnum):
    """What happens when a run is due while another one of the flow is not done.

    SKIP: it is recorded as skipped. QUEUE_ONE: one waits, further ones are skipped; runs by events all wait, in the
    order of their events. ALLOW: they run side by side.
    """

    SKIP = "SKIP"
    QUEUE_ONE = "QUEUE_ONE"
    ALLOW = "ALLOW"


class FlowCatchUp(StrEnum):
    """What happens to times of a schedule that passed while the hub was down.

    LATEST: one run for the latest of them. SKIP: none. ALL: one for each, at most 100, one after the other.
    """

    LATEST = "LATEST"
    SKIP = "SKIP"
    ALL = "ALL"


class FlowKeep(StrEnum):
    """Which records a run keeps for people to look at. SAMPLE: the first ten of each step, and errors."""

    NONE = "NONE"
    ERRORS = "ERRORS"
    SAMPLE = "SAMPLE"
    ALL = "ALL"


class FlowStepRole(StrEnum):
    """SOURCE feeds records in, PROCESSOR works on them."""

    SOURCE = "SOURCE"
    PROCESSOR = "PROCESSOR"


class StepDirection(StrEnum):
    """EXPORT reads records, IMPORT writes them."""

    EXPORT = "EXPORT"
    IMPORT = "IMPORT"


class NullMembers(StrEnum):
    """What becomes of a member of mapped inputs that is null. KEEP: it is sent. OMIT: left out. ERROR: a fault."""

    KEEP = "KEEP"
    OMIT = "OMIT"
    ERROR = "ERROR"


class LookupMiss(StrEnum):
    """What becomes of a record for which a look-up finds nothing. KEEP: it goes on as it is. SKIP: it is ignored."""

    KEEP = "KEEP"
    ERROR = "ERROR"
    SKIP = "SKIP"


class StopReason(StrEnum):
    """Why an export has no further page. The last four are faults of the export, SAME_PAGE to MAX_TIME."""

    END = "END"
    EMPTY = "EMPTY"
    LIMIT = "LIMIT"
    SAME_PAGE = "SAME_PAGE"
    CURSOR_REPEATED = "CURSOR_REPEATED"
    MAX_PAGES = "MAX_PAGES"
    MAX_TIME = "MAX_TIME"


class RunReason(StrEnum):
    """Why a run is SUSPENDED, SKIPPED or FAILED, or was CANCELLED.

    SUSPENDED: UPSTREAM_DOWN, NEEDS_RECONNECT, NOT_READY, RUN_AS. SKIPPED: OVERLAP, LOOP, DEPTH, FILTER, MISSED,
    DROPPED. FAILED: STALLED, MAX_TIME, TOO_MANY_ERRORS, EXPORT, CONFIG, INTERNAL. CANCELLED: BY_HAND, FLOW_DELETED.
    """

    UPSTREAM_DOWN = "UPSTREAM_DOWN"
    NEEDS_RECONNECT = "NEEDS_RECONNECT"
    NOT_READY = "NOT_READY"
    RUN_AS = "RUN_AS"
    OVERLAP = "OVERLAP"
    LOOP = "LOOP"
    DEPTH = "DEPTH"
    FILTER = "FILTER"
    MISSED = "MISSED"
    DROPPED = "DROPPED"
    STALLED = "STALLED"
    MAX_TIME = "MAX_TIME"
    TOO_MANY_ERRORS = "TOO_MANY_ERRORS"
    EXPORT = "EXPORT"
    CONFIG = "CONFIG"
    INTERNAL = "INTERNAL"
    BY_HAND = "BY_HAND"
    FLOW_DELETED = "FLOW_DELETED"


class RecordFault(StrEnum):
    """Classes of errors of records. INTERMITTENT and RATE_LIMIT are tried again by themselves."""

    VALUE = "VALUE"
    MISSING = "MISSING"
    CONNECTION = "CONNECTION"
    INTERMITTENT = "INTERMITTENT"
    RATE_LIMIT = "RATE_LIMIT"
    TOO_LARGE = "TOO_LARGE"
    PARSE = "PARSE"
    DUPLICATE = "DUPLICATE"
    CONFIG = "CONFIG"
    MAPPING = "MAPPING"
    FILTER = "FILTER"
    INTERNAL = "INTERNAL"


class RunErrorState(StrEnum):
    """OPEN: waits for a person. WAITING: is tried again by itself. RETRYING: a person has asked for it."""

    OPEN = "OPEN"
    WAITING = "WAITING"
    RETRYING = "RETRYING"
    RESOLVED = "RESOLVED"


class RunDefinition(StrEnum):
    """The definition by which work is repeated. AS_RAN: that of the run's beginning. CURRENT: the flow of now."""

    AS_RAN = "AS_RAN"
    CURRENT = "CURRENT"


class RunFrom(StrEnum):
    """The beginning of a repeated run.

    START: all of it, under new keys. FAILED_STEP: the work at which it stopped, with the results of finished steps.
    FAILED_RECORDS: the records that failed, each at its step.
    """

    START = "START"
    FAILED_STEP = "FAILED_STEP"
    FAILED_RECORDS = "FAILED_RECORDS"
