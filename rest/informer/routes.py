"""Every path of the vendor's page, and the paths that its links name."""

from __future__ import annotations

from typing import Final

from models.vocabulary import Source, UploadPurpose
from resolvers.connections.account import read_account
from resolvers.connections.own import (
    authorize_integration,
    connect_integration,
    disconnect_integration,
    read_integration_connection,
)
from resolvers.dispatching.proxy_request import proxy_request
from resolvers.integrations.deletion import delete_integration
from resolvers.integrations.gallery import list_gallery, list_own_integrations
from resolvers.integrations.mutations import create_integration, update_integration
from resolvers.integrations.queries import read_integration
from resolvers.integrations.sharing import (
    list_integration_shares,
    read_integration_owner,
    read_integration_share,
    share_integration,
    transfer_integration,
    unshare_integration,
)
from resolvers.uploads.content import MOST_BYTES
from resolvers.uploads.queries import read_icon
from resolvers.uploads.set_icon import set_integration_icon, upload_integration_icon
from rest.informer import document, errors, read, write
from rest.informer.words import CALLBACK
from rest.kit import Delete, Dialect, Get, Post, Put, Takes, found, nothing

_ALL: Final = "/api/integrations"
_ONE: Final = f"{_ALL}/{{id}}"
_SHARE: Final = f"{_ONE}/shares/{{principal}}"
#: The file, and room for boundaries, part headers and other parts.
_FORM_BYTES: Final = MOST_BYTES[UploadPurpose.ICON] + 64 * 1024

dialect = Dialect(
    name="informer",
    prefix="/informer",
    source=Source.INFORMER,
    refuse=errors.refuse,
    places=errors.PLACES,
    callback=CALLBACK,
    endpoints=(
        Get(_ALL, list_own_integrations, read.integrations, write.integrations),
        Get("/api/integrations-list", list_gallery, read.nothing, write.gallery, tagged=True),
        Get(_ONE, read_integration, read.integration, found("integration", write.integration)),
        Post(_ALL, create_integration, document.creation, write.integration, status=201),
        Put(_ONE, update_integration, document.update, write.integration),
        Delete(_ONE, delete_integration, read.integration, nothing, status=204),
        Get(f"{_ONE}/icon", read_icon, read.known_icon, write.icon),
        Put(
            f"{_ONE}/icon",
            upload_integration_icon,
            read.new_icon,
            write.integration,
            takes=Takes.FORM,
            most_bytes=_FORM_BYTES,
        ),
        Delete(f"{_ONE}/icon", set_integration_icon, read.no_icon, nothing, status=204),
        Get(f"{_ONE}/account", read_account, read.integration, write.account),
        Get(f"{_ONE}/connect", authorize_integration, read.consent, write.consent, binds=True),
        Post(f"{_ONE}/connect", connect_integration, read.credentials, write.connection, status=201),
        Get(f"{_ONE}/connection", read_integration_connection, read.integration, write.connection),
        Delete(f"{_ONE}/connection", disconnect_integration, read.integration, nothing, status=204),
        Post(f"{_ONE}/request", proxy_request, read.request, write.relayed),
        Get(f"{_ONE}/owner", read_integration_owner, read.integration, write.owner),
        Put(f"{_ONE}/owner", transfer_integration, read.new_owner, write.owner),
        Get(f"{_ONE}/shares", list_integration_shares, read.integration, write.shares),
        Get(_SHARE, read_integration_share, read.share, write.share),
        Put(_SHARE, share_integration, read.new_share, write.share),
        Delete(_SHARE, unshare_integration, read.no_share, nothing, status=204),
    ),
)
