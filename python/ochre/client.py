"""Clients: an open database, seen through one tenant and database."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import sys
import threading
import time
import warnings
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Union

from . import _native as native
from ._json import to_json
from ._numbers import INT32_MAX, INT64_MAX, integer, number
from .collection import QUANTIZATIONS, Collection, hnsw_of, optional_limit, optional_offset
from .config import DEFAULT_DATABASE, DEFAULT_TENANT, Settings
from .embedding import DEFAULT, HashingEmbeddingFunction, to_native
from .errors import FailedPreconditionError, InvalidArgumentError, NotFoundError, WrongTypeError

_SPACES = {"l2": 0, "cosine": 1, "ip": 2}
_QUANTIZATIONS = {name: number for number, name in enumerate(QUANTIZATIONS)}
_DURABILITIES = {"none": 0, "normal": 1, "full": 2}
# Parameters of Chroma's configuration that Ochre does not need: it uses all cores, and sizes its index itself.
_IGNORED_HNSW = ("num_threads", "resize_factor", "batch_size", "sync_threshold")


class Client:
    """An open database. Made by PersistentClient or EphemeralClient; a context manager that closes it.

    Thread-safe. Collections and results that came from it stay valid objects after closing; calls of collections then
    raise FailedPreconditionError.
    """

    def __init__(self, handle: native.Handle, settings: Settings, owner: Optional["Client"] = None) -> None:
        native.heed_interrupts()
        self._handle = handle
        self._settings = settings
        self._owner = owner  # of a view: the client that was opened
        self._closed = False

    # ---- Its life

    def close(self) -> None:
        """Waits for running calls, and closes the files. A second time does nothing. A view closes its database."""
        self._closed = True
        if self._owner is not None:
            self._owner._closed = True
        native.lib.ochre_client_close(self._handle.value, None)

    def interrupt(self) -> None:
        """Ends what runs in other threads on this database with CancelledError: while it filters, searches, reads records
        or waits for a compaction, and between the batches of an Arrow stream. A commit that has begun is completed."""
        native.lib.ochre_client_interrupt(self._handle.value, None)

    def reset(self) -> bool:
        """Deletes everything: all collections of all databases, all databases and tenants but the default ones.
        FailedPreconditionError: the client was not opened with ``Settings(allow_reset=True)``."""
        if not self._settings.allow_reset:
            raise FailedPreconditionError(
                "Resetting is not allowed by this configuration (to enable it, set `allow_reset` to `True` in your "
                "Settings() or include `ALLOW_RESET=TRUE` in your environment variables)")
        native.lib.ochre_client_reset(self._handle.value, None)
        return True

    def get_settings(self) -> Settings:
        return self._settings

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self, _finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # At the end of the interpreter nobody can act on the warning any more, and its module may be gone.
        if not getattr(self, "_closed", True) and self._owner is None and not _finalizing():
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a Client is an open database, and cannot be copied or pickled: share it, or open the database "
                        "by its path again")

    def __repr__(self) -> str:
        return f"Client(tenant={self.tenant}, database={self.database}{', closed' if self._closed else ''})"

    # ---- Collections

    def create_collection(
        self,
        name: str,
        configuration: Optional[Dict[str, Any]] = None,
        metadata: Optional[Dict[str, Any]] = None,
        embedding_function: Any = DEFAULT,
        get_or_create: bool = False,
        *,
        space: Optional[str] = None,
        quantization: Optional[str] = None,
    ) -> Collection:
        """A new collection. ``name``: 3 to 512 of ``[a-zA-Z0-9._-]``. AlreadyExistsError: the name is taken.

        ``configuration``: ``{"hnsw": {"space": "l2" | "cosine" | "ip", "ef_construction": 100, "max_neighbors": 16,
        "ef_search": 100, "quantization": "none" | "int8" | "lvq4"}}``; ``space`` and ``quantization`` may also be given by
        themselves. ``embedding_function`` turns documents and query texts into vectors: by default the built-in
        hashing embedder, which compares spellings; None for none.
        """
        return self._make(get_or_create, name, configuration, metadata, embedding_function, space, quantization)

    def get_or_create_collection(
        self,
        name: str,
        configuration: Optional[Dict[str, Any]] = None,
        metadata: Optional[Dict[str, Any]] = None,
        embedding_function: Any = DEFAULT,
        *,
        space: Optional[str] = None,
        quantization: Optional[str] = None,
    ) -> Collection:
        """The existing collection unchanged, or a new one; arguments as of ``create_collection``.
        InvalidArgumentError: the function has another name than the one that is stored with the collection."""
        return self._make(True, name, configuration, metadata, embedding_function, space, quantization)

    def get_collection(self, name: str, embedding_function: Any = DEFAULT) -> Collection:
        """NotFoundError: there is none. The function that it was stored with is made again if it is built in or
        registered (``register_embedding_function``)."""
        given = embedding_function is not DEFAULT and embedding_function is not None
        function = to_native(embedding_function) if given else None
        handle = native.new_handle(
            "collection", native.lib.ochre_client_get_collection, self._handle.value, native.string(name, "name"),
            None if function is None else function.value)
        return Collection(self, handle, embedding_function)

    def _make(self, get_or_create: bool, name: str, configuration: Optional[Dict[str, Any]],
              metadata: Optional[Dict[str, Any]], embedding_function: Any, space: Optional[str],
              quantization: Optional[str]) -> Collection:
        options = native.stamped(native.CollectionOptions, "ochre_collection_options_init")
        hnsw = hnsw_of(configuration)
        _set_choice(options, "space", _SPACES, space or hnsw.pop("space", None))
        _set_choice(options, "quantization", _QUANTIZATIONS, quantization or hnsw.pop("quantization", None))
        for ignored in _IGNORED_HNSW:
            hnsw.pop(ignored, None)
        for name_of_number in ("max_neighbors", "ef_construction", "ef_search"):
            given = hnsw.pop(name_of_number, None)
            if given is not None:
                setattr(options, name_of_number, integer(given, name_of_number, 1, INT32_MAX))
        hnsw.pop("space", None)
        hnsw.pop("quantization", None)
        if hnsw:
            raise InvalidArgumentError(f"Unknown parameters of configuration['hnsw']: {', '.join(map(str, hnsw))}")
        if metadata is not None:
            native.set_string(options, "metadata_json", to_json(metadata, "metadata"), "metadata")
        function = chosen_function(configuration, embedding_function)
        native_function = None if function is None else to_native(function)
        if get_or_create and embedding_function is DEFAULT:
            # An existing collection keeps its own function, whichever that is.
            with contextlib.suppress(NotFoundError):
                return self.get_collection(name)
        if native_function is not None:
            options.embedding_function = native_function.value
        lib = native.lib
        call = lib.ochre_client_get_or_create_collection if get_or_create else lib.ochre_client_create_collection
        handle = native.new_handle("collection", call, self._handle.value, native.string(name, "name"), options)
        return Collection(self, handle, function)

    def delete_collection(self, name: str) -> None:
        """With all its records. NotFoundError: there is none."""
        native.lib.ochre_client_delete_collection(self._handle.value, native.string(name, "name"), None)

    def list_collections(self, limit: Optional[int] = None, offset: Optional[int] = None) -> Sequence[Collection]:
        """Collections, ordered by id, as one moment had them: some may have been deleted since, and say so when they
        are used."""
        infos = native.new_handle("collection_list", native.lib.ochre_client_list_collections, self._handle.value,
                                  optional_limit(limit), optional_offset(offset))
        collections = []
        for i, info in enumerate(_entries(infos, "collection", native.CollectionInfo)):
            handle = native.new_handle("collection", native.lib.ochre_client_open_listed_collection,
                                       self._handle.value, infos.value, i, None)
            collections.append(Collection(self, handle, DEFAULT, info))
        return collections

    def count_collections(self) -> int:
        out = ctypes.c_int64()
        native.lib.ochre_client_count_collections(self._handle.value, out, None)
        return out.value

    # ---- Tenants and databases

    @property
    def tenant(self) -> str:
        return native.text(native.lib.ochre_client_tenant(self._handle.value)) or ""

    @property
    def database(self) -> str:
        return native.text(native.lib.ochre_client_database(self._handle.value)) or ""

    def with_database(self, tenant: str = DEFAULT_TENANT, database: str = DEFAULT_DATABASE) -> "Client":
        """The same open database through another tenant and database. NotFoundError: there is no such one."""
        handle = native.new_handle("client", native.lib.ochre_client_with_database, self._handle.value,
                                   native.string(tenant, "tenant"), native.string(database, "database"))
        return Client(handle, self._settings, self._owner or self)

    def set_tenant(self, tenant: str, database: str = DEFAULT_DATABASE) -> None:
        """Sees another tenant and database from now on."""
        self._handle = self.with_database(tenant, database)._handle

    def set_database(self, database: str) -> None:
        """Sees another database of the same tenant from now on."""
        self.set_tenant(self.tenant, database)

    def create_tenant(self, name: str) -> None:
        native.lib.ochre_client_create_tenant(self._handle.value, native.string(name, "name"), None)

    def get_tenant(self, name: str) -> Dict[str, str]:
        """NotFoundError: there is none."""
        tenants = native.new_handle("tenant_list", native.lib.ochre_client_get_tenant, self._handle.value,
                                    native.string(name, "name"))
        return {"name": native.text(next(_entries(tenants, "tenant", native.TenantInfo)).name) or ""}

    def _with_tenant(self, tenant: Optional[str]) -> native.Handle:
        """For databases: of a tenant that may have none. None: this client's."""
        if tenant is None or tenant == self.tenant:
            return self._handle
        return native.new_handle("client", native.lib.ochre_client_with_tenant, self._handle.value,
                                 native.string(tenant, "tenant"))

    def create_database(self, name: str, tenant: Optional[str] = None) -> None:
        """In a tenant, by default this client's. NotFoundError: there is no such tenant."""
        view = self._with_tenant(tenant)
        native.lib.ochre_client_create_database(view.value, native.string(name, "name"), None)

    def get_database(self, name: str, tenant: Optional[str] = None) -> Dict[str, str]:
        """``id``, ``name`` and ``tenant``. NotFoundError: there is none."""
        view = self._with_tenant(tenant)
        databases = native.new_handle("database_list", native.lib.ochre_client_get_database, view.value,
                                      native.string(name, "name"))
        return next(_databases(databases))

    def list_databases(self, limit: Optional[int] = None, offset: Optional[int] = None,
                       tenant: Optional[str] = None) -> List[Dict[str, str]]:
        view = self._with_tenant(tenant)
        databases = native.new_handle("database_list", native.lib.ochre_client_list_databases, view.value,
                                      optional_limit(limit), optional_offset(offset))
        return list(_databases(databases))

    def delete_database(self, name: str, tenant: Optional[str] = None) -> None:
        """With all its collections."""
        view = self._with_tenant(tenant)
        native.lib.ochre_client_delete_database(view.value, native.string(name, "name"), None)

    # ---- What Chroma's clients answer too

    def heartbeat(self) -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns()

    def get_version(self) -> str:
        return str(native.lib.ochre_version_string().decode())

    def get_max_batch_size(self) -> int:
        """Records that one write may have. Larger ones are split anyway; see ``Collection.add``."""
        return 1_000_000


