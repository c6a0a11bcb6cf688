"""Results as tables, frames, streams and pictures."""

import copy
import gc
import pickle

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")


def test_results_become_frames_with_a_column_for_each_metadata_key(points):
    frame = points.get(include=["metadatas", "documents", "embeddings", "uris"]).to_pandas()
    assert list(frame.columns) == ["id", "document", "n", "tags", "ok", "uri", "embedding"]
    assert frame.n[0] == 1 and frame.n[3] == 4.5 and frame.tags[0] == ["x", "y"] and frame.embedding[0].shape == (3,)
    assert frame.n[2] is None and frame.ok[3] and frame.ok.isna()[0]
    frame = points.query(query_embeddings=[[1, 0, 0], [0, 1, 0]], n_results=2, where={"n": {"$lt": 3}}).to_pandas()
    assert list(frame.columns) == ["id", "query", "distance", "document", "n", "tags"]
    assert frame["query"].tolist() == [0, 0, 1, 1] and frame.id[2] == "b"
    assert len(points.to_pandas(where={"n": {"$gt": 2}})) == 2


def test_frames_keep_metadata_as_dicts_if_they_are_asked_to(points):
    frame = points.get(include=["metadatas"]).to_pandas(metadata="dict")
    assert list(frame.columns) == ["id", "metadata"] and frame.metadata[1] == {"n": 2} and frame.metadata[2] is None
    assert list(points.to_pandas(metadata="dict").columns) == ["id", "document", "metadata"]
    with pytest.raises(ValueError, match="metadata"):
        points.to_pandas(metadata="json")


def test_columns_of_metadata_keep_their_values_exactly(client):
    collection = client.create_collection("exact", embedding_function=None)
    large = 2**53 + 1
    collection.add(ids=["a", "b", "c"], embeddings=np.eye(3), metadatas=[
        {"all": large, "some": large, "mixed": large, "flag": True, "id": "own", "metadata.id": 1, "f": 0.5}, None,
        {"all": 1, "mixed": 2.5, "some": -1, "query": 3}])
    frame = collection.to_pandas()
    assert list(frame.columns) == ["id", "document", "all", "f", "flag", "metadata.id", "metadata.metadata.id", "mixed",
                                   "some", "query"]
    assert frame["id"].tolist() == ["a", "b", "c"]
    assert str(frame["some"].dtype) == "Int64" and frame["some"][0] == large and frame["some"].isna()[1]
    assert frame["mixed"][0] == large and frame["mixed"][2] == 2.5
    assert str(frame["flag"].dtype) == "boolean" and str(frame["f"].dtype) == "float64"
    assert str(frame["all"].dtype) == "Int64" and str(frame["query"].dtype) == "Int64"
    assert (frame["metadata.id"][0], frame["metadata.metadata.id"][0]) == ("own", 1)


def test_a_frame_of_nothing_has_its_columns(client):
    frame = client.create_collection("empty", embedding_function=None).to_pandas()
    assert list(frame.columns) == ["id", "document"] and len(frame) == 0


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
