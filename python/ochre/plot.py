"""Collections as pictures (matplotlib)."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np


def plot_rows(rows: np.ndarray[Any, Any], query: Optional[np.ndarray[Any, Any]], hits: Optional[np.ndarray[Any, Any]],
              title: str, ax: Any) -> Any:
    """Draws embeddings of shape (n, dimension), one query of shape (1, dimension) and its hits, all in the plane in
    which ``rows`` differ most. ``ax`` None: axes of their own. Returns the matplotlib axes."""
    from matplotlib import pyplot

    if ax is None:
        ax = pyplot.subplots(figsize=(7, 5))[1]
    ax.set_title(title)
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
