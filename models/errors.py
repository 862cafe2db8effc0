"""Refusals: facts and a sentence that the caller can act on. They know no wire; faces give them their form.

DomainError
├── Unauthenticated      no token, or one that is unknown, expired or revoked
├── Forbidden            the token or role does not allow it
├── NotFound             no such thing, or not yours: indistinguishable
├── Conflict             a unique value is taken; a key was used with another input
├── Stale                the row moved on since it was read
├── InvalidInput         one or more values are wrong
├── WrongMethod          a capability is called with another HTTP method than it declares
├── TooLarge             more bytes than are taken
├── TooMany              a rate or concurrency limit
├── NotReady             it exists, but its state does not allow this yet
├── Unavailable          the hub itself cannot do it now, such as a database that is away
│   └── Contended        … because others changed the same rows at the same moment
├── UpstreamFailed       something outside failed while the hub needed it
│   ├── UpstreamTimeout  … it did not answer in time
│   ├── UpstreamBlocked  … the egress policy refused the address
│   └── TokenRefused     … a token endpoint said no, and why
└── SecretUnreadable     a stored secret does not open: wrong key, or tampered with
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.secret_place import SecretPlace
from models.vocabulary import HttpMethod, Permission, UnavailableReason, UpstreamFailure

Path = tuple[str, ...]


class DomainError(Exception):
    """The root. `path` is the place in the command, when it is about one: names of its fields, indexes, JSON keys."""

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def renamed(self, rename: Callable[[Path], Path]) -> DomainError:
        """A copy, with its places in the words of a face; raise it `from` this one."""
        other = type(self).__new__(type(self), *self.args)
        vars(other).update(vars(self), path=None if self.path is None else rename(self.path))
        return other


class Unauthenticated(DomainError):
    """One sentence for every bad token, so that nothing can be learnt from it."""

    def __init__(self, message: str = "Give a valid token as `Authorization: Bearer …`.") -> None:
        super().__init__(message)


class Forbidden(DomainError):
    """`permission` is the one that was missing; None when the refusal is about a role."""

    def __init__(
        self, message: str | None = None, *, permission: Permission | None = None, path: Path | None = None
    ) -> None:
        super().__init__(message or f"This needs the permission {permission}.", path=path)
        self.permission = permission


class NotFound(DomainError):
    """`what` is the noun as the caller knows it."""

    def __init__(self, what: str, *, path: Path | None = None) -> None:
        super().__init__(f"There is no such {what}.", path=path)
        self.what = what


class Conflict(DomainError):
    """`existing` is the row in the way, given only where the caller may see it."""

    def __init__(self, message: str, *, existing: object | None = None, path: Path | None = None) -> None:
        super().__init__(message, path=path)
        self.existing = existing


class Stale(DomainError):
    """`current_version` is the version to read and merge with. `path` is where the expected one was given."""

    def __init__(self, current_version: int, *, path: Path = ("expected_version",)) -> None:
        super().__init__(
            f"It has changed since you read it and is at version {current_version} now; read it again.",
            path=path,
        )
        self.current_version = current_version


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One faulty value: where, and what is wrong with it."""

    path: Path
    message: str


class InvalidInput(DomainError):
    """Every fault found, in input order; never empty."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        first = violations[0]
        more = f" ({len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(f"{'.'.join(first.path)}: {first.message}{more}", path=first.path)
        self.violations = tuple(violations)

    def renamed(self, rename: Callable[[Path], Path]) -> InvalidInput:
        """As `DomainError.renamed`; the sentence names the renamed first place."""
        return InvalidInput([Violation(path=rename(one.path), message=one.message) for one in self.violations])

    @classmethod
    def at(cls, path: Path | str, message: str) -> InvalidInput:
        """One fault at one place; a plain string is a path of one member."""
        return cls([Violation(path=(path,) if isinstance(path, str) else path, message=message)])


class WrongMethod(DomainError):
    """`declared` is the method that the capability has."""

    def __init__(self, declared: HttpMethod) -> None:
        super().__init__(f"This capability is called with {declared}.")
        self.declared = declared


class TooLarge(DomainError):
    """`limit` is in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes.")
        self.limit = limit


class TooMany(DomainError):
    """`retry_after_seconds` is None when waiting does not help."""

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotReady(DomainError):
    """`reason` says what is missing."""

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
    """The hub cannot serve this now, through no fault of the caller; try again."""


class Contended(Unavailable):
    """Others changed the same rows at the same moment. The door tries again before anybody hears of it."""


class UpstreamFailed(DomainError):
    """`external_status` is set when the other side answered."""

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
    """The egress policy refused the address, which is never named."""

    def __init__(self, message: str = "The egress policy does not allow this address.") -> None:
        super().__init__(message, reason=UpstreamFailure.BLOCKED)


class TokenRefused(UpstreamFailed):
    """RFC 6749 §5.2. `error` is the vendor's word; it and `description` are short, printable and hold no secret."""

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
    """Says which row, never what was in it. `place` is that row's, where it is known."""

    def __init__(self, message: str, *, place: SecretPlace | None = None) -> None:
        super().__init__(message)
        self.place = place
