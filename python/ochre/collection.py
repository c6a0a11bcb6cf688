"""Collection: the handle through which records are written and read."""

from __future__ import annotations

import ctypes
import json
import signal
import threading
from html import escape
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union
from uuid import UUID

import numpy as np

from . import _columns as columns
from . import _native as native
from .embedding import embed, name_of
from .errors import DuplicateIDError, Interrupted, InvalidArgumentError
from .results import DISTANCES, DOCUMENTS, EMBEDDINGS, METADATAS, URIS, GetResult, QueryResult, html_table, stream_of

if TYPE_CHECKING:
    from .client import Client

OneOrMany = Union[str, Sequence[str]]
Metadata = Dict[str, Any]
Where = Dict[str, Any]

NO_LIMIT = -1
QUANTIZATIONS = ("none", "int8", "lvq4")  # by their numbers in c.h
_INCLUDES = {"documents": DOCUMENTS, "metadatas": METADATAS, "embeddings": EMBEDDINGS, "uris": URIS,
             "distances": DISTANCES}
# Records that one native call writes, all or nothing. Ctrl-C and progress bars act between two of them.
_BATCH_SIZE = 5_000

_GET_TEMPLATE = native.stamped(native.GetOptions, "ochre_get_options_init")
_QUERY_TEMPLATE = native.stamped(native.QueryOptions, "ochre_query_options_init")