def PersistentClient(
    path: Union[str, bytes, "os.PathLike[str]"] = "./ochre",
    settings: Optional[Settings] = None,
    tenant: str = DEFAULT_TENANT,
    database: str = DEFAULT_DATABASE,
    *,
    durability: str = "full",
    create_if_missing: bool = True,
) -> Client:
    """Opens the database in directory ``path`` (a str, a Path or bytes, of a name in UTF-8), creating it if there is
    none. A process that has it open already shares it: the files are closed with the last of its clients.

    ``durability`` says how far a write has got when it returns: "full", on disk; "normal", which an outage may lose; or
    "none". FailedPreconditionError: another process has it open, or this one with other options. Of ``settings`` only
    ``allow_reset`` counts.
    """
    options = native.stamped(native.ClientOptions, "ochre_client_options_init")
    _set_choice(options, "durability", _DURABILITIES, durability)
    options.create_if_missing = bool(create_if_missing)
    handle = native.new_handle("client", native.lib.ochre_client_open, native.string(os.fsdecode(path), "path"),
                               ctypes.byref(options))
    return _seen_through(handle, settings, tenant, database)


def EphemeralClient(settings: Optional[Settings] = None, tenant: str = DEFAULT_TENANT,
                    database: str = DEFAULT_DATABASE) -> Client:
    """A database of its own in memory, gone when it is closed; or, if ``settings`` are persistent, that of their
    directory."""
    if settings is not None and settings_of(settings).is_persistent:
        return PersistentClient(settings.persist_directory, settings, tenant, database)
    handle = native.new_handle("client", native.lib.ochre_client_in_memory, None)
    return _seen_through(handle, settings, tenant, database)


