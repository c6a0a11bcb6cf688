"""Results as tables, frames, streams and pictures."""

import copy
import gc
import pickle

import matplotlib
import numpy as np

matplotlib.use("Agg")


def test_results_become_frames(points):
    frame = points.get(include=["metadatas", "documents", "embeddings", "uris"]).to_pandas()
    assert list(frame.columns) == ["id", "document", "metadata", "uri", "embedding"]
    assert frame.metadata[1] == {"n": 2} and frame.embedding[0].shape == (3,)
    frame = points.query(query_embeddings=[[1, 0, 0], [0, 1, 0]], n_results=2).to_pandas()
    assert list(frame.columns) == ["id", "query", "distance", "document", "metadata"]
    assert frame["query"].tolist() == [0, 0, 1, 1] and frame.id[2] == "b"
    assert len(points.to_pandas(where={"n": {"$gt": 2}})) == 2


def test_tables_escape_everything_and_cut_vectors(client):
    collection = client.create_collection("html", metadata={"<i>": "<i>"}, embedding_function=None)
    collection.add(ids=["<b>id</b>"], embeddings=np.ones((1, 100)), documents=["<script>alert(1)</script>" * 50],
                   metadatas=[{"<u>": "&"}])
    for html in (collection._repr_html_(), collection.peek()._repr_html_(),
                 collection.query(query_embeddings=np.ones(100))._repr_html_()):
        assert "<script" not in html and "<b>" not in html and "<u>" not in html
        assert "&lt;b&gt;id" in html
    assert "1, 1, 1, 1, …] (100)" in collection.peek()._repr_html_()
    assert len(collection._repr_html_()) < 3000


def test_streams_carry_everything_to_another_collection(client, points):
    other = client.create_collection("copy", embedding_function=None)
    assert other.add_arrow(points) == 5
    everything = ["documents", "metadatas", "embeddings", "uris"]
    original, copied = points.get(include=everything), other.get(include=everything)
    np.testing.assert_array_equal(original.pop("embeddings"), copied.pop("embeddings"))
    assert original == copied
    assert other.add_arrow(points.get(ids=["a"], include=[]), mode="update") == 1


def test_a_stream_outlives_its_result_and_may_stay_unread(points):
    capsule = points.get().__arrow_c_stream__()
    gc.collect()
    assert "arrow_array_stream" in repr(capsule)
    del capsule
    gc.collect()


def test_results_copy_and_pickle_as_dictionaries(points):
    result = points.peek()
    for twin in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert type(twin) is dict and twin["ids"] == result["ids"]
        np.testing.assert_array_equal(twin["embeddings"], result["embeddings"])


def test_plot_draws_records_query_and_hits(points):
    axes = points.plot(query_embeddings=[1, 0, 0], n_results=2)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["5 records", "2 nearest", "query"]
    matplotlib.pyplot.close(axes.figure)


def test_plot_of_one_dimension_and_of_nothing(client):
    flat = client.create_collection("flat", embedding_function=None)
    assert flat.plot() is not None
    flat.add(ids=["a", "b"], embeddings=[[1.0], [2.0]])
    assert flat.plot() is not None
    matplotlib.pyplot.close("all")
