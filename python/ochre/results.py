"""Results: Chroma's dictionaries, which also show themselves as tables and go on to pandas and Arrow."""

from __future__ import annotations

import ctypes
from html import escape
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from . import _columns as columns
from . import _native as native
from .errors import InvalidArgumentError, UnimplementedError

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
_PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_STREAM_NAME = b"arrow_array_stream"  # the string must outlive its capsules

# Streams that capsules point to, by address.
_streams: Dict[int, native.ArrowArrayStream] = {}


def _released(streams: Dict[int, native.ArrowArrayStream]) -> Any:
    """What destroys capsules. A closure, since the last ones are destroyed after this module's globals."""
    pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
        ctypes.cast(_PyCapsule_GetPointer, ctypes.c_void_p).value or 0)
    name, byref = _STREAM_NAME, ctypes.byref

    def release(capsule: int) -> None:
        stream = streams.pop(pointer_of(capsule, name))
        if stream.release:  # a consumer has moved it out otherwise
            stream.release(byref(stream))

    return ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(release)


_release_stream = _released(_streams)


def stream_of(capsule: Any) -> int:
    """The address of the stream in an ``arrow_array_stream`` capsule."""
    return int(_PyCapsule_GetPointer(capsule, _STREAM_NAME))


class _Table(Dict[str, Any]):
    """What both kinds of results share."""

    def __init__(self, handle: Optional[native.Handle], included: Sequence[str], **table: Any) -> None:
        """``handle``: of the library's result; None if a server sent it."""
        metadatas = table.pop("metadatas")
        # In the order of Chroma's dictionaries.
        super().__init__(ids=table.pop("ids"), embeddings=table.pop("embeddings"), documents=table.pop("documents"),
                         uris=table.pop("uris"), included=list(included), data=None, metadatas=metadatas, **table)
        self._handle = handle

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow stream, for polars, DuckDB or pyarrow. Memory is shared with the result, not copied.
        A requested schema is not looked at, as the protocol permits."""
        if self._handle is None:
            raise UnimplementedError("The results of a server are no Arrow tables; to_pandas() makes a table of them")
        stream = native.ArrowArrayStream()
        native.lib.ochre_result_export_arrow_stream(self._handle.value, ctypes.byref(stream), None)
        address = ctypes.addressof(stream)
        _streams[address] = stream
        return _PyCapsule_New(address, _STREAM_NAME, ctypes.cast(_release_stream, ctypes.c_void_p))

    def __reduce__(self) -> Any:  # pickles and copies are plain dictionaries
        return (dict, (dict(self),))

    def to_pandas(self, metadata: str = "columns") -> Any:
        """A pandas.DataFrame of a row each: ``id``, then ``query`` and ``distance`` of a query, then the columns that
        are included; ``embedding`` holds arrays.

        ``metadata="columns"`` makes a column of each metadata key, in the order in which they come up; one that is
        called like another column is ``metadata.<key>``. Integers and bools stay exact where records lack the key: the
        column is then one of pandas' nullable types. ``metadata="dict"`` makes one column ``metadata`` of dicts.
        """
        import pandas

        if metadata not in ("columns", "dict"):
            raise InvalidArgumentError(f'Expected metadata to be "columns" or "dict", got {metadata!r}')
        names, rows = self._rows()
        columns_ = {name: [row[i] for row in rows] for i, name in enumerate(names)}
        if metadata == "columns" and "metadata" in columns_:
            columns_ = _spread(columns_)
        return pandas.DataFrame({name: _series(pandas, values) for name, values in columns_.items()})

    def _repr_html_(self) -> str:
        names, rows = self._rows()
        return html_table(names, rows)

    def _rows(self) -> Tuple[List[str], List[List[Any]]]:
        raise NotImplementedError


class GetResult(_Table):
    """What get and peek return: lists of ``ids``, ``documents``, ``metadatas`` and ``uris`` and an array of
    ``embeddings`` of shape (rows, dimension), None for what was not included."""

    @classmethod
    def read(cls, handle: native.Handle, include: int, included: Sequence[str]) -> "GetResult":
        """What the library answered."""
        value = handle.value
        return cls(
            handle,
            included,
            ids=columns.read_texts(value, _IDS_COLUMN),
            embeddings=_embeddings(handle) if include & EMBEDDINGS else None,
            documents=columns.read_texts(value, _DOCUMENTS_COLUMN) if include & DOCUMENTS else None,
            uris=columns.read_texts(value, _URIS_COLUMN) if include & URIS else None,
            metadatas=columns.read_json(value, _METADATAS_COLUMN) if include & METADATAS else None,
        )

    def _rows(self) -> Tuple[List[str], List[List[Any]]]:
        return _zip_columns(self, {"id": "ids", "document": "documents", "metadata": "metadatas", "uri": "uris",
                                   "embedding": "embeddings"})


class QueryResult(_Table):
    """What query returns: for each query a list of ``ids``, ``distances`` and so on, nearest first; None for what was
    not included. ``embeddings`` holds an array of shape (hits, dimension) for each query."""

    @classmethod
    def read(cls, handle: native.Handle, include: int, included: Sequence[str]) -> "QueryResult":
        """What the library answered."""
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
        return cls(
            handle,
            included,
            ids=cut(columns.read_texts(value, _IDS_COLUMN)),
            embeddings=cut(_embeddings(handle)) if include & EMBEDDINGS else None,
            documents=cut(columns.read_texts(value, _DOCUMENTS_COLUMN)) if include & DOCUMENTS else None,
            uris=cut(columns.read_texts(value, _URIS_COLUMN)) if include & URIS else None,
            metadatas=cut(columns.read_json(value, _METADATAS_COLUMN)) if include & METADATAS else None,
            distances=None if distances is None else cut(distances),
        )

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


def _spread(table: Dict[str, List[Any]]) -> Dict[str, List[Any]]:
    """The same with a column for each metadata key where the column of dicts was."""
    spread: Dict[str, List[Any]] = {}
    taken = set(table) - {"metadata"}
    for name, values in table.items():
        if name != "metadata":
            spread[name] = values
            continue
        for key in dict.fromkeys(key for value in values for key in value or ()):
            column = key
            while column in taken:
                column = "metadata." + column
            taken.add(column)
            spread[column] = [(value or {}).get(key) for value in values]
    return spread


def _series(pandas: Any, values: List[Any]) -> Any:
    """A column of the type of its values, if they have one; None among integers would make floats of them."""
    types = {type(value) for value in values} - {type(None)}
    complete = not any(value is None for value in values)
    if types == {int}:
        dtype = "int64" if complete else "Int64"
    elif types == {bool}:
        dtype = "bool" if complete else "boolean"
    elif types == {float}:
        dtype = "float64"
    else:
        dtype = "object"
    return pandas.Series(values, dtype=dtype)


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
