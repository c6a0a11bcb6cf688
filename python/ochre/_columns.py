"""From Python's lists and numpy's arrays to the C API's columns, and back."""

from __future__ import annotations

import ctypes
import json
import struct
from collections.abc import Iterable, Mapping, Set
from typing import Any, Dict, List, Optional, Sequence, Tuple, cast

import numpy as np

from . import _native as native
from ._json import to_json
from .errors import InvalidArgumentError, WrongTypeError

_DTYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int8): 2}


def _address(data: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def listed(values: Any, name: str, single: type, ordered: bool = True) -> Any:
    """A list of what is given for the records of a call: one value of type ``single``, or anything that can be gone
    through. WrongTypeError: it cannot; or it is a set, whose members come in any order, though they are to be
    ``ordered`` as the other columns are."""
    if isinstance(values, list):
        return values
    if isinstance(values, single):
        return [values]
    # bytes and dictionaries can be gone through too, but nobody means their numbers and keys.
    refused = isinstance(values, (bytes, bytearray, str, Mapping)) or not isinstance(values, Iterable)
    if refused or ordered and isinstance(values, Set) and not isinstance(values, _DICTIONARY_VIEWS):
        what = "a set, whose order is none" if isinstance(values, Set) else f"{values!r}"
        raise WrongTypeError(f"Expected {name} to be a list, got {what}, of type {type(values).__name__}")
    if np.ma.is_masked(values):
        raise WrongTypeError(f"Expected {name} to be a list, got an array with masked elements, which have no value")
    try:
        return list(values)
    except TypeError:  # an array of no dimension
        raise WrongTypeError(f"Expected {name} to be a list, got {values!r}") from None


def text_of(value: Any, name: str) -> str:
    """A text that is not for C. Errors as of ``native.string``; None is none."""
    if value is None:
        raise WrongTypeError(f"Expected {name} to be a string, got None")
    native.string(value, name)
    return str(value)


# These have the order of their dictionary.
_DICTIONARY_VIEWS = (type({}.keys()), type({}.items()))


def string_column(texts: Sequence[Optional[str]], name: str, begin: int = 0) -> native.StringColumn:
    """Arrow's layout: one buffer, offsets and a bitmap of what is not None. The struct keeps them alive. The first text
    is that of record ``begin`` of the call."""
    count = len(texts)
    try:
        nulls = any(text is None for text in texts)
        present = ["" if text is None else text for text in texts] if nulls else cast(Sequence[str], texts)
        joined = "".join(present).encode("utf-8")
        lengths = np.fromiter(map(len, present), np.int64, count)
        if int(lengths.sum()) != len(joined):  # not all of it is ASCII
            lengths = np.fromiter((len(text.encode("utf-8")) for text in present), np.int64, count)
    except TypeError:
        bad = next(i for i, text in enumerate(texts) if text is not None and not isinstance(text, str))
        raise WrongTypeError(
            f"Expected {name} to be strings, got {texts[bad]!r} of type {type(texts[bad]).__name__} at index "
            f"{begin + bad}", begin + bad) from None
    except UnicodeEncodeError as error:
        bad = next(i for i, text in enumerate(present) if not native.is_unicode(text))
        raise InvalidArgumentError(
            f"Expected {name} to be Unicode, but the text at index {begin + bad} holds "
            f"{error.object[error.start]!r}, half of a surrogate pair", begin + bad) from None
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    column = native.StringColumn()
    column.count = count
    column.data = _address(joined)
    column.offsets64 = _data_of(offsets)
    validity = None
    if nulls:
        validity = np.packbits(np.fromiter((text is not None for text in texts), bool, count), bitorder="little")
        column.validity = _data_of(validity)
    column._keep = (joined, offsets, validity)
    return column


def metadata_column(metadatas: Sequence[Optional[Dict[str, Any]]], begin: int = 0) -> native.StringColumn:
    """As JSON. The first of them is that of record ``begin`` of the call."""
    texts: List[Optional[str]] = []
    for i, metadata in enumerate(metadatas, begin):
        if metadata is None:
            texts.append(None)
            continue
        if not isinstance(metadata, dict) or not metadata:
            error_class = InvalidArgumentError if isinstance(metadata, dict) else WrongTypeError
            raise error_class(f"Expected metadata to be a non-empty dict, got {metadata!r} at index {i}", i)
        texts.append(to_json(metadata, "metadata", i))
    return string_column(texts, "metadatas", begin)


def as_matrix(embeddings: Any, name: str) -> np.ndarray[Any, Any]:
    """Rows of float32, float16 or int8: what numpy makes of it, without a copy where it is such an array already.
    Columns of rows (of pandas, say), arrays that hold arrays, and generators of rows are rows as well."""
    array = embeddings if isinstance(embeddings, np.ndarray) else _to_array(embeddings, name)
    if np.ma.is_masked(array):
        raise WrongTypeError(f"Expected {name} to be rows of numbers, got an array with masked elements, which have no "
                             "value")
    if array.dtype == object:
        array = _stack(array, name)
    if array.dtype not in _DTYPES:
        if array.dtype.kind not in "fiub":
            raise WrongTypeError(f"Expected {name} to be rows of numbers, got values of type {array.dtype}")
        with np.errstate(over="ignore"):  # infinity is refused by the library, which names the row
            array = array.astype(np.float32)
    if array.ndim == 1 and array.size:
        array = array[np.newaxis]
    if array.ndim != 2 and array.size:
        raise InvalidArgumentError(f"Expected {name} to be a list of rows, got an array of shape {array.shape}")
    if array.size and array.strides[1] != array.itemsize or array.size and array.strides[0] < 0:
        array = np.ascontiguousarray(array)
    return array


def _to_array(rows: Any, name: str) -> np.ndarray[Any, Any]:
    if isinstance(rows, (str, bytes, bytearray, Mapping, Set)) or not isinstance(rows, Iterable):
        raise WrongTypeError(f"Expected {name} to be rows of numbers, got {rows!r} of type {type(rows).__name__}")
    if not hasattr(rows, "__array__") and not isinstance(rows, (list, tuple)):
        rows = list(rows)
    for i, row in enumerate(rows) if isinstance(rows, (list, tuple)) else ():
        if np.ma.is_masked(row):
            raise WrongTypeError(f"Expected {name} to be rows of numbers, got masked elements, which have no value, at "
                                 f"index {i}", i)
    try:
        return np.asarray(rows)
    except (TypeError, ValueError):  # rows of several lengths: _stack says which
        array = np.empty(len(rows), object)
        for i, row in enumerate(rows):
            array[i] = row
        return array


def _stack(column: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """An array of objects, each of which is a row, as an array of numbers."""
    rows = []
    for i, given in enumerate(column):
        try:
            # Of an array that holds objects, what the objects are.
            row = np.asarray(given.tolist() if isinstance(given, np.ndarray) else given)
        except (TypeError, ValueError):
            row = np.empty(0, object)
        if row.ndim == 0 and column.ndim == 1 and row.dtype.kind in "fiu":
            row = np.asarray(given, np.float32)
        elif row.ndim != 1 or row.dtype.kind not in "fiub":
            raise WrongTypeError(f"Expected {name} to be rows of numbers, got {given!r} at index {i}", i)
        if rows and row.shape != rows[0].shape:
            raise InvalidArgumentError(f"Expected {name} to be rows of one length, got {row.size} numbers at index {i}"
                                       f", but {rows[0].size} at index 0", i)
        rows.append(row)
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _data_of(array: np.ndarray[Any, Any]) -> int:
    return int(array.__array_interface__["data"][0])  # array.ctypes.data takes several times as long


def matrix(array: np.ndarray[Any, Any]) -> native.Matrix:
    """Borrows the rows of an array from as_matrix, which the struct keeps alive."""
    result = native.Matrix()
    if array.size:
        result.data = _data_of(array)
        result.rows, result.columns = array.shape
        # A single row has any stride; so has a repeated one (np.broadcast_to), which is no matrix of C's.
        if array.shape[0] > 1:
            if array.strides[0] < array.shape[1] * array.itemsize:
                array = np.ascontiguousarray(array)
                result.data = _data_of(array)
            result.row_stride_bytes = array.strides[0]
        result.dtype = _DTYPES[array.dtype]
    result._keep = array
    return result


def read_offsets(address: int, count: int) -> List[int]:
    return memoryview(_string_at(address, 8 * count)).cast("q").tolist()


# A struct's fields in one go; one attribute at a time takes several times as long.
_unpack_column = struct.Struct("6q").unpack
_string_at = ctypes.string_at


def _read_column(result: int, column: int) -> Tuple[bytes, List[int], Optional[bytes]]:
    """Text, offsets and bitmap of a column of a result."""
    strings = native.StringColumn()
    native.lib.ochre_result_strings(result, column, strings, None)
    count, _, data, _, offsets_address, validity_address = _unpack_column(strings)
    if count == 0:
        return b"", [0], None
    offsets = read_offsets(offsets_address, count + 1)
    validity = _string_at(validity_address, (count + 7) // 8) if validity_address else None
    return _string_at(data, offsets[-1]), offsets, validity


def _put_nulls(values: List[Any], validity: Optional[bytes]) -> List[Any]:
    if validity is not None:
        for i in range(len(values)):
            if not validity[i >> 3] >> (i & 7) & 1:
                values[i] = None
    return values


def read_texts(result: int, column: int) -> List[Optional[str]]:
    """A column of a result; None where a record has no value."""
    data, offsets, validity = _read_column(result, column)
    if data.isascii():  # decoded at once
        text = data.decode("ascii")
        return _put_nulls([text[begin:end] for begin, end in zip(offsets, offsets[1:])], validity)
    return _put_nulls([data[begin:end].decode("utf-8") for begin, end in zip(offsets, offsets[1:])], validity)


def read_json(result: int, column: int) -> List[Any]:
    """A column of JSON, parsed at once."""
    data, offsets, _ = _read_column(result, column)
    # A null is empty, as no JSON text is.
    texts = [data[begin:end] or b"null" for begin, end in zip(offsets, offsets[1:])]
    return list(json.loads((b"[" + b",".join(texts) + b"]").decode("utf-8")))


def read_floats(address: Optional[int], shape: Tuple[int, ...], owner: Any) -> np.ndarray[Any, Any]:
    """An array over memory of `owner`, which it keeps alive; read-only."""
    size = int(np.prod(shape))
    if not address or size == 0:
        return np.zeros(shape, np.float32)
    memory = (ctypes.c_float * size).from_address(address)
    memory._owner = owner  # type: ignore[attr-defined]
    array: np.ndarray[Any, Any] = np.frombuffer(memory, np.float32).reshape(shape)  # type: ignore[call-overload]
    array.flags.writeable = False
    return array
