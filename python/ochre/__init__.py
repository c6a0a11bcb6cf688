"""Ochre, an embedded vector database, for Python: the calls that Chroma users know.

    import ochre

    client = ochre.PersistentClient(path="./papers.ochre")
    papers = client.get_or_create_collection("papers")
    papers.add(ids=["hnsw"], documents=["Search in navigable graphs"], metadatas=[{"year": 2016}])
    papers.query(query_texts=["graphs"], n_results=1, where={"year": {"$gte": 2000}})
    client.close()
"""

from . import config, errors, types, utils
from ._native import lib as _lib
from .client import Client as _Client
from .client import EphemeralClient, PersistentClient, timeout
from .collection import Collection
from .config import DEFAULT_DATABASE, DEFAULT_TENANT, Settings
from .embedding import HashingEmbedderWarning, HashingEmbeddingFunction, register_embedding_function
from .errors import (
    AbortedError, AlreadyExistsError, CancelledError, DataLossError, DeadlineExceededError, DuplicateIDError,
    FailedPreconditionError, Interrupted, InternalError, InvalidArgumentError, NotFoundError, OchreError,
    OutOfRangeError, PermissionDeniedError, ResourceExhaustedError, UnauthenticatedError, UnavailableError,
    UnimplementedError, UnknownError, WrongTypeError,
)
from .remote import AdminClient, AsyncHttpClient, CloudClient, HttpClient
from .types import (
    ID, URI, CollectionMetadata, Document, Documents, Embeddable, Embedding, EmbeddingFunction, Embeddings, GetResult,
    IDs, Include, Metadata, Metadatas, OneOrMany, PyEmbedding, PyEmbeddings, QueryResult, UpdateCollectionMetadata,
    UpdateMetadata, URIs, Vector, Where, WhereDocument,
)

Client = EphemeralClient
ClientAPI = _Client
__version__: str = _lib.ochre_version_string().decode()

__all__ = [
    "AbortedError", "AdminClient", "AlreadyExistsError", "AsyncHttpClient", "CancelledError", "Client", "ClientAPI",
    "CloudClient", "Collection", "CollectionMetadata", "DEFAULT_DATABASE", "DEFAULT_TENANT", "DataLossError",
    "DeadlineExceededError", "Document", "Documents", "DuplicateIDError", "Embeddable", "Embedding",
    "EmbeddingFunction", "Embeddings", "EphemeralClient", "FailedPreconditionError", "GetResult",
    "HashingEmbedderWarning", "HashingEmbeddingFunction", "HttpClient", "ID", "IDs", "Include", "InternalError",
    "Interrupted", "InvalidArgumentError", "Metadata", "Metadatas", "NotFoundError", "OchreError", "OneOrMany",
    "OutOfRangeError", "PermissionDeniedError", "PersistentClient", "PyEmbedding", "PyEmbeddings", "QueryResult",
    "ResourceExhaustedError", "Settings", "URI", "URIs", "UnauthenticatedError", "UnavailableError",
    "UnimplementedError", "UnknownError", "UpdateCollectionMetadata", "UpdateMetadata", "Vector", "Where",
    "WhereDocument", "WrongTypeError", "config", "errors", "register_embedding_function", "timeout", "types", "utils",
]
