"""Clients: an open database, seen through one tenant and database."""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
import warnings
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Union

from . import _columns as columns
from . import _native as native
from .collection import NO_LIMIT, QUANTIZATIONS, Collection
from .embedding import DEFAULT, HashingEmbeddingFunction, from_configuration, to_native
from .errors import InvalidArgumentError, NotFoundError

DEFAULT_TENANT = "default_tenant"
DEFAULT_DATABASE = "default_database"

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

    def __init__(self, handle: native.Handle, owner: Optional["Client"] = None) -> None:
        self._handle = handle
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

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True) and self._owner is None:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)

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
        if get_or_create:
            return self.get_or_create_collection(name, configuration, metadata, embedding_function, space=space,
                                                 quantization=quantization)
        return self._make(native.lib.ochre_client_create_collection, name, configuration, metadata, embedding_function,
                          space, quantization)

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
        if embedding_function is DEFAULT:
            # An existing collection keeps its own function, whichever that is.
            with contextlib.suppress(NotFoundError):
                return self.get_collection(name)
        return self._make(native.lib.ochre_client_get_or_create_collection, name, configuration, metadata,
                          embedding_function, space, quantization)

    def get_collection(self, name: str, embedding_function: Any = DEFAULT) -> Collection:
        """NotFoundError: there is none. The function that it was stored with is made again if it is built in or
        registered (``register_embedding_function``)."""
        function = None if embedding_function in (DEFAULT, None) else to_native(embedding_function)
        handle = native.new_handle(
            "collection", native.lib.ochre_client_get_collection, self._handle.value, native.string(name),
            None if function is None else function.value)
        return self._found(handle, embedding_function)

    def _found(self, handle: native.Handle, embedding_function: Any) -> Collection:
        given = embedding_function is not DEFAULT
        collection = Collection(self, handle, embedding_function if given else None)
        if not given:
            function = from_configuration(collection.configuration)
            if isinstance(function, HashingEmbeddingFunction):
                function._loud = True  # nobody asked for it in this session
            collection._embedding_function = function
        return collection

    def _make(self, call: Callable[..., int], name: str, configuration: Optional[Dict[str, Any]],
              metadata: Optional[Dict[str, Any]], embedding_function: Any, space: Optional[str],
              quantization: Optional[str]) -> Collection:
        options = native.stamped(native.CollectionOptions, "ochre_collection_options_init")
        hnsw = dict((configuration or {}).get("hnsw") or {})
        _set_choice(options, "space", _SPACES, space or hnsw.pop("space", None))
        _set_choice(options, "quantization", _QUANTIZATIONS, quantization or hnsw.pop("quantization", None))
        for ignored in _IGNORED_HNSW:
            hnsw.pop(ignored, None)
        for number in ("max_neighbors", "ef_construction", "ef_search"):
            if hnsw.get(number) is not None:
                setattr(options, number, hnsw[number])
            hnsw.pop(number, None)
        hnsw.pop("space", None)
        hnsw.pop("quantization", None)
        if hnsw:
            raise InvalidArgumentError(f"Unknown parameters of configuration['hnsw']: {', '.join(hnsw)}")
        if metadata is not None:
            options.metadata_json = options._metadata = native.string(columns.to_json(metadata))
        function = embedding_function
        if function is DEFAULT:
            function = (configuration or {}).get("embedding_function") or HashingEmbeddingFunction(loud=True)
        native_function = None if function is None else to_native(function)
        if native_function is not None:
            options.embedding_function = native_function.value
        handle = native.new_handle("collection", call, self._handle.value, native.string(name), options)
        return Collection(self, handle, function)

    def delete_collection(self, name: str) -> None:
        """With all its records. NotFoundError: there is none."""
        native.lib.ochre_client_delete_collection(self._handle.value, native.string(name), None)

    def list_collections(self, limit: Optional[int] = None, offset: Optional[int] = None) -> Sequence[Collection]:
        """Collections, ordered by id."""
        infos = native.new_handle("collection_list", native.lib.ochre_client_list_collections, self._handle.value,
                                  NO_LIMIT if limit is None else limit, offset or 0)
        names = [native.text(info.name) or "" for info in _entries(infos, "collection", native.CollectionInfo)]
        return [self.get_collection(name) for name in names]

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
                                   native.string(tenant), native.string(database))
        return Client(handle, self._owner or self)

    def set_tenant(self, tenant: str, database: str = DEFAULT_DATABASE) -> None:
        """Sees another tenant and database from now on."""
        self._handle = self.with_database(tenant, database)._handle

    def set_database(self, database: str) -> None:
        """Sees another database of the same tenant from now on."""
        self.set_tenant(self.tenant, database)

    def create_tenant(self, name: str) -> None:
        native.lib.ochre_client_create_tenant(self._handle.value, native.string(name), None)

    def get_tenant(self, name: str) -> Dict[str, str]:
        """NotFoundError: there is none."""
        tenants = native.new_handle("tenant_list", native.lib.ochre_client_get_tenant, self._handle.value,
                                    native.string(name))
        return {"name": native.text(next(_entries(tenants, "tenant", native.TenantInfo)).name) or ""}

    def create_database(self, name: str) -> None:
        """In this client's tenant."""
        native.lib.ochre_client_create_database(self._handle.value, native.string(name), None)

    def get_database(self, name: str) -> Dict[str, str]:
        """``id``, ``name`` and ``tenant``. NotFoundError: there is none."""
        databases = native.new_handle("database_list", native.lib.ochre_client_get_database, self._handle.value,
                                      native.string(name))
        return next(_databases(databases))

    def list_databases(self, limit: Optional[int] = None, offset: Optional[int] = None) -> List[Dict[str, str]]:
        databases = native.new_handle("database_list", native.lib.ochre_client_list_databases, self._handle.value,
                                      NO_LIMIT if limit is None else limit, offset or 0)
        return list(_databases(databases))

    def delete_database(self, name: str) -> None:
        """With all its collections."""
        native.lib.ochre_client_delete_database(self._handle.value, native.string(name), None)

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
    path: Union[str, "os.PathLike[str]"] = "./ochre",
    settings: Any = None,
    tenant: str = DEFAULT_TENANT,
    database: str = DEFAULT_DATABASE,
    *,
    durability: str = "full",
    create_if_missing: bool = True,
) -> Client:
    """Opens the database in directory ``path``, creating it if there is none.

    ``durability`` says how far a write has got when it returns: "full", on disk; "normal", which an outage may lose; or
    "none". FailedPreconditionError: another process or client has it open. ``settings`` is Chroma's, and not looked at.
    """
    options = native.stamped(native.ClientOptions, "ochre_client_options_init")
    _set_choice(options, "durability", _DURABILITIES, durability)
    options.create_if_missing = create_if_missing
    handle = native.new_handle("client", native.lib.ochre_client_open, native.string(os.fspath(path)),
                               ctypes.byref(options))
    return _seen_through(handle, tenant, database)


