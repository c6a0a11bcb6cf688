"""Embedding functions under Chroma's names: what Ochre has of them, and the registry for others.

``DefaultEmbeddingFunction()`` is the built-in hashing embedder, which compares spellings; ``HashingEmbeddingFunction``
is the same without its warning. Chroma's functions that call a service or load a model are not here: what they are
called is known, and asking for one says what to do instead. Any object with ``__call__``, ``name`` and ``get_config``
will do, Chroma's own among them.
"""

from __future__ import annotations

from typing import Any, Dict, Type

from ..embedding import (
    EmbeddingFunction, HashingEmbeddingFunction, known_embedding_functions, register_embedding_function,
)
from ..errors import NotFoundError, UnimplementedError

__all__ = [
    "DefaultEmbeddingFunction", "EmbeddingFunction", "HashingEmbeddingFunction", "get_builtins",
    "known_embedding_functions", "register_embedding_function",
]

_ABSENT = frozenset((
    "AmazonBedrockEmbeddingFunction", "BasetenEmbeddingFunction", "Bm25EmbeddingFunction",
    "ChromaBm25EmbeddingFunction", "ChromaCloudQwenEmbeddingFunction", "ChromaCloudSpladeEmbeddingFunction",
    "ChromaLangchainEmbeddingFunction", "CloudflareWorkersAIEmbeddingFunction", "CohereEmbeddingFunction",
    "FastEmbedSparseEmbeddingFunction", "GoogleGenerativeAiEmbeddingFunction", "GooglePalmEmbeddingFunction",
    "GoogleVertexEmbeddingFunction", "HuggingFaceEmbeddingFunction", "HuggingFaceEmbeddingServer",
    "HuggingFaceSparseEmbeddingFunction", "InstructorEmbeddingFunction", "JinaEmbeddingFunction",
    "MistralEmbeddingFunction", "MorphEmbeddingFunction", "NomicEmbeddingFunction", "ONNXMiniLM_L6_V2",
    "OllamaEmbeddingFunction", "OpenAIEmbeddingFunction", "OpenCLIPEmbeddingFunction", "PerplexityEmbeddingFunction",
    "RoboflowEmbeddingFunction", "SentenceTransformerEmbeddingFunction", "Text2VecEmbeddingFunction",
    "TogetherAIEmbeddingFunction", "VoyageAIEmbeddingFunction",
))


def DefaultEmbeddingFunction() -> HashingEmbeddingFunction:
    """What a collection gets if nobody says otherwise; warns when it is first used."""
    return HashingEmbeddingFunction(loud=True)


def get_builtins() -> Any:
    """The names of the embedding functions that come with Ochre."""
    return {HashingEmbeddingFunction.name()}


def config_to_embedding_function(config: Dict[str, Any]) -> Any:
    """``{"name": ..., "config": {...}}``, as a configuration holds it, as a function. NotFoundError: none of that name
    is registered."""
    cls: Any = known_embedding_functions.get(config["name"])
    if cls is None:
        raise NotFoundError(f"No embedding function {config['name']!r} is registered; known are "
                            f"{', '.join(sorted(known_embedding_functions))}")
    return cls.build_from_config(config.get("config") or {})


def __getattr__(name: str) -> Type[Any]:
    if name in _ABSENT:
        raise UnimplementedAttributeError(
            f"Ochre has no {name}: give any callable from a list of texts to rows of numbers as embedding_function "
            "(with name() and get_config(), so that a collection finds it again), Chroma's own object for instance")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class UnimplementedAttributeError(UnimplementedError, AttributeError):
    """A function of Chroma's that Ochre does not have."""
