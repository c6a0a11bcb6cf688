"""Numbers on their way to C, which would cut them to its own width without a word."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .errors import InvalidArgumentError, WrongTypeError

INT32_MAX = 2**31 - 1
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def shown(value: int) -> str:
    """The digits; of more than anybody reads (and than Python converts), their number in bits."""
    return str(value) if value.bit_length() <= 256 else f"an integer of {value.bit_length()} bits"


def integer(value: Any, name: str, minimum: int = 0, maximum: int = INT64_MAX) -> int:
    """``value`` as an int of [minimum, maximum], which C's type must hold. Integers of numpy are taken as well; bools,
    floats and texts are not. InvalidArgumentError: it is out of range; WrongTypeError: no integer."""
    if type(value) is not int:
        value = _index(value, name)
    if minimum <= value <= maximum:
        return int(value)
    raise InvalidArgumentError(f"Expected {name} to be an integer in [{minimum}, {maximum}], got {shown(value)}")


def _index(value: Any, name: str) -> int:
    try:
        # Bools have an index, too, but nobody counts with them.
        if not isinstance(value, (bool, np.bool_)):
            return operator.index(value)
    except TypeError:
        pass
    raise WrongTypeError(f"Expected {name} to be an int, got {value!r} of type {type(value).__name__}")


def number(value: Any, name: str, minimum: float, maximum: float) -> float:
    """``value`` as a float of [minimum, maximum]. InvalidArgumentError: it is out of range or NaN; WrongTypeError: no
    number."""
    try:
        if isinstance(value, (bool, str, bytes)):
            raise TypeError
        result = float(value)
    except (TypeError, ValueError):
        raise WrongTypeError(f"Expected {name} to be a number, got {value!r} of type {type(value).__name__}") from None
    except OverflowError:
        result = math.inf if value > 0 else -math.inf
    if minimum <= result <= maximum:
        return result
    raise InvalidArgumentError(f"Expected {name} to be a number in [{minimum:g}, {maximum:g}], got {result:g}")
