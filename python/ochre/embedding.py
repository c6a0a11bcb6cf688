"""Embedding functions: callables from texts to vectors, with a name and a configuration."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any, Dict, List, Optional, Sequence, Type

import numpy as np

from . import _columns as columns
from . import _native as native
from ._json import to_json
from ._numbers import integer
from .errors import InvalidArgumentError, WrongTypeError


class HashingEmbedderWarning(UserWarning):
    """The default embedder is at work, which knows nothing of meaning."""


class EmbeddingFunction:
    """Base of embedding functions; any callable with the same methods will do.

    ``name()`` and ``get_config()`` are stored with a collection. Register the class with ``register_embedding_function``
    and ``get_collection`` makes the function again with ``build_from_config``. The configuration must hold no secret.
    """

    def __call__(self, input: List[str]) -> Any:
        """One vector a text: a list of rows or an array of shape (len(input), dimension)."""
        raise NotImplementedError

    def embed_query(self, input: List[str]) -> Any:
        """Vectors of texts to search for; the same as of documents unless a model tells them apart."""
        return self(input)

    @staticmethod
    def name() -> str:
        raise NotImplementedError

    def get_config(self) -> Dict[str, Any]:
        return {}

    @staticmethod
    def build_from_config(config: Dict[str, Any]) -> "EmbeddingFunction":
        raise NotImplementedError

    def default_space(self) -> str:
        return "l2"


# By name: what collections find their functions in.
known_embedding_functions: Dict[str, Type[Any]] = {}


def register_embedding_function(cls: Type[Any]) -> Type[Any]:
    """A class decorator: collections that were stored with this function's name open with it."""
    known_embedding_functions[cls.name()] = cls
    return cls


def _frames_of_ochre() -> int:
    """How far up the stack the caller of this package is, as warnings.warn counts."""
    here = os.path.dirname(__file__)
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and os.path.dirname(frame.f_code.co_filename) == here:
        level, frame = level + 1, frame.f_back
    return level


# Between two of these Ctrl-C takes effect: texts of 10 KB take 20 ms.
_TEXTS_AT_ONCE = 256


@register_embedding_function
class HashingEmbeddingFunction(EmbeddingFunction):
    """Signed feature hashing of words and character trigrams, scaled to length 1; built in, deterministic, no model.

    Texts that share words or spellings come out near each other. It knows nothing of meaning: use it to try things
    out. ``dimension`` in [8, 65536].
    """

    def __init__(self, dimension: int = 256, *, loud: bool = False) -> None:
        self._dimension = integer(dimension, "dimension", 8, 65_536)
        self._loud = loud
        self._handle = native.new_handle(
            "embedding_function", native.lib.ochre_embedding_function_builtin, native.string("ochre_hashing", "name"),
            native.string(json.dumps({"dimension": self._dimension}), "configuration"))

    def __reduce__(self) -> Any:  # a copy is the same function again
        return (HashingEmbeddingFunction, (self._dimension,))

    def __call__(self, input: List[str]) -> np.ndarray[Any, Any]:
        if self._loud:
            self._loud = False
            warnings.warn(
                "texts are embedded by Ochre's built-in hashing embedder, which compares spellings and knows nothing "
                "of meaning; pass embedding_function=... to use a model, or "
                "embedding_function=ochre.HashingEmbeddingFunction() if this is what you want",
                HashingEmbedderWarning, stacklevel=_frames_of_ochre())
        texts = columns.listed(input, "input", str)
        rows = np.empty((len(texts), self._dimension), np.float32)
        for begin in range(0, len(texts), _TEXTS_AT_ONCE):
            part = columns.string_column(texts[begin:begin + _TEXTS_AT_ONCE], "input", begin)
            out = rows[begin:begin + part.count].ctypes.data
            native.lib.ochre_embedding_function_embed(self._handle.value, part, out, part.count, None)
        return rows

    @staticmethod
    def name() -> str:
        return "ochre_hashing"

    def get_config(self) -> Dict[str, Any]:
        return {"dimension": self._dimension}

    @staticmethod
    def build_from_config(config: Dict[str, Any]) -> "HashingEmbeddingFunction":
        return HashingEmbeddingFunction(int(config.get("dimension", 256)))


class _Default:
    """Stands for an argument that was not given, where None means something."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = _Default()


def name_of(function: Any) -> str:
    """The name of an embedding function; "default" of a plain callable that has none."""
    name = getattr(function, "name", None)
    return str(name() if callable(name) else name or "default")


def check(function: Any) -> None:
    """WrongTypeError: it cannot be called, or is a class where an object of it is meant."""
    if isinstance(function, type):
        raise WrongTypeError(f"Expected embedding_function to be a function, got the class {function.__name__}: give "
                             f"an object of it, such as {function.__name__}()")
    if not callable(function):
        raise WrongTypeError(f"Expected embedding_function to have a method __call__(input), got {function!r} of type "
                             f"{type(function).__name__}")


def to_native(function: Any) -> native.Handle:
    """A handle with the name and configuration of a function, which itself stays in Python. WrongTypeError: it is
    none."""
    check(function)
    config = function.get_config() if hasattr(function, "get_config") else {}
    callbacks = native.stamped(native.EmbeddingCallbacks, "ochre_embedding_callbacks_init")
    native.set_string(callbacks, "name", name_of(function), "the name of embedding_function")
    native.set_string(callbacks, "config_json", to_json(config, "the configuration of embedding_function"), "config")
    return native.new_handle("embedding_function", native.lib.ochre_embedding_function_new, callbacks)


def from_configuration(configuration: Dict[str, Any]) -> Optional[Any]:
    """The function that a collection was stored with, if it is built in or registered; else None."""
    stored = configuration.get("embedding_function") or {}
    cls = known_embedding_functions.get(stored.get("name", ""))
    if cls is HashingEmbeddingFunction:
        function = cls.build_from_config(stored.get("config") or {})
        function._loud = True  # nobody asked for it in this session
        return function
    return None if cls is None else cls.build_from_config(stored.get("config") or {})


def embed(function: Any, texts: Sequence[str], query: bool = False) -> np.ndarray[Any, Any]:
    """Rows of texts, checked to be as many. InvalidArgumentError: there is no function, or it gave something else."""
    if function is None:
        raise InvalidArgumentError(
            "You must provide embeddings: the collection has no embedding function. Give one to get_collection or "
            "create_collection, or register its class with ochre.register_embedding_function")
    call = getattr(function, "embed_query", function) if query else function
    rows = columns.as_matrix(call(list(texts)), "embeddings of the embedding function")
    if len(rows) != len(texts):
        raise InvalidArgumentError(
            f"The embedding function {name_of(function)} gave {len(rows)} rows for {len(texts)} texts")
    return rows
