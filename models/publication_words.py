"""Closed sets of words about published apps. Values are only ever added."""

from enum import StrEnum


class PublicationVisibility(StrEnum):
    """PRIVATE: the owner's organization only. UNLISTED: whoever knows the name. PUBLIC: listed."""

    PUBLIC = "PUBLIC"
    UNLISTED = "UNLISTED"
    PRIVATE = "PRIVATE"


class PublicationTarget(StrEnum):
    """Where an app may be enabled: on the organization alone, on spaces, on sites, or on all of them."""

    ALL = "ALL"
    ORGANIZATION = "ORGANIZATION"
    SPACE = "SPACE"
    SITE = "SITE"


class FacetKind(StrEnum):
    """CATEGORY: a group of apps. SCOPE: a right that an app asks for, in its vendor's words."""

    CATEGORY = "CATEGORY"
    SCOPE = "SCOPE"


class EventAppStatus(StrEnum):
    """How an app took an event. NONE: it was not told, since it has no address or may not see the event."""

    NONE = "NONE"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
