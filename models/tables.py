"""Every table in one import: what migrations, tests and the tools that walk all rows need."""

from sqlmodel import SQLModel

from models.asset import Asset
from models.audit import AuditEntry
from models.capability import Capability
from models.connect_session import ConnectSession
from models.connection import Connection, Registration
from models.definition import Definition
from models.dispatch import Dispatch, Idempotency
from models.event import Event, EventType
from models.installation import Installation
from models.integration import Integration, Workspace
from models.job import Job
from models.master_key import MasterKey
from models.organization import Organization, Place
from models.principal import Principal, Share, TeamMember
from models.tag import IntegrationTag, Tag
from models.token import Token

metadata = SQLModel.metadata

__all__ = [
    "Asset",
    "AuditEntry",
    "Capability",
    "ConnectSession",
    "Connection",
    "Definition",
    "Dispatch",
    "Event",
    "EventType",
    "Idempotency",
    "Installation",
    "Integration",
    "IntegrationTag",
    "Job",
    "MasterKey",
    "Organization",
    "Place",
    "Principal",
    "Registration",
    "Share",
    "Tag",
    "TeamMember",
    "Token",
    "Workspace",
    "metadata",
]
