"""Words of declared requests; `models/vocabulary.py` has them all."""

from enum import StrEnum


class HttpMethod(StrEnum):
    """HTTP methods that a capability may have."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class CapabilityEffect(StrEnum):
    """READ changes nothing; DESTRUCTIVE cannot be undone."""

    READ = "READ"
    WRITE = "WRITE"
    DESTRUCTIVE = "DESTRUCTIVE"


class InputType(StrEnum):
    """JSON types of inputs. FILE: an object that gives a file, by an upload or in base64."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    ARRAY = "ARRAY"
    OBJECT = "OBJECT"
    FILE = "FILE"
    ANY = "ANY"


class InputLocation(StrEnum):
    """The place of an input in the request."""

    PATH = "PATH"
    QUERY = "QUERY"
    HEADER = "HEADER"
    BODY = "BODY"


class BodyFormat(StrEnum):
    """The form of a request's body. FORM: application/x-www-form-urlencoded. RAW: one input is the whole body."""

    JSON = "JSON"
    FORM = "FORM"
    MULTIPART = "MULTIPART"
    RAW = "RAW"


class ArrayFormat(StrEnum):
    """Lists in queries and forms. REPEAT: `a=1&a=2`. BRACKETS: `a[]=1&a[]=2`. COMMA: `a=1,2`."""

    REPEAT = "REPEAT"
    BRACKETS = "BRACKETS"
    COMMA = "COMMA"


class CapabilityChangeKind(StrEnum):
    """Kinds of changes to a capability between two documents. CHANGED: any of its values; UNCHANGED: none."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"
    UNCHANGED = "UNCHANGED"
