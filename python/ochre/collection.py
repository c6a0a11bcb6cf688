"""Collection: the handle through which records are written and read."""

from __future__ import annotations

import ctypes
import json
from html import escape
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union
from uuid import UUID

import numpy as np

from . import _columns as columns
from . import _native as native
from ._json import to_json
from ._numbers import INT32_MAX, integer, number
from .embedding import DEFAULT, embed, from_configuration, name_of
from .errors import DuplicateIDError, Interrupted, InvalidArgumentError, OchreError, WrongTypeError
from .results import DISTANCES, DOCUMENTS, EMBEDDINGS, METADATAS, URIS, GetResult, QueryResult, html_table, stream_of

OneOrMany = Union[str, Sequence[str]]
Metadata = Dict[str, Any]
Where = Dict[str, Any]

NO_LIMIT = -1
QUANTIZATIONS = ("none", "int8", "lvq4")  # by their numbers in c.h
_INCLUDES = {"documents": DOCUMENTS, "metadatas": METADATAS, "embeddings": EMBEDDINGS, "uris": URIS,
             "distances": DISTANCES}
# Records that one native call writes, all or nothing. Ctrl-C takes effect between two of them.
_BATCH_SIZE = 5_000
_TARGET_RECALLS = (0.5, 0.999)

_GET_TEMPLATE = native.stamped(native.GetOptions, "ochre_get_options_init")
_QUERY_TEMPLATE = native.stamped(native.QueryOptions, "ochre_query_options_init")