@contextlib.contextmanager
def timeout(seconds: float) -> Iterator[None]:
    """Calls of this thread inside the block raise DeadlineExceededError once it has lasted ``seconds``, also while they
    filter, search, read records or wait for a compaction (which then goes on in the background). A commit that has
    begun is completed. ``seconds`` are at least 0; infinity means no deadline. Inside another such block the nearer of both
    deadlines holds, and the other one's is back afterwards."""
    outer = thread_deadline()
    _set_deadline(min(outer, time.monotonic() + number(seconds, "seconds", 0, math.inf)))
    try:
        yield
    finally:
        _set_deadline(outer)


_thread = threading.local()


def thread_deadline() -> float:
    """Of the calling thread, in seconds of the monotonic clock; infinity if there is none."""
    return float(getattr(_thread, "deadline", math.inf))


def _set_deadline(deadline: float) -> None:
    """Of this thread, in seconds of the monotonic clock."""
    _thread.deadline = deadline
    milliseconds = (deadline - time.monotonic()) * 1000
    # Later than C can tell is never.
    native.lib.ochre_thread_set_timeout(-1 if milliseconds >= INT64_MAX else max(0, math.ceil(milliseconds)))


def settings_of(settings: Any) -> Settings:
    if settings is None:
        return Settings()
    if not isinstance(settings, Settings):
        raise WrongTypeError(f"Expected settings to be ochre.Settings, got {settings!r} of type "
                             f"{type(settings).__name__}")
    return settings