def EphemeralClient(settings: Any = None, tenant: str = DEFAULT_TENANT, database: str = DEFAULT_DATABASE) -> Client:
    """A database of its own in memory, gone when it is closed. ``settings`` is Chroma's, and not looked at."""
    return _seen_through(native.new_handle("client", native.lib.ochre_client_in_memory, None), tenant, database)


@contextlib.contextmanager
def timeout(seconds: float) -> Iterator[None]:
    """Calls of this thread inside the block raise DeadlineExceededError once it has lasted ``seconds``, also while they
    filter, search, read records or wait for a compaction. A commit that has begun is completed."""
    native.lib.ochre_thread_set_timeout(max(0, int(seconds * 1000)))
    try:
        yield
    finally:
        native.lib.ochre_thread_set_timeout(-1)


def _seen_through(handle: native.Handle, tenant: str, database: str) -> Client:
    client = Client(handle)
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


def _entries(handle: native.Handle, kind: str, cls: Any) -> Iterator[Any]:
    for i in range(getattr(native.lib, f"ochre_{kind}_list_size")(handle.value)):
        info = native.stamped(cls, f"ochre_{kind}_info_init")
        getattr(native.lib, f"ochre_{kind}_list_get")(handle.value, i, info, None)
        yield info


def _databases(handle: native.Handle) -> Iterator[Dict[str, str]]:
    for info in _entries(handle, "database", native.DatabaseInfo):
        yield {key: native.text(getattr(info, key)) or "" for key in ("id", "name", "tenant")}