class Collection:
    """Records with an id, an embedding, a document, metadata and a uri each. Made by a Client, not directly.

    Thread-safe. Every call raises FailedPreconditionError once the client is closed, NotFoundError once the collection
    is deleted, InvalidArgumentError (a ValueError) for wrong arguments, with the index of the record to blame.
    """

    def __init__(self, client: Any, handle: native.Handle, embedding_function: Any,
                 info: Optional[native.CollectionInfo] = None) -> None:
        """``client``: what made it, which it keeps alive. ``embedding_function``: DEFAULT stands for the one that the
        collection was stored with. ``info``: what the catalogue says of it, if that has been asked already."""
        self._client = client
        self._handle = handle
        self._embedding_function = embedding_function
        if info is None:
            self._refresh()
        else:
            self._read(info)

    def _refresh(self) -> None:
        infos = native.new_handle("collection_list", native.lib.ochre_collection_describe, self._handle.value)
        info = native.stamped(native.CollectionInfo, "ochre_collection_info_init")
        native.lib.ochre_collection_list_get(infos.value, 0, info, None)
        self._read(info)

    def _read(self, info: native.CollectionInfo) -> None:
        self._id = UUID(native.text(info.id))
        self._name = native.text(info.name) or ""
        self._tenant = native.text(info.tenant) or ""
        self._database = native.text(info.database) or ""
        metadata = native.text(info.metadata_json)
        self._metadata: Optional[Metadata] = None if metadata is None else json.loads(metadata)
        self._configuration: Dict[str, Any] = json.loads(native.text(info.configuration_json) or "{}")
        # Ochre's own, which Chroma's JSON has no place for.
        self._configuration.setdefault("hnsw", {})["quantization"] = QUANTIZATIONS[info.quantization]

    def _function(self) -> Any:
        """The embedding function, made again when it is first needed if it is the stored one; None if there is none."""
        if self._embedding_function is DEFAULT:
            self._embedding_function = from_configuration(self._configuration)
        return self._embedding_function

    def _embed(self, texts: Sequence[str], query: bool = False) -> np.ndarray[Any, Any]:
        return embed(self._function(), texts, query)

    @property
    def id(self) -> UUID:
        return self._id

    @property
    def name(self) -> str:
        return self._name

    @property
    def tenant(self) -> str:
        return self._tenant

    @property
    def database(self) -> str:
        return self._database

    @property
    def metadata(self) -> Optional[Metadata]:
        """As of the last time that this object asked; see ``modify``."""
        return self._metadata

    @property
    def configuration(self) -> Dict[str, Any]:
        """``{"hnsw": {...}, "embedding_function": {...}}``."""
        return self._configuration

    @property
    def configuration_json(self) -> Dict[str, Any]:
        return self._configuration

    # ---- Writes

    def add(
        self,
        ids: OneOrMany,
        embeddings: Any = None,
        metadatas: Union[None, Metadata, Sequence[Optional[Metadata]]] = None,
        documents: Union[None, str, Sequence[Optional[str]]] = None,
        images: None = None,
        uris: Union[None, str, Sequence[Optional[str]]] = None,
        *,
        batch_size: int = _BATCH_SIZE,
        progress: bool = False,
    ) -> None:
        """Inserts records; one whose id exists already is ignored, and the stored one left as it is.

        ``embeddings`` is an array of shape (n, dimension) or a list of rows: float32 is used where it is, float16 and
        int8 are converted by the library, other numbers by numpy. Without it documents are embedded by the
        collection's embedding function. A single record may be given without lists.

        What has more than ``batch_size`` records is written in batches, each durable and all or nothing. Ctrl-C ends it
        after the batch that is being written: ``Interrupted`` (a KeyboardInterrupt) says how many records are in.
        ``progress`` shows a tqdm bar.
        """
        self._write("add", ids, embeddings, metadatas, documents, uris, images, batch_size, progress)

    def upsert(
        self,
        ids: OneOrMany,
        embeddings: Any = None,
        metadatas: Union[None, Metadata, Sequence[Optional[Metadata]]] = None,
        documents: Union[None, str, Sequence[Optional[str]]] = None,
        images: None = None,
        uris: Union[None, str, Sequence[Optional[str]]] = None,
        *,
        batch_size: int = _BATCH_SIZE,
        progress: bool = False,
    ) -> None:
        """Updates records whose id exists, and adds the others. Arguments as of ``add``."""
        self._write("upsert", ids, embeddings, metadatas, documents, uris, images, batch_size, progress)

    def update(
        self,
        ids: OneOrMany,
        embeddings: Any = None,
        metadatas: Union[None, Metadata, Sequence[Optional[Metadata]]] = None,
        documents: Union[None, str, Sequence[Optional[str]]] = None,
        images: None = None,
        uris: Union[None, str, Sequence[Optional[str]]] = None,
        *,
        batch_size: int = _BATCH_SIZE,
        progress: bool = False,
    ) -> None:
        """Replaces embedding, document and uri where given, merges metadata key by key (None deletes a key), and
        ignores ids that do not exist. Documents without embeddings are embedded; in a collection without an embedding
        function the old embeddings stay. Arguments as of ``add``."""
        self._write("update", ids, embeddings, metadatas, documents, uris, images, batch_size, progress)

    def _write(self, verb: str, ids: Any, embeddings: Any, metadatas: Any, documents: Any, uris: Any, images: Any,
               batch_size: int, progress: bool) -> None:
        if images is not None:
            raise InvalidArgumentError("images are not supported: embed them yourself, and give embeddings, with uris "
                                       "that say where the images are")
        batch_size = integer(batch_size, "batch_size", 1)
        texts = _ids(ids)
        total = len(texts)
        if total == 0:
            raise InvalidArgumentError("Expected IDs to be a non-empty list, got 0 IDs")
        rows = None if embeddings is None else columns.as_matrix(embeddings, "embeddings")
        given: Dict[str, Any] = {
            "embeddings": rows,
            "documents": None if documents is None else columns.listed(documents, "documents", str),
            "metadatas": None if metadatas is None else columns.listed(metadatas, "metadatas", dict),
            "uris": None if uris is None else columns.listed(uris, "uris", str),
        }
        # All of it before the first batch is written.
        for name, column in given.items():
            if column is not None and len(column) != total:
                raise InvalidArgumentError(f"Unequal lengths: {total} ids, but {len(column)} {name}")
        if verb != "update" and rows is None and given["documents"] is None:
            raise InvalidArgumentError("You must provide either embeddings or documents to embed")
        receipts: List[native.Receipt] = []
        try:
            for begin in _batches(total, batch_size, progress):
                part = slice(begin, begin + batch_size)
                batch = {name: None if column is None else column[part] for name, column in given.items()}
                receipts.append(native.stamped(native.Receipt, "ochre_receipt_init"))
                self._write_batch(verb, begin, texts[part], receipts[-1], **batch)
        except KeyboardInterrupt as interrupt:
            # The library itself writes a receipt when it commits, so this is right wherever the interrupt came.
            raise Interrupted(sum(receipt.records for receipt in receipts), total) from interrupt

    def _write_batch(self, verb: str, begin: int, ids: Sequence[str], receipt: native.Receipt,
                     embeddings: Optional[np.ndarray[Any, Any]], documents: Optional[Sequence[Optional[str]]],
                     metadatas: Optional[Sequence[Optional[Metadata]]],
                     uris: Optional[Sequence[Optional[str]]]) -> None:
        """Records ``begin`` and following of the call."""
        records = native.Records()
        records.struct_size = ctypes.sizeof(records)
        records.ids = ctypes.pointer(columns.string_column(ids, "ids", begin))
        if documents is not None:
            records.documents = ctypes.pointer(columns.string_column(documents, "documents", begin))
        if metadatas is not None:
            records.metadatas = ctypes.pointer(columns.metadata_column(metadatas, begin))
        if uris is not None:
            records.uris = ctypes.pointer(columns.string_column(uris, "uris", begin))
        # Last, for it may take long, and cost money.
        mask = None
        if embeddings is None and documents is not None:
            embeddings, mask = self._embed_documents(verb, begin, documents)
        if embeddings is not None:
            records.embeddings = ctypes.pointer(columns.matrix(embeddings))
        if mask is not None:
            records.embedding_given = mask.ctypes.data
        try:
            self._send(verb, records, receipt)
        except OchreError as error:
            if begin > 0 and error.index >= 0:  # the library counts from the begin of its batch
                raise type(error)(f"{error} of the records from {begin} on", begin + error.index) from None
            raise

    def _embed_documents(
        self, verb: str, begin: int, documents: Sequence[Optional[str]],
    ) -> Tuple[Optional[np.ndarray[Any, Any]], Optional[np.ndarray[Any, Any]]]:
        """Rows of the documents, and which of them count; None: all do. Only updates may lack some, or all of them
        where the collection has no function: the embeddings stay as they are."""
        if verb == "update" and self._function() is None and self._configuration.get("embedding_function") is None:
            return None, None
        texts = [document for document in documents if document is not None]
        if len(texts) == len(documents):
            return self._embed(texts), None
        present = np.fromiter((document is not None for document in documents), np.uint8, len(documents))
        if verb != "update":
            missing = begin + int(present.argmin())
            raise InvalidArgumentError(f"There is neither an embedding nor a document at index {missing}", missing)
        if not texts:
            return None, None
        some = self._embed(texts)
        rows = np.zeros((len(documents), some.shape[1]), np.float32)
        rows[present != 0] = some
        return rows, present

    def _send(self, verb: str, records: native.Records, receipt: native.Receipt) -> None:
        getattr(native.lib, f"ochre_collection_{verb}")(self._handle.value, records, receipt, None)

    def delete(
        self,
        ids: Optional[OneOrMany] = None,
        where: Optional[Where] = None,
        where_document: Optional[Where] = None,
        limit: Optional[int] = None,
    ) -> Dict[str, int]:
        """Deletes the records that satisfy everything that is given; something must be. ``limit``, the first so many
        in order of insertion, needs a filter. Returns ``{"deleted": n}``, of records that were there."""
        options = native.stamped(native.DeleteOptions, "ochre_delete_options_init")
        _set_ids(options, ids)
        _set_filters(options, where, where_document)
        options.limit = optional_limit(limit)
        receipt = native.stamped(native.Receipt, "ochre_receipt_init")
        native.lib.ochre_collection_delete(self._handle.value, options, receipt, None)
        return {"deleted": receipt.records}

    def add_arrow(self, table: Any, mode: str = "add") -> int:
        """Writes all of an object with ``__arrow_c_stream__`` (a pyarrow or polars table, a result), a batch at a
        time: columns ``id``, ``document``, ``uri``, ``metadata`` (JSON) and ``embedding``. ``mode``: "add", "update"
        or "upsert". Returns the number of records; of an error, batches before the one in question stay."""
        if mode not in ("add", "update", "upsert"):
            raise InvalidArgumentError(f'Expected mode to be "add", "update" or "upsert", got {mode!r}')
        capsule = table.__arrow_c_stream__()
        receipt = native.stamped(native.Receipt, "ochre_receipt_init")
        call = getattr(native.lib, f"ochre_collection_{mode}_arrow")
        call(self._handle.value, stream_of(capsule), receipt, None)
        return int(receipt.records)

    # ---- Reads

    def get(
        self,
        ids: Optional[OneOrMany] = None,
        where: Optional[Where] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
        where_document: Optional[Where] = None,
        include: Sequence[str] = ("metadatas", "documents"),
    ) -> GetResult:
        """The records that satisfy everything that is given, in order of insertion; ``ids=[]`` gives none.
        ``include``: any of "documents", "metadatas", "embeddings", "uris"."""
        options = native.GetOptions.from_buffer_copy(_GET_TEMPLATE)
        _set_ids(options, ids)
        _set_filters(options, where, where_document)
        options.limit = optional_limit(limit)
        options.offset = optional_offset(offset)
        options.include = bits = include_bits(include, of_query=False)
        handle = native.new_handle("result", native.lib.ochre_collection_get, self._handle.value, options)
        return GetResult.read(handle, bits, include)

    def peek(self, limit: int = 10) -> GetResult:
        """The first ``limit`` records with everything but uris."""
        return self.get(limit=limit, include=("embeddings", "documents", "metadatas"))

    def query(
        self,
        query_embeddings: Any = None,
        query_texts: Optional[OneOrMany] = None,
        query_images: None = None,
        query_uris: None = None,
        ids: Optional[OneOrMany] = None,
        n_results: int = 10,
        where: Optional[Where] = None,
        where_document: Optional[Where] = None,
        include: Sequence[str] = ("metadatas", "documents", "distances"),
        *,
        exact: bool = False,
        ef_search: Optional[int] = None,
        target_recall: Optional[float] = None,
        num_threads: int = 1,
    ) -> QueryResult:
        """For each query the ``n_results`` nearest of the records that satisfy everything else that is given.

        ``query_embeddings`` is an array of shape (queries, dimension), a list of rows or one row; or else give
        ``query_texts``, which the embedding function embeds. Distances are better when smaller.

        ``exact`` scans every matching record. ``ef_search`` overrides the collection's; ``target_recall`` in
        [0.5, 0.999] takes its place. ``num_threads`` share the queries of this call; 0 means all cores.
        """
        rows = self._query_rows(query_embeddings, query_texts, query_images, query_uris)
        options = native.QueryOptions.from_buffer_copy(_QUERY_TEMPLATE)
        options.embeddings = ctypes.pointer(columns.matrix(rows))
        options.n_results = integer(n_results, "n_results", 1)
        _set_ids(options, ids)
        _set_filters(options, where, where_document)
        options.exact = bool(exact)
        options.ef_search = _optional_positive(ef_search, "ef_search")
        if target_recall is not None:
            options.target_recall = number(target_recall, "target_recall", *_TARGET_RECALLS)
        options.num_threads = integer(num_threads, "num_threads", 0, INT32_MAX)
        options.include = bits = include_bits(include, of_query=True)
        handle = native.new_handle("result", native.lib.ochre_collection_query, self._handle.value, options)
        return QueryResult.read(handle, bits, include)

    def _query_rows(self, embeddings: Any, texts: Any, images: Any, uris: Any) -> np.ndarray[Any, Any]:
        if images is not None or uris is not None:
            raise InvalidArgumentError("query_images and query_uris are not supported: embed them yourself, and give "
                                       "query_embeddings")
        if (embeddings is None) == (texts is None):
            raise InvalidArgumentError("Give either query_embeddings or query_texts")
        if texts is not None:
            return self._embed(columns.listed(texts, "query_texts", str), query=True)
        return columns.as_matrix(embeddings, "query_embeddings")

    def count(self, where: Optional[Where] = None, where_document: Optional[Where] = None) -> int:
        """Live records, or those that satisfy both filters: much faster than a get of their ids."""
        out = ctypes.c_int64()
        native.lib.ochre_collection_count_where(
            self._handle.value, _filter_text(where, "where"), _filter_text(where_document, "where_document"), out, None)
        return out.value

    # ---- The collection itself

    def modify(self, name: Optional[str] = None, metadata: Optional[Metadata] = None,
               configuration: Optional[Dict[str, Any]] = None) -> None:
        """Renames it, replaces its whole metadata, or changes ``{"hnsw": {"ef_search": ..., "max_neighbors": ...}}``.
        AlreadyExistsError: the name is taken."""
        changes = native.stamped(native.CollectionChanges, "ochre_collection_changes_init")
        native.set_string(changes, "name", name, "name")
        if metadata is not None:
            native.set_string(changes, "metadata_json", to_json(metadata, "metadata"), "metadata")
        changes.ef_search, changes.max_neighbors = changes_of(configuration)
        native.lib.ochre_collection_modify(self._handle.value, changes, None)
        self._refresh()

    def stats(self) -> Dict[str, int]:
        """What it consists of at the moment: records, the tail that is in no index yet, segments."""
        stats = native.stamped(native.Stats, "ochre_stats_init")
        native.lib.ochre_collection_stats(self._handle.value, stats, None)
        return {name: getattr(stats, name) for name, _ in native.Stats._fields_[1:]}

    def compact(self) -> None:
        """Compacts all records into one index segment, and waits for it."""
        native.lib.ochre_collection_compact(self._handle.value, None)

    def wait_until_compacted(self) -> None:
        """Waits until the background compactor has nothing left to do."""
        native.lib.ochre_collection_wait_until_compacted(self._handle.value, None)

    def verify(self) -> None:
        """Reads and compares its segments, the catalogue and the log. DataLossError names what is damaged."""
        native.lib.ochre_collection_verify(self._handle.value, None)

    # ---- In notebooks

    def to_pandas(self, where: Optional[Where] = None, limit: Optional[int] = None,
                  include: Sequence[str] = ("metadatas", "documents"), metadata: str = "columns") -> Any:
        """Records as a pandas.DataFrame; see ``get``, and ``to_pandas`` of its result."""
        return self.get(where=where, limit=limit, include=include).to_pandas(metadata)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """All records with all columns as an Arrow stream."""
        everything = ("documents", "metadatas", "embeddings", "uris")
        return self.get(include=everything).__arrow_c_stream__(requested_schema)

    def plot(self, query_texts: Optional[str] = None, query_embeddings: Any = None, n_results: int = 10,
             limit: int = 2_000, ax: Any = None) -> Any:
        """Draws the first ``limit`` embeddings, projected to the two dimensions in which they differ most (PCA); with a
        query, that and its ``n_results`` hits. Returns the matplotlib axes."""
        from .plot import plot_rows

        query = hits = None
        if query_texts is not None:
            query = self._embed([query_texts], query=True)
        elif query_embeddings is not None:
            query = columns.as_matrix(query_embeddings, "query_embeddings")[:1]
        rows = self.get(limit=limit, include=["embeddings"])["embeddings"]
        if query is not None:
            # Hits may lie beyond the limit, so they bring their own embeddings.
            hits = self.query(query, n_results=n_results, include=["embeddings"])["embeddings"][0]
        return plot_rows(rows, query, hits, self._name, ax)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a Collection is a handle to an open database, and cannot be copied or pickled: share it, or "
                        "get it by its name again")

    def __repr__(self) -> str:
        return f"Collection(name={self._name})"

    def _repr_html_(self) -> str:
        function = "none" if self._function() is None else name_of(self._function())
        hnsw = self._configuration.get("hnsw") or {}
        summary = f"{self.count()} records, space {hnsw.get('space', 'l2')}, embedding function {function}"
        if function == "ochre_hashing":
            summary += " (compares spellings, knows nothing of meaning)"
        first = self.peek(5)
        return f"<h4>{escape(self._name)}</h4><p>{escape(summary)}</p>{html_table(*first._rows())}"