class Collection:
    """Records with an id, an embedding, a document, metadata and a uri each. Made by a Client, not directly.

    Thread-safe. Every call raises FailedPreconditionError once the client is closed, NotFoundError once the collection
    is deleted, InvalidArgumentError (a ValueError) for wrong arguments, with the index of the record to blame.
    """

    def __init__(self, client: "Client", handle: native.Handle, embedding_function: Any) -> None:
        self._client = client
        self._handle = handle
        self._embedding_function = embedding_function
        self._refresh()

    def _refresh(self) -> None:
        infos = native.new_handle("collection_list", native.lib.ochre_collection_describe, self._handle.value)
        info = native.stamped(native.CollectionInfo, "ochre_collection_info_init")
        native.lib.ochre_collection_list_get(infos.value, 0, info, None)
        self._id = UUID(native.text(info.id))
        self._name = native.text(info.name) or ""
        self._tenant = native.text(info.tenant) or ""
        self._database = native.text(info.database) or ""
        metadata = native.text(info.metadata_json)
        self._metadata: Optional[Metadata] = None if metadata is None else json.loads(metadata)
        self._configuration: Dict[str, Any] = json.loads(native.text(info.configuration_json) or "{}")
        # Ochre's own, which Chroma's JSON has no place for.
        self._configuration.setdefault("hnsw", {})["quantization"] = QUANTIZATIONS[info.quantization]

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

        What has more than ``batch_size`` records is written in batches, each durable and all or nothing. Ctrl-C takes
        effect between two of them: ``Interrupted`` (a KeyboardInterrupt) says how many records are in. ``progress``
        shows a tqdm bar.
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
        ignores ids that do not exist. Documents without embeddings are embedded. Arguments as of ``add``."""
        self._write("update", ids, embeddings, metadatas, documents, uris, images, batch_size, progress)

    def _write(self, verb: str, ids: Any, embeddings: Any, metadatas: Any, documents: Any, uris: Any, images: Any,
               batch_size: int, progress: bool) -> None:
        if images is not None:
            raise InvalidArgumentError("images are not supported: embed them, and give embeddings and uris")
        if batch_size < 1:
            raise InvalidArgumentError(f"Expected batch_size to be at least 1, got {batch_size}")
        texts = _ids(ids)
        total = len(texts)
        if total == 0:
            raise InvalidArgumentError("Expected IDs to be a non-empty list, got 0 IDs")
        rows = None if embeddings is None else columns.as_matrix(embeddings, "embeddings")
        given = {
            "embeddings": rows,
            "documents": _list_of(documents, str),
            "metadatas": _list_of(metadatas, dict),
            "uris": _list_of(uris, str),
        }
        # All of it before the first batch is written.
        for name, column in given.items():
            if column is not None and len(column) != total:
                raise InvalidArgumentError(f"Unequal lengths: {total} ids, but {len(column)} {name}")
        if verb != "update" and rows is None and given["documents"] is None:
            raise InvalidArgumentError("You must provide either embeddings or documents to embed")
        write = getattr(native.lib, f"ochre_collection_{verb}")
        if total <= batch_size:
            self._write_batch(write, verb, texts, **given)
            return
        with _Interrupts() as interrupts:
            for begin in _batches(total, batch_size, progress):
                if interrupts.pending:
                    raise Interrupted(begin, total)
                part = slice(begin, begin + batch_size)
                batch = {name: None if column is None else column[part] for name, column in given.items()}
                self._write_batch(write, verb, texts[part], **batch)
            if interrupts.pending:
                raise Interrupted(total, total)

    def _write_batch(self, write: Any, verb: str, ids: Sequence[str], embeddings: Optional[np.ndarray[Any, Any]],
                     documents: Optional[Sequence[Optional[str]]], metadatas: Optional[Sequence[Optional[Metadata]]],
                     uris: Optional[Sequence[Optional[str]]]) -> None:
        mask = None
        if embeddings is None and documents is not None:
            present = [i for i, document in enumerate(documents) if document is not None]
            texts = [document for document in documents if document is not None]
            if len(texts) == len(documents):
                embeddings = embed(self._embedding_function, texts)
            elif verb != "update":
                missing = next(i for i, document in enumerate(documents) if document is None)
                raise InvalidArgumentError(f"There is neither an embedding nor a document at index {missing}", missing)
            elif present:
                some = embed(self._embedding_function, texts)
                embeddings = np.zeros((len(ids), some.shape[1]), np.float32)
                embeddings[present] = some
                mask = np.zeros(len(ids), np.uint8)
                mask[present] = 1
        records = native.Records()
        records.struct_size = ctypes.sizeof(records)
        records.ids = ctypes.pointer(columns.string_column(ids, "ids"))
        if embeddings is not None:
            records.embeddings = ctypes.pointer(columns.matrix(embeddings))
        if mask is not None:
            records.embedding_given = mask.ctypes.data
        if documents is not None:
            records.documents = ctypes.pointer(columns.string_column(documents, "documents"))
        if metadatas is not None:
            records.metadatas = ctypes.pointer(columns.metadata_column(metadatas))
        if uris is not None:
            records.uris = ctypes.pointer(columns.string_column(uris, "uris"))
        write(self._handle.value, records, None, None)

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
        if ids is not None:
            options.ids = ctypes.pointer(columns.string_column(_ids(ids, unique=False), "ids"))
        _set_filters(options, where, where_document)
        options.limit = _limit(limit)
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
        if ids is not None:
            options.ids = ctypes.pointer(columns.string_column(_ids(ids, unique=False), "ids"))
        _set_filters(options, where, where_document)
        options.limit = _limit(limit)
        options.offset = offset or 0
        options.include = bits = _include(include, of_query=False)
        handle = native.new_handle("result", native.lib.ochre_collection_get, self._handle.value, options)
        return GetResult(handle, bits, include)

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
        if query_images is not None or query_uris is not None:
            raise InvalidArgumentError("query_images and query_uris are not supported: embed them, and give embeddings")
        if (query_embeddings is None) == (query_texts is None):
            raise InvalidArgumentError("Give either query_embeddings or query_texts")
        if isinstance(n_results, bool) or not isinstance(n_results, (int, np.integer)):
            raise TypeError(f"Expected n_results to be an int, got {n_results!r}")
        if query_texts is not None:
            texts = [query_texts] if isinstance(query_texts, str) else list(query_texts)
            rows = embed(self._embedding_function, texts, query=True)
        else:
            rows = columns.as_matrix(query_embeddings, "query_embeddings")
        options = native.QueryOptions.from_buffer_copy(_QUERY_TEMPLATE)
        options.embeddings = ctypes.pointer(columns.matrix(rows))
        options.n_results = n_results
        if ids is not None:
            options.ids = ctypes.pointer(columns.string_column(_ids(ids, unique=False), "ids"))
        _set_filters(options, where, where_document)
        options.exact = bool(exact)
        options.ef_search = _given(ef_search, "ef_search")
        options.target_recall = _given(target_recall, "target_recall")
        options.num_threads = num_threads
        options.include = bits = _include(include, of_query=True)
        handle = native.new_handle("result", native.lib.ochre_collection_query, self._handle.value, options)
        return QueryResult(handle, bits, include)

    def count(self) -> int:
        """Live records."""
        out = ctypes.c_int64()
        native.lib.ochre_collection_count(self._handle.value, out, None)
        return out.value

    # ---- The collection itself

    def modify(self, name: Optional[str] = None, metadata: Optional[Metadata] = None,
               configuration: Optional[Dict[str, Any]] = None) -> None:
        """Renames it, replaces its whole metadata, or changes ``{"hnsw": {"ef_search": ..., "max_neighbors": ...}}``.
        AlreadyExistsError: the name is taken."""
        changes = native.stamped(native.CollectionChanges, "ochre_collection_changes_init")
        changes.name = native.string(name)
        if metadata is not None:
            changes.metadata_json = native.string(columns.to_json(metadata))
        hnsw = dict((configuration or {}).get("hnsw") or {})
        changes.ef_search = _given(hnsw.pop("ef_search", None), "ef_search")
        changes.max_neighbors = _given(hnsw.pop("max_neighbors", None), "max_neighbors")
        if hnsw:
            raise InvalidArgumentError(f"Only ef_search and max_neighbors can be changed, not {', '.join(hnsw)}")
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
        """Compares the checksums of every byte. DataLossError names the first damaged file."""
        native.lib.ochre_collection_verify(self._handle.value, None)

    # ---- In notebooks

    def to_pandas(self, where: Optional[Where] = None, limit: Optional[int] = None,
                  include: Sequence[str] = ("metadatas", "documents")) -> Any:
        """Records as a pandas.DataFrame; see ``get``."""
        return self.get(where=where, limit=limit, include=include).to_pandas()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """All records with all columns as an Arrow stream."""
        everything = ("documents", "metadatas", "embeddings", "uris")
        return self.get(include=everything).__arrow_c_stream__(requested_schema)

    def plot(self, query_texts: Optional[str] = None, query_embeddings: Any = None, n_results: int = 10,
             limit: int = 2_000, ax: Any = None) -> Any:
        """Draws the first ``limit`` embeddings, projected to the two dimensions in which they differ most (PCA); with a
        query, that and its ``n_results`` hits. Returns the matplotlib axes."""
        from .plot import plot_collection

        query = None
        if query_texts is not None:
            query = embed(self._embedding_function, [query_texts], query=True)
        elif query_embeddings is not None:
            query = columns.as_matrix(query_embeddings, "query_embeddings")[:1]
        return plot_collection(self, query, n_results, limit, ax)

    def __repr__(self) -> str:
        return f"Collection(name={self._name})"

    def _repr_html_(self) -> str:
        function = "none" if self._embedding_function is None else name_of(self._embedding_function)
        hnsw = self._configuration.get("hnsw") or {}
        summary = f"{self.count()} records, space {hnsw.get('space', 'l2')}, embedding function {function}"
        if function == "ochre_hashing":
            summary += " (compares spellings, knows nothing of meaning)"
        first = self.peek(5)
        return f"<h4>{escape(self._name)}</h4><p>{escape(summary)}</p>{html_table(*first._rows())}"


class _Interrupts:
    """Notes Ctrl-C instead of raising it anywhere, in the main thread, where Python would deliver it."""

    def __enter__(self) -> "_Interrupts":
        self.pending = False
        self._former: Any = None
        if threading.current_thread() is threading.main_thread():
            former = signal.getsignal(signal.SIGINT)
            if callable(former):  # neither ignored nor another language's
                self._former = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: Any) -> None:
        if self._former is not None:
            signal.signal(signal.SIGINT, self._former)

    def _note(self, *_: Any) -> None:
        self.pending = True


def _batches(total: int, batch_size: int, progress: bool) -> Iterator[int]:
    if not progress:
        yield from range(0, total, batch_size)
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, unit=" records") as bar:
        for begin in range(0, total, batch_size):
            yield begin
            bar.update(min(batch_size, total - begin))


def _ids(ids: OneOrMany, unique: bool = True) -> List[str]:
    texts = [ids] if isinstance(ids, str) else ids if isinstance(ids, list) else list(ids)
    if unique and len(set(texts)) != len(texts):
        seen: Dict[str, int] = {}
        repeated: List[Tuple[int, str]] = []
        for i, text in enumerate(texts):
            if text in seen:
                repeated.append((i, text))
            seen[text] = i
        names = ", ".join(dict.fromkeys(text for _, text in repeated[:10]))
        raise DuplicateIDError(f"Expected IDs to be unique, found duplicates of: {names}", repeated[0][0])
    return texts


def _list_of(values: Any, single: type) -> Any:
    if values is None or isinstance(values, list):
        return values
    return [values] if isinstance(values, single) else list(values)


def _limit(limit: Optional[int]) -> int:
    if limit is None:
        return NO_LIMIT
    if limit < 0:
        raise InvalidArgumentError(f"Expected limit to be at least 0, got {limit}")
    return limit


def _given(value: Any, name: str) -> Any:
    """0 stands for an option that is not given, so that nobody can give it."""
    if value is None:
        return 0
    if value <= 0:
        raise InvalidArgumentError(f"Expected {name} to be positive, got {value}")
    return value


def _set_filters(options: Any, where: Optional[Where], where_document: Optional[Where]) -> None:
    # String structs are copied into the options, so what they borrow is kept there.
    if where is not None:
        options.where = options._where = native.string(columns.to_json(where))
    if where_document is not None:
        options.where_document = options._where_document = native.string(columns.to_json(where_document))


def _include(include: Sequence[str], of_query: bool) -> int:
    bits = 0
    for name in include:
        bit = _INCLUDES.get(name)
        if bit is None or (bit == DISTANCES and not of_query):
            allowed = [known for known in _INCLUDES if of_query or known != "distances"]
            raise InvalidArgumentError(f"Expected include to hold {', '.join(allowed)}, got {name!r}")
        bits |= bit
    return bits
