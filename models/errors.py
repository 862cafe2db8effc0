"""Refusals: facts and a sentence that the caller can act on. They know no wire; faces give them their form.

DomainError
├── Unauthenticated      no token, or one that is unknown, expired or revoked
├── Forbidden            the token or role does not allow it
├── NotFound             no such thing, or not yours: indistinguishable
├── Conflict             a unique value is taken, or a key was used with another input
├── Stale                the row changed since it was read
├── InvalidInput         one or more values are wrong
│   └── Oversized        … a value has more bytes than allowed
├── WrongMethod          a capability is called with another HTTP method than it declares
├── TooLarge             more bytes than allowed
├── TooMany              a rate or concurrency limit
├── NotReady             it exists, but its state does not allow this yet
├── Unavailable          the hub cannot do it now, for example because its database is down
│   └── Contended        … because others changed the same rows at the same moment
├── UpstreamFailed       a remote service failed while the hub needed it
│   ├── UpstreamTimeout  … it did not answer in time
│   ├── UpstreamBlocked  … the egress policy refused the address
│   └── TokenRefused     … a token endpoint refused, with its reason
└── SecretUnreadable     a stored secret does not open: wrong key or altered bytes
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from models.secret_place import SecretPlace
from models.vocabulary import HttpMethod, Permission, UnavailableReason, UpstreamFailure

Path = tuple[str, ...]
_MOST_VIOLATIONS: Final = 100
_LONGEST_NAME: Final = 1_000


class DomainError(Exception):
    """The root of all refusals. `path`: the place in the command (field names, indexes, JSON keys), empty if none."""

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def renamed(self, rename: Callable[[Path], Path]) -> DomainError:
        """A copy with its places in the names of a face. Raise it `from` this one."""
        other = type(self).__new__(type(self), *self.args)
        vars(other).update(vars(self), path=None if self.path is None else rename(self.path))
        return other


class Unauthenticated(DomainError):
    """The same sentence for every bad token, so that it reveals nothing."""

    def __init__(self, message: str = "Give a valid token as `Authorization: Bearer …`.") -> None:
        super().__init__(message)


class Forbidden(DomainError):
    """`permission`: the missing permission; None if the refusal is about a role."""

    def __init__(
        self, message: str | None = None, *, permission: Permission | None = None, path: Path | None = None
    ) -> None:
        super().__init__(message or f"This needs the permission {permission}.", path=path)
        self.permission = permission


class NotFound(DomainError):
    """`what`: the noun in the words of the caller.

    `near`: names like the one given that the caller may see; `known`: some that exist, shown if none is like it.
    """

    def __init__(
        self, what: str, *, path: Path | None = None, near: Sequence[str] = (), known: Sequence[str] = ()
    ) -> None:
        like = f" There is {', '.join(known)}." if known else ""
        like = f" Names like it: {', '.join(near)}." if near else like
        super().__init__(f"There is no such {what}.{like}", path=path)
        self.what = what


class Conflict(DomainError):
    """`existing`: the conflicting row, only if the caller may see it."""

    def __init__(self, message: str, *, existing: object | None = None, path: Path | None = None) -> None:
        super().__init__(message, path=path)
        self.existing = existing


class Stale(DomainError):
    """`current_version`: the version to read and merge with. `path`: the place of the expected version."""

    def __init__(self, current_version: int, *, path: Path = ("expected_version",)) -> None:
        super().__init__(
            f"It has changed since you read it and is at version {current_version} now; read it again.",
            path=path,
        )
        self.current_version = current_version


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One faulty value: its place, and a sentence about the fault."""

    path: Path
    message: str

    def shortened(self) -> Violation:
        """The same with the names of its place cut: a client chose them, and may have chosen long ones."""
        if all(len(name) <= _LONGEST_NAME for name in self.path):
            return self
        return Violation(path=tuple(_cut(name) for name in self.path), message=self.message)


