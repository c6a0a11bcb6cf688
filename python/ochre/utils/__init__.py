"""What Chroma keeps under this name: embedding functions."""

from . import embedding_functions

__all__ = ["embedding_functions"]