def _batches(total: int, batch_size: int, progress: bool) -> Iterator[int]:
    if not progress:
        yield from range(0, total, batch_size)
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, unit=" records") as bar:
        for begin in range(0, total, batch_size):
            yield begin
            bar.update(min(batch_size, total - begin))


def _ids(ids: OneOrMany) -> List[str]:
    """The ids of a write: as many as there are records, in their order, none of them twice."""
    texts: List[str] = columns.listed(ids, "ids", str)
    try:
        if len(set(texts)) == len(texts):
            return texts
    except TypeError:  # one of them is no text; string_column says which
        return texts
    seen: Dict[str, int] = {}
    repeated: List[Tuple[int, str]] = []
    for i, text in enumerate(texts):
        if text in seen:
            repeated.append((i, text))
        seen[text] = i
    names = ", ".join(dict.fromkeys(str(text) for _, text in repeated[:10]))
    raise DuplicateIDError(f"Expected IDs to be unique, found duplicates of: {names}", repeated[0][0])


def _set_ids(options: Any, ids: Optional[OneOrMany]) -> None:
    """The ids of a read or of a delete, in any order."""
    if ids is not None:
        texts = columns.listed(ids, "ids", str, ordered=False)
        options.ids = ctypes.pointer(columns.string_column(texts, "ids"))


