"""OpenAPI documents (2.0, 3.0, 3.1): read within limits, and their operations written as drafts of capabilities."""

from proxy.openapi.apart import Documents, Draft, Read, Skipped
from proxy.openapi.selection import Selection

__all__ = ["Documents", "Draft", "Read", "Selection", "Skipped"]
