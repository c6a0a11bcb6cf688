"""Ochre, an embedded vector database, for Python: the calls that Chroma users know.

    import ochre

    client = ochre.PersistentClient(path="./papers.ochre")
    papers = client.get_or_create_collection("papers")
    papers.add(ids=["hnsw"], documents=["Search in navigable graphs"], metadatas=[{"year": 2016}])
    papers.query(query_texts=["graphs"], n_results=1, where={"year": {"$gte": 2000}})
    client.close()
"""

from . import config, errors
from ._native import lib as _lib
from .client import Client as _Client
from .client import EphemeralClient, PersistentClient, timeout
from .collection import Collection
from .config import DEFAULT_DATABASE, DEFAULT_TENANT, Settings
from .embedding import (
    EmbeddingFunction, HashingEmbedderWarning, HashingEmbeddingFunction, register_embedding_function,
)
from .errors import (
    AbortedError, AlreadyExistsError, CancelledError, DataLossError, DeadlineExceededError, DuplicateIDError,
    FailedPreconditionError, Interrupted, InternalError, InvalidArgumentError, NotFoundError, OchreError,
    OutOfRangeError, PermissionDeniedError, ResourceExhaustedError, UnauthenticatedError, UnavailableError,
    UnimplementedError, UnknownError, WrongTypeError,
)
from .results import GetResult, QueryResult

Client = EphemeralClient
ClientAPI = _Client
__version__: str = _lib.ochre_version_string().decode()

__all__ = [
    "AbortedError", "AlreadyExistsError", "CancelledError", "Client", "ClientAPI", "Collection", "DEFAULT_DATABASE",
    "DEFAULT_TENANT", "DataLossError", "DeadlineExceededError", "DuplicateIDError", "EmbeddingFunction",
    "EphemeralClient", "FailedPreconditionError", "GetResult", "HashingEmbedderWarning", "HashingEmbeddingFunction",
    "InternalError", "Interrupted", "InvalidArgumentError", "NotFoundError", "OchreError", "OutOfRangeError",
    "PermissionDeniedError", "PersistentClient", "QueryResult", "ResourceExhaustedError", "Settings",
    "UnauthenticatedError", "UnavailableError", "UnimplementedError", "UnknownError", "WrongTypeError", "config",
    "errors", "register_embedding_function", "timeout",
]