def optional_limit(limit: Optional[int]) -> int:
    return NO_LIMIT if limit is None else integer(limit, "limit")


def optional_offset(offset: Optional[int]) -> int:
    return 0 if offset is None else integer(offset, "offset")


def _optional_positive(value: Optional[int], name: str) -> int:
    """0 stands for an option that is not given, so that nobody can give it."""
    return 0 if value is None else integer(value, name, 1, INT32_MAX)


def changes_of(configuration: Optional[Dict[str, Any]]) -> Tuple[int, int]:
    """ef_search and max_neighbors, which alone can be changed; 0 where they are not given."""
    hnsw = hnsw_of(configuration)
    ef_search = _optional_positive(hnsw.pop("ef_search", None), "ef_search")
    max_neighbors = _optional_positive(hnsw.pop("max_neighbors", None), "max_neighbors")
    if hnsw:
        raise InvalidArgumentError(f"Only ef_search and max_neighbors can be changed, not {', '.join(hnsw)}")
    return ef_search, max_neighbors


def hnsw_of(configuration: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """A copy of the block that configures the index; empty if there is none."""
    if configuration is None:
        return {}
    if not isinstance(configuration, dict):
        raise WrongTypeError(f"Expected configuration to be a dict, got {configuration!r}")
    hnsw = configuration.get("hnsw")
    if hnsw is not None and not isinstance(hnsw, dict):
        raise WrongTypeError(f"Expected configuration['hnsw'] to be a dict, got {hnsw!r}")
    return dict(hnsw or {})


def _filter_text(where: Optional[Where], name: str) -> Any:
    return native.string(None if where is None else to_json(where, name), name)


def _set_filters(options: Any, where: Optional[Where], where_document: Optional[Where]) -> None:
    if where is not None:
        native.set_string(options, "where", to_json(where, "where"), "where")
    if where_document is not None:
        native.set_string(options, "where_document", to_json(where_document, "where_document"), "where_document")


def include_bits(include: Sequence[str], of_query: bool) -> int:
    bits = 0
    for name in include:
        bit = _INCLUDES.get(name)
        if bit is None or (bit == DISTANCES and not of_query):
            allowed = [known for known in _INCLUDES if of_query or known != "distances"]
            raise InvalidArgumentError(f"Expected include to hold {', '.join(allowed)}, got {name!r}")
        bits |= bit
    return bits