def _seen_through(handle: native.Handle, settings: Optional[Settings], tenant: str, database: str) -> Client:
    client = Client(handle, settings_of(settings))
    try:
        if (tenant, database) != (DEFAULT_TENANT, DEFAULT_DATABASE):
            client.set_tenant(tenant, database)
    except BaseException:
        client.close()
        raise
    return client


def _set_choice(options: Any, name: str, choices: Dict[str, int], value: Optional[str]) -> None:
    if value is None:
        return
    if value not in choices:
        raise InvalidArgumentError(f"Expected {name} to be one of {', '.join(choices)}, got {value!r}")
    setattr(options, name, choices[value])


def chosen_function(configuration: Optional[Dict[str, Any]], embedding_function: Any) -> Any:
    """The function of a new collection: the argument, else that of the configuration, else the built-in one."""
    if embedding_function is not DEFAULT:
        return embedding_function
    configured = (configuration or {}).get("embedding_function")
    return HashingEmbeddingFunction(loud=True) if configured is None else configured


def _entries(handle: native.Handle, kind: str, cls: Any) -> Iterator[Any]:
    for i in range(getattr(native.lib, f"ochre_{kind}_list_size")(handle.value)):
        info = native.stamped(cls, f"ochre_{kind}_info_init")
        getattr(native.lib, f"ochre_{kind}_list_get")(handle.value, i, info, None)
        yield info


def _databases(handle: native.Handle) -> Iterator[Dict[str, str]]:
    for info in _entries(handle, "database", native.DatabaseInfo):
        yield {key: native.text(getattr(info, key)) or "" for key in ("id", "name", "tenant")}
