"""Collections as pictures (matplotlib)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

if TYPE_CHECKING:
    from .collection import Collection


def plot_collection(collection: "Collection", query: Optional[np.ndarray[Any, Any]], n_results: int, limit: int, ax: Any) -> Any:
    """See Collection.plot. ``query``: None or one row."""
    from matplotlib import pyplot

    if ax is None:
        ax = pyplot.subplots(figsize=(7, 5))[1]
    rows = collection.get(limit=limit, include=["embeddings"])["embeddings"]
    hits = None
    if query is not None:
        # Hits may lie beyond the limit, so they bring their own embeddings.
        hits = collection.query(query, n_results=n_results, include=["embeddings"])["embeddings"][0]
    ax.set_title(collection.name)
    if not len(rows):
        return ax
    center = rows.mean(axis=0)
    # Axes of largest variance are the right singular vectors; one-dimensional embeddings have only one.
    axes = np.linalg.svd(rows - center, full_matrices=False)[2][:2]
    if len(axes) < 2:
        axes = np.vstack([axes, np.zeros((2 - len(axes), rows.shape[1]), np.float32)])

    def draw(points: np.ndarray[Any, Any], **style: Any) -> None:
        x, y = ((points - center) @ axes.T).T
        ax.scatter(x, y, **style)

    draw(rows, s=8, color="#9aa5b1", label=f"{len(rows)} records")
    if hits is not None and query is not None:
        draw(hits, s=28, color="#cc6b1f", label=f"{len(hits)} nearest")
        draw(query, s=120, color="#1f4e79", marker="*", label="query")
    ax.set_xlabel("first principal component")
    ax.set_ylabel("second principal component")
    ax.legend(loc="best")
    return ax
