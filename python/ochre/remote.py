"""Clients of a server: the calls of Client and Collection over Chroma's HTTP API, version 2."""

from __future__ import annotations

import base64
import http.client
import json
import math
import select
import threading
import time
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple, Type
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import numpy as np

from . import _columns as columns
from ._json import to_json
from ._numbers import integer
from .client import Client, chosen_function, settings_of, thread_deadline
from .collection import (
    Collection, Metadata, OneOrMany, Where, changes_of, hnsw_of, include_bits, optional_limit, optional_offset,
)
from .config import DEFAULT_DATABASE, DEFAULT_TENANT, Settings
from .embedding import DEFAULT, check, name_of
from .errors import (
    AlreadyExistsError, DeadlineExceededError, FailedPreconditionError, InternalError, InvalidArgumentError,
    NotFoundError, OchreError, PermissionDeniedError, ResourceExhaustedError, UnauthenticatedError, UnavailableError,
    UnimplementedError,
)
from .results import GetResult, QueryResult

_ERRORS: Dict[int, Type[OchreError]] = {
    400: InvalidArgumentError, 401: UnauthenticatedError, 403: PermissionDeniedError, 404: NotFoundError,
    405: UnimplementedError, 408: DeadlineExceededError, 409: AlreadyExistsError, 412: FailedPreconditionError,
    413: ResourceExhaustedError, 422: InvalidArgumentError, 429: ResourceExhaustedError, 500: InternalError,
    501: UnimplementedError, 503: UnavailableError, 504: DeadlineExceededError,
}


