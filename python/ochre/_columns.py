"""From Python's lists and numpy's arrays to the C API's columns, and back."""

from __future__ import annotations

import ctypes
import json
import struct
from typing import Any, Dict, List, Optional, Sequence, Tuple, cast

import numpy as np

from . import _native as native
from .errors import InvalidArgumentError

_DTYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int8): 2}


def _address(data: bytes) -> int:
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def string_column(texts: Sequence[Optional[str]], name: str) -> native.StringColumn:
    """Arrow's layout: one buffer, offsets and a bitmap of what is not None. The struct keeps them alive."""
    count = len(texts)
    try:
        nulls = None in texts
        present = ["" if text is None else text for text in texts] if nulls else cast(Sequence[str], texts)
        joined = "".join(present).encode("utf-8")
        lengths = np.fromiter(map(len, present), np.int64, count)
        if int(lengths.sum()) != len(joined):  # not all of it is ASCII
            lengths = np.fromiter((len(text.encode("utf-8")) for text in present), np.int64, count)
    except TypeError:
        bad = next(i for i, text in enumerate(texts) if text is not None and not isinstance(text, str))
        raise InvalidArgumentError(
            f"Expected {name} to be strings, got {type(texts[bad]).__name__} at index {bad}", bad) from None
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


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"a value of type {type(value).__name__} cannot be metadata")


def to_json(value: Any) -> str:
    """JSON of metadata, a filter or a configuration. TypeError, ValueError: it has values that JSON has not."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def metadata_column(metadatas: Sequence[Optional[Dict[str, Any]]]) -> native.StringColumn:
    texts: List[Optional[str]] = []
    for i, metadata in enumerate(metadatas):
        if metadata is None:
            texts.append(None)
            continue
        if not isinstance(metadata, dict) or not metadata:
            raise InvalidArgumentError(
                f"Expected metadata to be a non-empty dict, got {metadata!r} at index {i}", i)
        try:
            texts.append(to_json(metadata))
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(f"Expected metadata to be JSON at index {i}: {error}", i) from None
    return string_column(texts, "metadatas")


def as_matrix(embeddings: Any, name: str) -> np.ndarray[Any, Any]:
    """Rows of float32, float16 or int8: what numpy makes of it, without a copy where it is such an array already."""
    try:
        array = np.asarray(embeddings)
        if array.dtype not in _DTYPES:
            if array.dtype.kind not in "fiub":
                raise ValueError(f"values of type {array.dtype}")
            array = array.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"Expected {name} to be rows of numbers, all of one length: {error}") from None
    if array.ndim == 1 and array.size:
        array = array[np.newaxis]
    if array.ndim != 2 and array.size:
        raise InvalidArgumentError(f"Expected {name} to be a list of rows, got an array of shape {array.shape}")
    if array.size and array.strides[1] != array.itemsize or array.size and array.strides[0] < 0:
        array = np.ascontiguousarray(array)
    return array


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