class InvalidInput(DomainError):
    """The first hundred faults, in input order; never empty. `count`: the number of all that were found.

    The sentence names each of them with its place.
    """

    def __init__(self, violations: Sequence[Violation], *, count: int | None = None) -> None:
        self.violations = tuple(one.shortened() for one in violations[:_MOST_VIOLATIONS])
        self.count = len(violations) if count is None else count
        sentences = [": ".join([".".join(one.path), one.message]).removeprefix(": ") for one in self.violations]
        if self.count > len(sentences):
            sentences.append(f"There are at least {self.count - len(sentences)} more.")
        super().__init__(" ".join(sentences), path=self.violations[0].path)

    def renamed(self, rename: Callable[[Path], Path]) -> InvalidInput:
        """As `DomainError.renamed`; the sentence names the renamed places."""
        renamed = [Violation(path=rename(one.path), message=one.message) for one in self.violations]
        return type(self)(renamed, count=self.count)

    @classmethod
    def at(cls, path: Path | str, message: str) -> InvalidInput:
        """One fault at one place; a plain string is a path of one member."""
        return cls([Violation(path=(path,) if isinstance(path, str) else path, message=message)])


class Oversized(InvalidInput):
    """A value with more bytes than allowed."""

    @classmethod
    def of(cls, path: Path, size: int, limit: int) -> Oversized:
        """The refusal of a value at a place that has `size` bytes in UTF-8."""
        message = f"It has {size} bytes as JSON in UTF-8; at most {limit} are allowed. Send less."
        return cls([Violation(path=path, message=message)])


class WrongMethod(DomainError):
    """`declared`: the method of the capability."""

    def __init__(self, declared: HttpMethod) -> None:
        super().__init__(f"This capability is called with {declared}.")
        self.declared = declared


class TooLarge(DomainError):
    """`limit`: the allowed size in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes.")
        self.limit = limit


class TooMany(DomainError):
    """`retry_after_seconds`: None if waiting does not help."""

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotReady(DomainError):
    """`reason`: the missing prerequisite."""

    def __init__(
        self,
        message: str,
        *,
        reason: UnavailableReason,
        missing_scopes: Sequence[str] = (),
        connect_url: str | None = None,
        path: Path | None = None,
    ) -> None:
        super().__init__(message, path=path)
        self.reason = reason
        self.missing_scopes = tuple(missing_scopes)
        self.connect_url = connect_url


class Unavailable(DomainError):
    """The hub cannot serve this now, through no fault of the caller."""


class Contended(Unavailable):
    """Others changed the same rows at the same moment. The door retries before a caller sees it."""


class UpstreamFailed(DomainError):
    """`external_status`: the HTTP status if the other side answered, else None."""

    def __init__(
        self,
        message: str,
        *,
        reason: UpstreamFailure = UpstreamFailure.UNREACHABLE,
        external_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.external_status = external_status


class UpstreamTimeout(UpstreamFailed):
    """It did not answer within its time."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason=UpstreamFailure.TIMEOUT)


class UpstreamBlocked(UpstreamFailed):
    """The egress policy refused the address. The message never names it."""

    def __init__(self, message: str = "The egress policy does not allow this address.") -> None:
        super().__init__(message, reason=UpstreamFailure.BLOCKED)


class TokenRefused(UpstreamFailed):
    """RFC 6749 §5.2. `error` and `description` are the vendor's, shortened, printable, secrets masked."""

    def __init__(self, error: str, description: str = "", *, external_status: int | None = None) -> None:
        more = f": {description}" if description else ""
        super().__init__(
            f"The token endpoint refused with {error}{more}",
            reason=UpstreamFailure.ERROR_STATUS,
            external_status=external_status,
        )
        self.error = error
        self.description = description


class SecretUnreadable(DomainError):
    """The message names the row, never its content. `place`: the place of the secret, if known."""

    def __init__(self, message: str, *, place: SecretPlace | None = None) -> None:
        super().__init__(message)
        self.place = place


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
