"""One exception class for each status of the C API, each also one of Python's own where that is what people expect."""

from __future__ import annotations

from typing import Dict, Type


class OchreError(Exception):
    """Base of all. ``index`` is the record (or row, id, text) to blame, counted from 0; -1 if none in particular."""

    code = 2

    def __init__(self, message: str = "", index: int = -1) -> None:
        super().__init__(message)
        self.message = message
        self.index = index

    def __str__(self) -> str:  # KeyError would show the message in quotes
        return self.message


class CancelledError(OchreError):
    """The call was interrupted (``Client.interrupt``)."""

    code = 1


class UnknownError(OchreError):
    """Another program, such as the producer of an Arrow stream, failed."""

    code = 2


class InvalidArgumentError(OchreError, ValueError):
    """The caller's value is wrong, whatever the state of the database."""

    code = 3


class WrongTypeError(InvalidArgumentError, TypeError):
    """The caller's value is of a type that the argument has no use for."""


class DuplicateIDError(InvalidArgumentError):
    """An id occurs more than once in one call."""


class DeadlineExceededError(OchreError, TimeoutError):
    """The deadline set with ``ochre.timeout`` has passed."""

    code = 4


class NotFoundError(OchreError, KeyError):
    """There is no such collection, database, tenant or directory."""

    code = 5


class AlreadyExistsError(OchreError, ValueError):
    """The name is taken."""

    code = 6


class PermissionDeniedError(OchreError, PermissionError):
    """The operating system refused."""

    code = 7


class ResourceExhaustedError(OchreError, OSError):
    """A disk, the memory or a bound is full."""

    code = 8


class FailedPreconditionError(OchreError, ValueError):
    """The right call in the wrong state, such as after closing (files raise ValueError there too)."""

    code = 9


class AbortedError(OchreError):
    """The operation was given up."""

    code = 10


class OutOfRangeError(OchreError, IndexError):
    """There is no such entry."""

    code = 11


class UnimplementedError(OchreError, NotImplementedError):
    """The running library cannot do this."""

    code = 12


class InternalError(OchreError, RuntimeError):
    """A defect of Ochre."""

    code = 13


class UnavailableError(OchreError, OSError):
    """Try again."""

    code = 14


class DataLossError(OchreError, OSError):
    """A damaged file, which the message names."""

    code = 15


class UnauthenticatedError(OchreError, PermissionError):
    """The caller is unknown."""

    code = 16


class Interrupted(KeyboardInterrupt):
    """Ctrl-C between the batches of a write. The collection is consistent and holds the first ``rows`` records."""

    def __init__(self, rows: int, total: int) -> None:
        super().__init__(f"interrupted: {rows} of {total} records are written")
        self.rows = rows
        self.total = total


CLASSES: Dict[int, Type[OchreError]] = {
    cls.code: cls
    for cls in (
        CancelledError, UnknownError, InvalidArgumentError, DeadlineExceededError, NotFoundError, AlreadyExistsError,
        PermissionDeniedError, ResourceExhaustedError, FailedPreconditionError, AbortedError, OutOfRangeError,
        UnimplementedError, InternalError, UnavailableError, DataLossError, UnauthenticatedError,
    )
}
