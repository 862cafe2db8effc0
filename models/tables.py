"""Every table in one import, for migrations, tests and tools that walk all rows. `as` exports a name."""

from sqlmodel import SQLModel

from models.asset import Asset as Asset
from models.asset import AssetPiece as AssetPiece
from models.audit import AuditEntry as AuditEntry
from models.capability import Capability as Capability
from models.connect_session import ConnectSession as ConnectSession
from models.connection import Connection as Connection
from models.connection import Registration as Registration
from models.definition import Definition as Definition
from models.dispatch import Dispatch as Dispatch
from models.dispatch import Idempotency as Idempotency
from models.event import EntitySequence as EntitySequence
from models.event import Event as Event
from models.event import EventSequence as EventSequence
from models.event import EventType as EventType
from models.flow import ExportState as ExportState
from models.flow import Flow as Flow
from models.flow import FlowContent as FlowContent
from models.flow import FlowStep as FlowStep
from models.flow import Step as Step
from models.gate import Gate as Gate
from models.installation import ExternalId as ExternalId
from models.installation import Installation as Installation
from models.installation import InstallationPlace as InstallationPlace
from models.integration import Integration as Integration
from models.integration import Workspace as Workspace
from models.job import Job as Job
from models.master_key import MasterKey as MasterKey
from models.organization import Organization as Organization
from models.organization import Place as Place
from models.principal import Principal as Principal
from models.principal import Share as Share
from models.principal import TeamMember as TeamMember
from models.publication import Publication as Publication
from models.publication import PublicationFacet as PublicationFacet
from models.run import Run as Run
from models.run import RunError as RunError
from models.run import RunStep as RunStep
from models.tag import IntegrationTag as IntegrationTag
from models.tag import Tag as Tag
from models.token import Token as Token
from models.webhook import Attempt as Attempt
from models.webhook import Delivery as Delivery
from models.webhook import Webhook as Webhook

metadata = SQLModel.metadata