class _Connection:
    """Requests to one server, over connections that stay open between them. Thread-safe: a call has one to itself."""

    def __init__(self, host: str, port: int, ssl: bool, headers: Dict[str, str]) -> None:
        self._host, self._port, self._ssl, self._headers = host, port, ssl, headers
        self._lock = threading.Lock()
        self._idle: List[http.client.HTTPConnection] = []
        self._closed = False

    def __repr__(self) -> str:
        return f"{'https' if self._ssl else 'http'}://{self._host}:{self._port}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that is answered. OchreError: the class that the status stands for; UnavailableError: no server."""
        if self._closed:
            raise FailedPreconditionError("the client is closed")
        left = thread_deadline() - time.monotonic()
        if left <= 0:
            raise DeadlineExceededError("the calling thread's deadline has passed")
        data = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")
        connection = self._take()
        try:
            connection.timeout = None if left == math.inf else left
            if connection.sock is not None:
                connection.sock.settimeout(connection.timeout)
            connection.request(method, "/api/v2" + path, data, {**self._headers, "Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        except TimeoutError:
            connection.close()
            raise DeadlineExceededError("the calling thread's deadline has passed") from None
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise UnavailableError(f"Could not connect to a server at {self!r}, or it gave no answer: {error!r}. Is it "
                                   "running?") from error
        except BaseException:  # Ctrl-C: what is still to come belongs to no later call
            connection.close()
            raise
        self._give_back(connection)
        if response.status >= 300:
            _raise(response.status, answer)
        try:
            return json.loads(answer) if answer else None
        except ValueError:
            raise UnavailableError(f"What answers at {self!r} is no server of Ochre's or Chroma's: {answer[:100]!r}"
                                   ) from None

    def _take(self) -> http.client.HTTPConnection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                cls = http.client.HTTPSConnection if self._ssl else http.client.HTTPConnection
                return cls(self._host, self._port)
            # Nothing was asked on it, so if there is something to read it is the server's goodbye.
            if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _raise(status: int, answer: bytes) -> NoReturn:
    try:
        message = json.loads(answer)["message"]
    except (ValueError, KeyError, TypeError):
        message = answer.decode("utf-8", "replace") or http.client.responses.get(status, "")
    error_class = _ERRORS.get(status, InternalError if status >= 500 else InvalidArgumentError)
    raise error_class(str(message))


class RemoteClient(Client):
    """A server's database. Made by HttpClient. Thread-safe; a context manager that closes its connections."""

    def __init__(self, connection: _Connection, settings: Settings, tenant: str, database: str,
                 owner: Optional["RemoteClient"] = None) -> None:
        self._connection = connection
        self._settings = settings
        self._tenant, self._database = tenant, database
        self._owner = owner  # of a view: the client that was opened
        self._closed = False

    def _path(self, *parts: str, **query: Optional[int]) -> str:
        """Below the client's database."""
        return _path("tenants", self._tenant, "databases", self._database, *parts, **query)

    def close(self) -> None:
        """Later calls raise FailedPreconditionError. The server goes on."""
        self._closed = True
        self._connection.close()

    def __del__(self) -> None:
        if getattr(self, "_owner", self) is None:  # what it opened itself; a view leaves that to its client
            self._connection.close()

    def interrupt(self) -> None:
        raise UnimplementedError("A server's calls cannot be interrupted from outside; set ochre.timeout for them")

    def reset(self) -> bool:
        """Deletes everything on the server, which must have been started with --allow-reset."""
        return bool(self._connection.call("POST", "/reset"))

    def __repr__(self) -> str:
        return f"HttpClient({self._connection!r}, tenant={self._tenant}, database={self._database})"

    # ---- Collections

    def _make(self, get_or_create: bool, name: str, configuration: Optional[Dict[str, Any]],
              metadata: Optional[Dict[str, Any]], embedding_function: Any, space: Optional[str],
              quantization: Optional[str]) -> Collection:
        if quantization is not None:
            raise UnimplementedError("A collection of a server is quantised as Chroma's configuration says; give none")
        hnsw = hnsw_of(configuration)
        if space is not None:
            hnsw["space"] = space
        function = chosen_function(configuration, embedding_function)
        wanted: Dict[str, Any] = {"hnsw": hnsw} if hnsw else {}
        if function is not None:
            check(function)
            config = function.get_config() if hasattr(function, "get_config") else {}
            wanted["embedding_function"] = {"type": "known", "name": name_of(function), "config": config}
        if get_or_create and embedding_function is DEFAULT:
            try:  # an existing collection keeps its own function, whichever that is
                return self.get_collection(name)
            except NotFoundError:
                pass
        body = {"name": columns.text_of(name, "name"), "get_or_create": get_or_create,
                "configuration": _checked(wanted, "configuration")}
        if metadata is not None:
            body["metadata"] = _checked(metadata, "metadata")
        return RemoteCollection(self, self._connection.call("POST", self._path("collections"), body), function)

    def get_collection(self, name: str, embedding_function: Any = DEFAULT) -> Collection:
        if embedding_function is not DEFAULT and embedding_function is not None:
            check(embedding_function)
        answer = self._connection.call("GET", self._path("collections", columns.text_of(name, "name")))
        collection = RemoteCollection(self, answer, embedding_function)
        collection._check_function()
        return collection

    def delete_collection(self, name: str) -> None:
        self._connection.call("DELETE", self._path("collections", columns.text_of(name, "name")))

    def list_collections(self, limit: Optional[int] = None, offset: Optional[int] = None) -> Sequence[Collection]:
        answer = self._connection.call("GET", self._path("collections", **_page(limit, offset)))
        return [RemoteCollection(self, info, DEFAULT) for info in answer]

    def count_collections(self) -> int:
        return int(self._connection.call("GET", self._path("collections_count")))

    # ---- Tenants and databases

    @property
    def tenant(self) -> str:
        return self._tenant

    @property
    def database(self) -> str:
        return self._database

    def with_database(self, tenant: str = DEFAULT_TENANT, database: str = DEFAULT_DATABASE) -> "RemoteClient":
        self.get_tenant(tenant)
        self.get_database(database, tenant)
        return RemoteClient(self._connection, self._settings, tenant, database, self._owner or self)

    def set_tenant(self, tenant: str, database: str = DEFAULT_DATABASE) -> None:
        view = self.with_database(tenant, database)
        self._tenant, self._database = view._tenant, view._database

    def create_tenant(self, name: str) -> None:
        self._connection.call("POST", "/tenants", {"name": columns.text_of(name, "name")})

    def get_tenant(self, name: str) -> Dict[str, str]:
        return {"name": self._connection.call("GET", _path("tenants", columns.text_of(name, "name")))["name"]}

    def _databases(self, tenant: Optional[str], *parts: str, **query: Optional[int]) -> str:
        of = self._tenant if tenant is None else columns.text_of(tenant, "tenant")
        return _path("tenants", of, "databases", *(columns.text_of(part, "name") for part in parts), **query)

    def create_database(self, name: str, tenant: Optional[str] = None) -> None:
        self._connection.call("POST", self._databases(tenant), {"name": columns.text_of(name, "name")})

    def get_database(self, name: str, tenant: Optional[str] = None) -> Dict[str, str]:
        return dict(self._connection.call("GET", self._databases(tenant, name)))

    def list_databases(self, limit: Optional[int] = None, offset: Optional[int] = None,
                       tenant: Optional[str] = None) -> List[Dict[str, str]]:
        return list(self._connection.call("GET", self._databases(tenant, **_page(limit, offset))))

    def delete_database(self, name: str, tenant: Optional[str] = None) -> None:
        self._connection.call("DELETE", self._databases(tenant, name))

    # ---- The server

    def heartbeat(self) -> int:
        return int(self._connection.call("GET", "/heartbeat")["nanosecond heartbeat"])

    def get_version(self) -> str:
        return str(self._connection.call("GET", "/version"))

    def get_max_batch_size(self) -> int:
        """Records that one request may have. Larger writes are split anyway; see ``Collection.add``."""
        return int(self._connection.call("GET", "/pre-flight-checks")["max_batch_size"])

    def get_user_identity(self) -> Dict[str, Any]:
        """``user_id``, ``tenant`` and ``databases`` of whom the client's credentials belong to."""
        return dict(self._connection.call("GET", "/auth/identity"))


class RemoteCollection(Collection):
    """A server's collection: the calls of Collection, but for those that need the files."""

    def __init__(self, client: RemoteClient, answer: Dict[str, Any], embedding_function: Any) -> None:
        self._client: RemoteClient = client
        self._embedding_function = embedding_function
        # Of the client as it is now: it may turn to another database.
        self._connection = client._connection
        self._describe(answer)

    def _describe(self, answer: Dict[str, Any]) -> None:
        self._id = UUID(answer["id"])
        self._name, self._tenant, self._database = answer["name"], answer["tenant"], answer["database"]
        self._metadata = answer["metadata"]
        self._configuration = answer["configuration_json"]

    def _check_function(self) -> None:
        """InvalidArgumentError: the function that was given is of another kind than the stored one."""
        stored = (self._configuration.get("embedding_function") or {}).get("name")
        given = self._embedding_function
        if given is not DEFAULT and given is not None and stored is not None and name_of(given) != stored:
            raise InvalidArgumentError(f"the collection's embedding function is \"{stored}\", and \"{name_of(given)}\" "
                                       "was given")

    def _call(self, method: str, verb: str = "", body: Any = None) -> Any:
        parts = ("tenants", self._tenant, "databases", self._database, "collections", str(self._id))
        return self._connection.call(method, _path(*parts, *([verb] if verb else [])), body)

    # ---- Writes

    def _write_batch(self, verb: str, begin: int, ids: Sequence[str], receipt: Any,
                     embeddings: Optional[np.ndarray[Any, Any]], documents: Optional[Sequence[Optional[str]]],
                     metadatas: Optional[Sequence[Optional[Metadata]]],
                     uris: Optional[Sequence[Optional[str]]]) -> None:
        body: Dict[str, Any] = {"ids": ids}
        for name, texts in (("ids", ids), ("documents", documents), ("uris", uris)):
            if texts is not None:
                columns.string_column(texts, name, begin)
                body[name] = list(texts)
        if metadatas is not None:
            columns.metadata_column(metadatas, begin)
            body["metadatas"] = [None if metadata is None else _checked(metadata, "metadata") for metadata in metadatas]
        given = None
        if embeddings is None and documents is not None:
            embeddings, given = self._embed_documents(verb, begin, documents)
        if embeddings is not None:
            rows = _base64_rows(embeddings)
            body["embeddings"] = rows if given is None else [row if there else None for row, there in zip(rows, given)]
        self._call("POST", verb, body)
        receipt.records = len(ids)

    def delete(self, ids: Optional[OneOrMany] = None, where: Optional[Where] = None,
               where_document: Optional[Where] = None, limit: Optional[int] = None) -> Dict[str, int]:
        body = _filters(ids, where, where_document)
        if not body:
            raise InvalidArgumentError("You must provide ids, where or where_document to delete by")
        if limit is not None:
            body["limit"] = optional_limit(limit)
        return {"deleted": int(self._call("POST", "delete", body)["deleted"])}

    # ---- Reads

    def get(self, ids: Optional[OneOrMany] = None, where: Optional[Where] = None, limit: Optional[int] = None,
            offset: Optional[int] = None, where_document: Optional[Where] = None,
            include: Sequence[str] = ("metadatas", "documents")) -> GetResult:
        include_bits(include, of_query=False)
        body = {**_filters(ids, where, where_document), "include": list(include), **_page(limit, offset)}
        answer = self._call("POST", "get", body)
        rows = answer["embeddings"]
        return GetResult(None, include, ids=answer["ids"], embeddings=None if rows is None else _array(rows),
                         **{name: answer[name] for name in ("documents", "uris", "metadatas")})

    def query(self, query_embeddings: Any = None, query_texts: Optional[OneOrMany] = None, query_images: None = None,
              query_uris: None = None, ids: Optional[OneOrMany] = None, n_results: int = 10,
              where: Optional[Where] = None, where_document: Optional[Where] = None,
              include: Sequence[str] = ("metadatas", "documents", "distances"), **options: Any) -> QueryResult:
        """As of Collection, but for ``exact``, ``ef_search``, ``target_recall`` and ``num_threads``."""
        if options:
            raise UnimplementedError(f"A server's query has no {', '.join(options)}")
        include_bits(include, of_query=True)
        rows = self._query_rows(query_embeddings, query_texts, query_images, query_uris)
        body = {**_filters(ids, where, where_document), "include": list(include), "query_embeddings": rows.tolist(),
                "n_results": integer(n_results, "n_results", 1)}
        answer = self._call("POST", "query", body)
        found = answer["embeddings"]
        return QueryResult(None, include, ids=answer["ids"],
                           embeddings=None if found is None else [_array(hits) for hits in found],
                           **{name: answer[name] for name in ("documents", "uris", "metadatas", "distances")})

    def count(self) -> int:
        return int(self._call("GET", "count"))

    # ---- The collection itself

    def modify(self, name: Optional[str] = None, metadata: Optional[Metadata] = None,
               configuration: Optional[Dict[str, Any]] = None) -> None:
        body: Dict[str, Any] = {}
        if name is not None:
            body["new_name"] = columns.text_of(name, "name")
        if metadata is not None:
            body["new_metadata"] = _checked(metadata, "metadata")
        ef_search, max_neighbors = changes_of(configuration)
        changes = {"ef_search": ef_search, "max_neighbors": max_neighbors}
        if any(changes.values()):
            body["new_configuration"] = {"hnsw": {key: value for key, value in changes.items() if value}}
        self._call("PUT", "", body)
        parts = ("tenants", self._tenant, "databases", self._database, "collections", "by-id", str(self._id))
        self._describe(self._connection.call("GET", _path(*parts)))

    def _only_here(self, *_: Any, **__: Any) -> NoReturn:
        raise UnimplementedError("Chroma's HTTP API has no route for this; open the database itself to do it")

    add_arrow = stats = compact = wait_until_compacted = verify = _only_here  # type: ignore[assignment]

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        self._only_here()


def HttpClient(
    host: str = "localhost",
    port: int = 8000,
    ssl: bool = False,
    headers: Optional[Dict[str, str]] = None,
    settings: Optional[Settings] = None,
    tenant: str = DEFAULT_TENANT,
    database: str = DEFAULT_DATABASE,
) -> RemoteClient:
    """A client of ``ochre-server`` (or Chroma's) at ``host``, which may also be a URL. UnavailableError: there is none.

    ``headers`` go with every request; ``settings`` may name an authentication and its credentials, as Chroma's do.
    """
    settings = settings_of(settings)
    split = urlsplit(host if "//" in host else f"//{host}")
    ssl = ssl or split.scheme == "https" or settings.chroma_server_ssl_enabled
    port = integer(split.port or port, "port", 1, 65_535)
    connection = _Connection(split.hostname or host, port, bool(ssl),
                             {**(settings.chroma_server_headers or {}), **_credentials(settings), **(headers or {})})
    client = RemoteClient(connection, settings, tenant, database)
    try:
        client.get_user_identity()
        client.get_tenant(tenant)
        client.get_database(database)
    except BaseException:
        client.close()
        raise
    return client


async def AsyncHttpClient(*_: Any, **__: Any) -> NoReturn:
    """Not there."""
    raise UnimplementedError("Ochre has no asyncio client: call HttpClient's methods by asyncio.to_thread(...)")


def CloudClient(*_: Any, **__: Any) -> NoReturn:
    """Not there."""
    raise UnimplementedError("Ochre has no cloud: run ochre-server and use HttpClient, or open a directory by "
                             "PersistentClient")


class AdminClient:
    """Creates and deletes tenants and databases: of a directory or in memory, or of a server, as ``settings`` say
    (``is_persistent`` and ``persist_directory``, or ``chroma_server_host``). A context manager that closes it."""

    def __init__(self, settings: Optional[Settings] = None) -> None:
        from .client import EphemeralClient

        settings = settings_of(settings)
        if settings.chroma_server_host is not None:
            self._client: Client = HttpClient(settings.chroma_server_host, settings.chroma_server_http_port or 8000,
                                              settings=settings)
        else:
            self._client = EphemeralClient(settings)

    def create_tenant(self, name: str) -> None:
        self._client.create_tenant(name)

    def get_tenant(self, name: str) -> Dict[str, str]:
        return self._client.get_tenant(name)

    def create_database(self, name: str, tenant: str = DEFAULT_TENANT) -> None:
        self._client.create_database(name, tenant)

    def get_database(self, name: str, tenant: str = DEFAULT_TENANT) -> Dict[str, str]:
        return self._client.get_database(name, tenant)

    def delete_database(self, name: str, tenant: str = DEFAULT_TENANT) -> None:
        self._client.delete_database(name, tenant)

    def list_databases(self, limit: Optional[int] = None, offset: Optional[int] = None,
                       tenant: str = DEFAULT_TENANT) -> List[Dict[str, str]]:
        return self._client.list_databases(limit, offset, tenant)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> "AdminClient":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _credentials(settings: Settings) -> Dict[str, str]:
    provider = settings.chroma_client_auth_provider
    if provider is None:
        return {}
    credentials = settings.chroma_client_auth_credentials
    if not credentials:
        raise InvalidArgumentError("chroma_client_auth_provider needs chroma_client_auth_credentials")
    if provider.endswith("BasicAuthClientProvider"):
        return {"Authorization": "Basic " + base64.b64encode(credentials.encode("utf-8")).decode("ascii")}
    if not provider.endswith("TokenAuthClientProvider"):
        raise InvalidArgumentError(f"Expected chroma_client_auth_provider to be Chroma's BasicAuthClientProvider or "
                                   f"TokenAuthClientProvider, got {provider!r}")
    if "X-Chroma-Token" == settings.chroma_auth_token_transport_header:
        return {"X-Chroma-Token": credentials}
    return {"Authorization": f"Bearer {credentials}"}


def _path(*parts: str, **query: Optional[int]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return "".join("/" + quote(part, safe="") for part in parts) + (f"?{urlencode(given)}" if given else "")


def _page(limit: Optional[int], offset: Optional[int]) -> Dict[str, Optional[int]]:
    page: Dict[str, Optional[int]] = {}
    if limit is not None:
        page["limit"] = optional_limit(limit)
    if offset is not None:
        page["offset"] = optional_offset(offset)
    return page


def _checked(value: Any, name: str) -> Any:
    """What Python's JSON makes of it, once ``to_json`` has seen that it is all there."""
    return json.loads(to_json(value, name))


def _filters(ids: Optional[OneOrMany], where: Optional[Where], where_document: Optional[Where]) -> Dict[str, Any]:
    body: Dict[str, Any] = {}
    if ids is not None:
        body["ids"] = columns.listed(ids, "ids", str, ordered=False)
        columns.string_column(body["ids"], "ids")
    if where is not None:
        body["where"] = _checked(where, "where")
    if where_document is not None:
        body["where_document"] = _checked(where_document, "where_document")
    return body


def _array(rows: List[List[float]]) -> np.ndarray[Any, Any]:
    return np.array(rows, np.float32) if rows else np.zeros((0, 0), np.float32)


def _base64_rows(rows: np.ndarray[Any, Any]) -> List[str]:
    """Each row as float32, the lowest byte first, in base64: exact, and a third of the digits."""
    return [base64.b64encode(row.tobytes()).decode("ascii") for row in rows.astype("<f4", copy=False)]
