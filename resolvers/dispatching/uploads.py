"""Files of a call that are uploads: their bytes, read into the body."""

from __future__ import annotations

from dataclasses import replace

from models.errors import Path
from proxy.inputs import Bound
from proxy.inputs.bodies import MOST_BYTES
from resolvers.uploads.sending import upload_to_send
from resolvers.work import Work


async def read_uploads(work: Work, bound: Bound, path: Path) -> None:
    """Fill the files of a body that name an upload. Raises NotFound and InvalidInput at `path` and their place."""
    left = MOST_BYTES
    for name, index, file in list(bound.files()):
        if file.upload_id is not None:
            at = (*path, name, *([] if index is None else [str(index)]), "uploadId")
            content, sha256 = await upload_to_send(work, file.upload_id, path=at, most=left)
            left -= len(content)
            bound.put(name, index, replace(file, content=content, sha256=sha256, upload_id=None))
