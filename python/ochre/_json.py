"""Metadata, filters and configurations as the JSON that the C API takes; what JSON would change silently is refused."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, Tuple

import numpy as np

from ._numbers import INT64_MAX, INT64_MIN, shown
from .errors import InvalidArgumentError, OchreError, WrongTypeError

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode
# What JSON has already. Of numbers the value matters.
_UNCHANGED = (str, bool, type(None))
_VALUES = "values are strings, bools, ints, floats and lists of one of these"


def to_json(value: Any, name: str, index: int = -1) -> str:
    """JSON of a dictionary. InvalidArgumentError, WrongTypeError: it has a key or a value that JSON has not, or an
    integer that int64 has not; the message says where, beginning with ``name``, and which record it is if ``index`` is
    given."""
    at = "" if index < 0 else f" at index {index}"
    if not isinstance(value, dict):
        raise WrongTypeError(f"Expected {name}{at} to be a dict, got {value!r}", index)
    try:
        text = _encode(value if _is_plain(value) else _plain(value))
        text.encode("utf-8")  # lone surrogates have no UTF-8
    except _Refused as refused:
        raise refused.error_class(f"Expected {name}{at} to be JSON, but {refused.place(name)} {refused.reason}",
                                  index) from None
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"Expected {name}{at} to be Unicode, but {_surrogate_in(value, name)} holds "
                                   f"{error.object[error.start]!r}, half of a surrogate pair", index) from None
    except RecursionError:
        raise InvalidArgumentError(f"Expected {name}{at} to be JSON, but it is nested too deep", index) from None
    return text


class _Refused(Exception):
    """What cannot be JSON, found somewhere inside: callers add the steps to it on the way out."""

    def __init__(self, reason: str, error_class: type[OchreError] = WrongTypeError) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error_class = error_class
        self.steps: List[Any] = []

    def place(self, name: str) -> str:
        return name + "".join(f"[{step!r}]" for step in reversed(self.steps))


def _is_plain(metadata: Dict[Any, Any]) -> bool:
    """Whether a dictionary is JSON as it is, which most are: found without making a copy."""
    for key, value in metadata.items():
        kind = type(value)
        if type(key) is not str:
            return False
        if kind in _UNCHANGED or kind is int and INT64_MIN <= value <= INT64_MAX:
            continue
        if kind is not float or not math.isfinite(value):
            return False
    return True


def _plain(value: Any) -> Any:
    """A copy with the values of numpy as Python's. _Refused."""
    kind = type(value)
    if kind in _UNCHANGED:
        return value
    if isinstance(value, dict):
        return {_key(key): _inside(key, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_inside(i, item) for i, item in enumerate(value)]
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return str.__str__(value)  # not what a subclass, such as an enumeration, shows
    if isinstance(value, (int, np.integer)) and not isinstance(value, np.timedelta64):
        return _plain_integer(int(value))
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise _Refused(f"is {value}, which JSON has no form for", InvalidArgumentError)
        return float(value)
    raise _Refused(f"is of type {kind.__name__}; {_VALUES}")


def _plain_integer(value: int) -> int:
    if INT64_MIN <= value <= INT64_MAX:
        return value
    raise _Refused(f"is {shown(value)}, but integers are in [{INT64_MIN}, {INT64_MAX}]", InvalidArgumentError)


def _plain_array(array: np.ndarray[Any, Any]) -> Any:
    if np.ma.is_masked(array):
        raise _Refused("is an array with masked elements, which have no value")
    if array.dtype.kind not in "biufUO":
        raise _Refused(f"is an array of {array.dtype}; {_VALUES}")
    return _plain(array.tolist())


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    raise _Refused(f"has the key {key!r} of type {type(key).__name__}; keys are strings")


def _inside(step: Any, value: Any) -> Any:
    try:
        return _plain(value)
    except _Refused as refused:
        refused.steps.append(step)
        raise


def _surrogate_in(value: Any, place: str) -> str:
    """The place of the first text in ``value`` that has no UTF-8; empty if there is none."""
    if isinstance(value, str):
        return place if any("\ud800" <= character <= "\udfff" for character in value) else ""
    items: List[Tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, (list, tuple, np.ndarray)):
        items = list(enumerate(value))
    for step, item in items:
        found = _surrogate_in(step, f"the key {step!r} of {place}") or _surrogate_in(item, f"{place}[{step!r}]")
        if found:
            return found
    return ""
