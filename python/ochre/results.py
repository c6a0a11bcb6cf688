"""Results: Chroma's dictionaries, which also show themselves as tables and go on to pandas and Arrow."""

from __future__ import annotations

import ctypes
from html import escape
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from . import _columns as columns
from . import _native as native

DOCUMENTS, METADATAS, EMBEDDINGS, URIS, DISTANCES = 1, 2, 4, 8, 16
_IDS_COLUMN, _DOCUMENTS_COLUMN, _METADATAS_COLUMN, _URIS_COLUMN = range(4)

_ROWS_SHOWN = 20
_NUMBERS_SHOWN = 4
_CHARACTERS_SHOWN = 200

_PyCapsule_New = ctypes.pythonapi.PyCapsule_New
_PyCapsule_New.restype = ctypes.py_object
_PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_PyCapsule_GetPointer = ctypes.pythonapi.PyCapsule_GetPointer
_PyCapsule_GetPointer.restype = ctypes.c_void_p
_STREAM_NAME = b"arrow_array_stream"  # the string must outlive its capsules

# Streams that capsules point to, by address.
_streams: Dict[int, native.ArrowArrayStream] = {}


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)  # type: ignore[misc]
def _release_stream(capsule: int) -> None:
    _PyCapsule_GetPointer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    stream = _streams.pop(_PyCapsule_GetPointer(capsule, _STREAM_NAME))
    if stream.release:  # a consumer has moved it out otherwise
        stream.release(ctypes.byref(stream))


def stream_of(capsule: Any) -> int:
    """The address of the stream in an ``arrow_array_stream`` capsule."""
    _PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(_PyCapsule_GetPointer(capsule, _STREAM_NAME))


class _Table(Dict[str, Any]):
    """What both kinds of results share."""

    _handle: native.Handle
    _include: int

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow stream, for polars, DuckDB or pyarrow. Memory is shared with the result, not copied.
        A requested schema is not looked at, as the protocol permits."""
        stream = native.ArrowArrayStream()
        native.lib.ochre_result_export_arrow_stream(self._handle.value, ctypes.byref(stream), None)
        address = ctypes.addressof(stream)
        _streams[address] = stream
        return _PyCapsule_New(address, _STREAM_NAME, ctypes.cast(_release_stream, ctypes.c_void_p))

    def __reduce__(self) -> Any:  # pickles and copies are plain dictionaries
        return (dict, (dict(self),))

    def to_pandas(self) -> Any:
        """A pandas.DataFrame of a row each: ``id``, then ``query`` and ``distance`` of a query, then the columns that
        are included; ``embedding`` holds arrays, ``metadata`` dicts."""
        import pandas

        names, rows = self._rows()
        return pandas.DataFrame(rows, columns=names)

    def _repr_html_(self) -> str:
        names, rows = self._rows()
        return html_table(names, rows)

    def _rows(self) -> Tuple[List[str], List[List[Any]]]:
        raise NotImplementedError


class GetResult(_Table):
    """What get and peek return: lists of ``ids``, ``documents``, ``metadatas`` and ``uris`` and an array of
    ``embeddings`` of shape (rows, dimension), None for what was not included."""

    def __init__(self, handle: native.Handle, include: int, included: Sequence[str]) -> None:
        value = handle.value
        super().__init__(
            ids=columns.read_texts(value, _IDS_COLUMN),
            embeddings=_embeddings(handle) if include & EMBEDDINGS else None,
            documents=columns.read_texts(value, _DOCUMENTS_COLUMN) if include & DOCUMENTS else None,
            uris=columns.read_texts(value, _URIS_COLUMN) if include & URIS else None,
            included=list(included),
            data=None,
            metadatas=columns.read_json(value, _METADATAS_COLUMN) if include & METADATAS else None,
        )
        self._handle = handle
        self._include = include

    def _rows(self) -> Tuple[List[str], List[List[Any]]]:
        return _zip_columns(self, {"id": "ids", "document": "documents", "metadata": "metadatas", "uri": "uris",
                                   "embedding": "embeddings"})


class QueryResult(_Table):
    """What query returns: for each query a list of ``ids``, ``distances`` and so on, nearest first; None for what was
    not included. ``embeddings`` holds an array of shape (hits, dimension) for each query."""

    def __init__(self, handle: native.Handle, include: int, included: Sequence[str]) -> None:
        value = handle.value
        lib = native.lib
        count = lib.ochre_result_query_count(value)
        offsets = columns.read_offsets(lib.ochre_result_offsets(value), count + 1)
        cuts = [slice(begin, end) for begin, end in zip(offsets, offsets[1:])]

        def cut(column: Any) -> List[Any]:
            return [column[part] for part in cuts]

        size = offsets[-1]
        distances: Optional[List[float]] = None
        if include & DISTANCES:
            distances = (ctypes.c_float * size).from_address(lib.ochre_result_distances(value))[:] if size else []
        super().__init__(
            ids=cut(columns.read_texts(value, _IDS_COLUMN)),
            embeddings=cut(_embeddings(handle)) if include & EMBEDDINGS else None,
            documents=cut(columns.read_texts(value, _DOCUMENTS_COLUMN)) if include & DOCUMENTS else None,
            uris=cut(columns.read_texts(value, _URIS_COLUMN)) if include & URIS else None,
            included=list(included),
            data=None,
            metadatas=cut(columns.read_json(value, _METADATAS_COLUMN)) if include & METADATAS else None,
            distances=None if distances is None else cut(distances),
        )
        self._handle = handle
        self._include = include

    def _rows(self) -> Tuple[List[str], List[List[Any]]]:
        flat: Dict[str, Any] = {"query": [q for q, ids in enumerate(self["ids"]) for _ in ids]}
        for key, column in self.items():
            if key not in ("included", "data"):
                flat[key] = None if column is None else [value for part in column for value in part]
        return _zip_columns(flat, {"id": "ids", "query": "query", "distance": "distances", "document": "documents",
                                   "metadata": "metadatas", "uri": "uris", "embedding": "embeddings"})


def _embeddings(handle: native.Handle) -> np.ndarray[Any, Any]:
    matrix = native.Matrix()
    native.lib.ochre_result_embeddings(handle.value, ctypes.byref(matrix), None)
    return columns.read_floats(matrix.data, (matrix.rows, matrix.columns), handle)


def _zip_columns(values: Dict[str, Any], names: Dict[str, str]) -> Tuple[List[str], List[List[Any]]]:
    shown = {name: values[key] for name, key in names.items() if values[key] is not None}
    return list(shown), [list(row) for row in zip(*shown.values())]


def html_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """An HTML table of the first rows, everything escaped, long texts and vectors cut."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>" for row in rows[:_ROWS_SHOWN])
    more = f"<p>{len(rows) - _ROWS_SHOWN} more rows</p>" if len(rows) > _ROWS_SHOWN else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, np.ndarray):
        shown = ", ".join(f"{number:.4g}" for number in value[:_NUMBERS_SHOWN])
        return f"[{shown}{', …' if len(value) > _NUMBERS_SHOWN else ''}] ({len(value)})"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    return text if len(text) <= _CHARACTERS_SHOWN else text[:_CHARACTERS_SHOWN] + "…"
