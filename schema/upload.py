"""Uploads: bytes are sent separately, never in JSON."""

from __future__ import annotations

import strawberry

from models import tables
from models.vocabulary import UploadPurpose
from resolvers.uploads import mutations as operations
from resolvers.uploads.fields import upload_url
from schema.kit.field import derived, given, viewed
from schema.kit.mutation import mutation
from schema.kit.node import view
from schema.kit.result import Result
from schema.kit.scalars import DateTime


@strawberry.input(description="What is to be uploaded.")
class CreateUploadInput:
    purpose: UploadPurpose = strawberry.field(description="What for: sets the cap.")
    size: int | None = given("Size in bytes, when you will put the bytes.")
    source_url: str | None = given("Or an address that the hub reads now, through the egress guard.")


@view(tables.Asset, "An upload to fill.")
class UploadPayload:
    """The upload's row."""

    upload_id: strawberry.ID = derived(lambda row: row.id, "Id to name later.")
    url: str | None = viewed(upload_url, "Put the bytes here with your token; null when the hub has read them.")
    expires_at: DateTime = derived(lambda row: row.expires_at, "When it is thrown away unless used.")


UploadResult = Result("UploadResult", UploadPayload, "An upload, or why not.")


@strawberry.type
class Mutations:
    """Root field of this noun."""

    create_upload = mutation(
        operations.create_upload,
        UploadResult,
        "Prepare an upload: put the bytes to its address, or let the hub fetch them; then name it where an upload"
        " id is asked.",
        input=CreateUploadInput,
        reads=operations.CreateUpload,
    )
