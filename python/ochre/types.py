"""Names for the types of arguments and results, as Chroma calls them; for annotations."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from .embedding import EmbeddingFunction
from .results import GetResult, QueryResult

ID = str
IDs = List[ID]
OneOrMany = Union[str, Sequence[str]]

PyEmbedding = Sequence[Union[float, int]]
PyEmbeddings = List[PyEmbedding]
Vector = Union[PyEmbedding, "np.ndarray[Any, Any]"]
Embedding = Vector
Embeddings = List[Embedding]

Metadata = Mapping[str, Optional[Union[str, int, float, bool, Sequence[Union[str, int, float, bool]]]]]
UpdateMetadata = Metadata
Metadatas = List[Metadata]
CollectionMetadata = Dict[str, Any]
UpdateCollectionMetadata = CollectionMetadata

Document = str
Documents = List[Document]
URI = str
URIs = List[URI]
Embeddable = Documents

Where = Dict[str, Any]
WhereDocument = Dict[str, Any]
Include = List[str]

__all__ = [
    "CollectionMetadata", "Document", "Documents", "Embeddable", "Embedding", "EmbeddingFunction", "Embeddings",
    "GetResult", "ID", "IDs", "Include", "Metadata", "Metadatas", "OneOrMany", "PyEmbedding", "PyEmbeddings",
    "QueryResult", "URI", "URIs", "UpdateCollectionMetadata", "UpdateMetadata", "Vector", "Where", "WhereDocument",
]
