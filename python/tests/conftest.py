import numpy as np
import pytest

import ochre


@pytest.fixture
def client():
    with ochre.EphemeralClient() as opened:
        yield opened


@pytest.fixture
def points(client):
    """Five records of dimension 3; the middle one has nothing but an embedding."""
    collection = client.create_collection("points", embedding_function=None)
    collection.add(
        ids=["a", "b", "c", "d", "e"],
        embeddings=np.eye(5, 3, dtype=np.float32),
        documents=["first", "second", None, "vierte Straße", ""],
        metadatas=[{"n": 1, "tags": ["x", "y"]}, {"n": 2}, None, {"n": 4.5, "ok": True}, {"n": 5}],
        uris=["file:a", None, None, None, "file:e"],
    )
    return collection


class Lengths(ochre.EmbeddingFunction):
    """Embeds a text as its length and its number of spaces."""

    def __init__(self, scale=1.0):
        self.scale = scale

    def __call__(self, input):
        return [[len(text) * self.scale, text.count(" ")] for text in input]

    @staticmethod
    def name():
        return "lengths"

    def get_config(self):
        return {"scale": self.scale}

    @staticmethod
    def build_from_config(config):
        return Lengths(config["scale"])
