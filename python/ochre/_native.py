"""The C API (ochre/c.h) through ctypes: structs, functions, and failed calls as exceptions.

ctypes gives up the GIL while a call runs, so that other threads go on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_uint8, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Type, TypeVar

from . import errors

SONAME = "libochre.so.0.1"


class String(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("size", c_int64)]


class StringColumn(ctypes.Structure):
    _fields_ = [
        ("count", c_int64), ("strings", c_void_p), ("data", c_void_p), ("offsets32", c_void_p),
        ("offsets64", c_void_p), ("validity", c_void_p),
    ]


class Matrix(ctypes.Structure):
    _fields_ = [
        ("data", c_void_p), ("rows", c_int64), ("columns", c_int64), ("row_stride_bytes", c_int64),
        ("dtype", c_int32), ("reserved", c_int32),
    ]


class EmbeddingCallbacks(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("name", String), ("config_json", String), ("user_data", c_void_p),
        ("embed", c_void_p), ("release", c_void_p), ("dimension", c_int32), ("reserved", c_int32),
    ]


class ClientOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("durability", c_int32), ("create_if_missing", c_int32),
        ("compaction_threads", c_int32), ("writers_refused", c_int32), ("tail_records_max", c_int64),
        ("tail_bytes_max", c_int64), ("aged_tail_records_min", c_int64), ("aged_tail_seconds", c_int64),
        ("tail_bytes_slowdown", c_int64),
    ]


class TenantInfo(ctypes.Structure):
    _fields_ = [("struct_size", c_uint64), ("name", String), ("resource_name", String)]


class DatabaseInfo(ctypes.Structure):
    _fields_ = [("struct_size", c_uint64), ("id", String), ("name", String), ("tenant", String)]


class CollectionOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("space", c_int32), ("max_neighbors", c_int32), ("ef_construction", c_int32),
        ("ef_search", c_int32), ("quantization", c_int32), ("reserved", c_int32), ("metadata_json", String),
        ("embedding_function", c_void_p),
    ]


class CollectionInfo(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("id", String), ("name", String), ("tenant", String), ("database", String),
        ("metadata_json", String), ("configuration_json", String), ("dimension", c_int32), ("space", c_int32),
        ("max_neighbors", c_int32), ("ef_construction", c_int32), ("ef_search", c_int32), ("quantization", c_int32),
    ]


class CollectionChanges(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("name", String), ("metadata_json", String), ("ef_search", c_int32),
        ("max_neighbors", c_int32),
    ]


class Stats(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("record_count", c_int64), ("tail_records", c_int64), ("tail_bytes", c_int64),
        ("segment_count", c_int64), ("segment_records", c_int64), ("segment_deleted", c_int64),
        ("segment_bytes", c_int64), ("version", c_uint64), ("log_position", c_uint64),
        ("compacted_position", c_uint64), ("max_neighbors_used", c_int32), ("ef_construction_used", c_int32),
        ("ef_search_used", c_int32),
    ]


class Records(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("ids", POINTER(StringColumn)), ("embeddings", POINTER(Matrix)),
        ("embedding_given", c_void_p), ("documents", POINTER(StringColumn)), ("metadatas", POINTER(StringColumn)),
        ("uris", POINTER(StringColumn)),
    ]


class Receipt(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("log_position", c_uint64), ("records", c_int64), ("durability", c_int32),
        ("reserved", c_int32),
    ]


class DeleteOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("ids", POINTER(StringColumn)), ("where", String), ("where_document", String),
        ("limit", c_int64),
    ]


class GetOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("ids", POINTER(StringColumn)), ("where", String), ("where_document", String),
        ("limit", c_int64), ("offset", c_int64), ("include", c_uint32), ("reserved", c_int32),
    ]


class QueryOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64), ("embeddings", POINTER(Matrix)), ("texts", POINTER(StringColumn)),
        ("n_results", c_int64), ("ids", POINTER(StringColumn)), ("where", String), ("where_document", String),
        ("target_recall", c_double), ("ef_search", c_int32), ("exact", c_int32), ("num_threads", c_int32),
        ("include", c_uint32),
    ]


class ArrowArrayStream(ctypes.Structure):
    pass


ArrowArrayStream._fields_ = [
    ("get_schema", c_void_p), ("get_next", c_void_p), ("get_last_error", c_void_p),
    ("release", ctypes.CFUNCTYPE(None, POINTER(ArrowArrayStream))), ("private_data", c_void_p),
]


def _load() -> ctypes.CDLL:
    # Beside this file in a wheel; else wherever the system finds it.
    beside = Path(__file__).with_name(SONAME)
    path = os.environ.get("OCHRE_LIBRARY") or (str(beside) if beside.exists() else SONAME)
    return ctypes.CDLL(path)


lib = _load()

_STATUS_CALLS: Dict[str, List[Any]] = {
    "ochre_client_open": [String, c_void_p, POINTER(c_void_p)],
    "ochre_client_in_memory": [c_void_p, POINTER(c_void_p)],
    "ochre_client_close": [c_void_p],
    "ochre_client_interrupt": [c_void_p],
    "ochre_client_reset": [c_void_p],
    "ochre_client_with_tenant": [c_void_p, String, POINTER(c_void_p)],
    "ochre_client_create_tenant": [c_void_p, String],
    "ochre_client_get_tenant": [c_void_p, String, POINTER(c_void_p)],
    "ochre_tenant_list_get": [c_void_p, c_int64, POINTER(TenantInfo)],
    "ochre_client_create_database": [c_void_p, String],
    "ochre_client_get_database": [c_void_p, String, POINTER(c_void_p)],
    "ochre_client_list_databases": [c_void_p, c_int64, c_int64, POINTER(c_void_p)],
    "ochre_database_list_get": [c_void_p, c_int64, POINTER(DatabaseInfo)],
    "ochre_client_delete_database": [c_void_p, String],
    "ochre_client_with_database": [c_void_p, String, String, POINTER(c_void_p)],
    "ochre_client_create_collection": [c_void_p, String, POINTER(CollectionOptions), POINTER(c_void_p)],
    "ochre_client_get_or_create_collection": [c_void_p, String, POINTER(CollectionOptions), POINTER(c_void_p)],
    "ochre_client_get_collection": [c_void_p, String, c_void_p, POINTER(c_void_p)],
    "ochre_client_delete_collection": [c_void_p, String],
    "ochre_client_open_listed_collection": [c_void_p, c_void_p, c_int64, c_void_p, POINTER(c_void_p)],
    "ochre_client_count_collections": [c_void_p, POINTER(c_int64)],
    "ochre_client_list_collections": [c_void_p, c_int64, c_int64, POINTER(c_void_p)],
    "ochre_collection_list_get": [c_void_p, c_int64, POINTER(CollectionInfo)],
    "ochre_collection_describe": [c_void_p, POINTER(c_void_p)],
    "ochre_collection_modify": [c_void_p, POINTER(CollectionChanges)],
    "ochre_collection_stats": [c_void_p, POINTER(Stats)],
    "ochre_collection_compact": [c_void_p],
    "ochre_collection_wait_until_compacted": [c_void_p],
    "ochre_collection_verify": [c_void_p],
    "ochre_collection_count": [c_void_p, POINTER(c_int64)],
    "ochre_collection_count_where": [c_void_p, String, String, POINTER(c_int64)],
    "ochre_collection_add": [c_void_p, POINTER(Records), POINTER(Receipt)],
    "ochre_collection_update": [c_void_p, POINTER(Records), POINTER(Receipt)],
    "ochre_collection_upsert": [c_void_p, POINTER(Records), POINTER(Receipt)],
    "ochre_collection_add_arrow": [c_void_p, c_void_p, POINTER(Receipt)],
    "ochre_collection_update_arrow": [c_void_p, c_void_p, POINTER(Receipt)],
    "ochre_collection_upsert_arrow": [c_void_p, c_void_p, POINTER(Receipt)],
    "ochre_collection_delete": [c_void_p, POINTER(DeleteOptions), POINTER(Receipt)],
    "ochre_collection_get": [c_void_p, POINTER(GetOptions), POINTER(c_void_p)],
    "ochre_collection_query": [c_void_p, POINTER(QueryOptions), POINTER(c_void_p)],
    "ochre_result_embeddings": [c_void_p, POINTER(Matrix)],
    "ochre_result_strings": [c_void_p, c_int32, POINTER(StringColumn)],
    "ochre_result_export_arrow_stream": [c_void_p, POINTER(ArrowArrayStream)],
    "ochre_embedding_function_new": [POINTER(EmbeddingCallbacks), POINTER(c_void_p)],
    "ochre_embedding_function_builtin": [String, String, POINTER(c_void_p)],
    "ochre_embedding_function_embed": [c_void_p, POINTER(StringColumn), c_void_p, c_int64],
}
_OTHER_CALLS: Dict[str, Tuple[Any, List[Any]]] = {
    "ochre_version_string": (c_char_p, []),
    "ochre_last_error_message": (String, []),
    "ochre_last_error_index": (c_int64, []),
    "ochre_thread_set_timeout": (None, [c_int64]),
    "ochre_thread_set_check": (None, [c_void_p, c_void_p]),
    "ochre_tenant_list_size": (c_int64, [c_void_p]),
    "ochre_database_list_size": (c_int64, [c_void_p]),
    "ochre_collection_list_size": (c_int64, [c_void_p]),
    "ochre_client_tenant": (String, [c_void_p]),
    "ochre_client_database": (String, [c_void_p]),
    "ochre_result_size": (c_int64, [c_void_p]),
    "ochre_result_query_count": (c_int64, [c_void_p]),
    "ochre_result_offsets": (c_void_p, [c_void_p]),
    "ochre_result_distances": (c_void_p, [c_void_p]),
}


def _raise_last_error(status: int) -> None:
    message = text(lib.ochre_last_error_message()) or ""
    raise errors.CLASSES.get(status, errors.UnknownError)(message, lib.ochre_last_error_index())


def _check(status: int, function: Any, arguments: Any) -> Any:
    if status:
        if status == _INTERRUPTED:
            _handle_interrupt()
            # The handler has other plans than to raise, so the call is made again. A stream is used up by then.
            if not function.__name__.endswith("_arrow"):
                return function(*arguments)
        _raise_last_error(status)
    return status


# ---- Ctrl-C
#
# Python notes a signal when it comes and runs the handler later: in the main thread, and not while that is in a call of
# ours. So the library asks every 50 ms whether an interrupt has come, and then ends the call with this status of our
# own; once it is over and nothing is locked any more, the handler is run here. What is asked is a function of Python's
# that runs no Python code (in which the handler might raise, inside of the call), and that forgets the interrupt.
_INTERRUPTED = 1000

_interrupt_occurred = ctypes.PYFUNCTYPE(c_int32)(("PyOS_InterruptOccurred", ctypes.pythonapi))
_interrupt_occurred.restype = (0, _INTERRUPTED).__getitem__
_interrupt_check = ctypes.CFUNCTYPE(c_int32)(_interrupt_occurred)


def heed_interrupts() -> None:
    """Has Ctrl-C end calls of the calling thread, if it is the one in which Python handles signals."""
    if threading.current_thread() is threading.main_thread():
        lib.ochre_thread_set_check(ctypes.cast(_interrupt_check, c_void_p), None)


def _handle_interrupt() -> None:
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, sys._getframe(1))


for _name, _arguments in _STATUS_CALLS.items():
    _call = getattr(lib, _name)
    # The last parameter is an error object; the thread's last error says the same.
    _call.argtypes = [*_arguments, c_void_p]
    _call.restype = c_int32
    _call.errcheck = _check
for _name, (_result, _arguments) in _OTHER_CALLS.items():
    getattr(lib, _name).argtypes = _arguments
    getattr(lib, _name).restype = _result
for _kind in ("client", "collection", "result", "embedding_function", "tenant_list", "database_list",
              "collection_list"):
    getattr(lib, f"ochre_{_kind}_free").argtypes = [c_void_p]
    getattr(lib, f"ochre_{_kind}_free").restype = None

heed_interrupts()

T = TypeVar("T", bound=ctypes.Structure)


def stamped(cls: Type[T], init: str) -> T:
    """A struct filled by its _init function."""
    value = cls()
    function = getattr(lib, init)
    function.argtypes = [c_void_p, c_uint64]
    function.restype = None
    function(ctypes.byref(value), ctypes.sizeof(cls))
    return value


def is_unicode(value: str) -> bool:
    """False: it holds half of a surrogate pair, which has no UTF-8."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def string(value: Optional[str], name: str) -> String:
    """Borrows an encoded copy, which the struct keeps alive. WrongTypeError, InvalidArgumentError: it is no text, or
    none that UTF-8 has; the message begins with ``name``."""
    if value is None:
        return String(None, 0)
    if not isinstance(value, str):
        raise errors.WrongTypeError(f"Expected {name} to be a string, got {value!r} of type {type(value).__name__}")
    try:
        encoded = value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise errors.InvalidArgumentError(
            f"Expected {name} to be Unicode, but {value!r} holds {value[error.start]!r}, half of a surrogate pair"
        ) from None
    result = String(ctypes.cast(c_char_p(encoded), c_void_p), len(encoded))
    result._keep = encoded
    return result


def set_string(options: ctypes.Structure, field: str, value: Optional[str], name: str) -> None:
    """Sets a String field of ``options``, which keep the copy alive. Errors as of ``string``."""
    borrowed = string(value, name)
    setattr(options, field, borrowed)
    options.__dict__.setdefault("_keep", []).append(borrowed)


def text(value: String) -> Optional[str]:
    if value.data is None:
        return None
    return ctypes.string_at(value.data, value.size).decode("utf-8")


class Handle:
    """Owns one object of the C API, freed with this one."""

    __slots__ = ("value", "_free")

    def __init__(self, value: int, kind: str) -> None:
        self._free = getattr(lib, f"ochre_{kind}_free")
        self.value = value

    def __del__(self) -> None:
        self._free(self.value)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a handle of Ochre's C API belongs to one object, and cannot be copied or pickled")


def new_handle(kind: str, call: Any, *arguments: Any) -> Handle:
    """Calls a function whose last output is a handle."""
    out = c_void_p()
    handle = Handle(0, kind)  # before the call, so that nothing can come between it and its owner
    try:
        call(*arguments, ctypes.byref(out), None)
    finally:
        handle.value = out.value or 0
    return handle
