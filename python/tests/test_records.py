"""Writes and reads: what Chroma users give, and what they get."""

import numpy as np
import pytest

import ochre

from conftest import Lengths


def test_get_returns_chromas_dictionary(points):
    assert points.get() == {
        "ids": ["a", "b", "c", "d", "e"],
        "embeddings": None,
        "documents": ["first", "second", None, "vierte Straße", ""],
        "uris": None,
        "included": ["metadatas", "documents"],
        "data": None,
        "metadatas": [{"n": 1, "tags": ["x", "y"]}, {"n": 2}, None, {"n": 4.5, "ok": True}, {"n": 5}],
    }


def test_query_returns_lists_per_query_nearest_first(points):
    result = points.query(query_embeddings=[[1, 0, 0], [0, 1, 0]], n_results=1)
    assert result["ids"] == [["a"], ["b"]]
    assert result["distances"] == [[0.0], [0.0]]
    assert result["documents"] == [["first"], ["second"]]
    assert result["metadatas"] == [[{"n": 1, "tags": ["x", "y"]}], [{"n": 2}]]
    assert result["embeddings"] is None and result["uris"] is None and result["data"] is None
    assert result["included"] == ["metadatas", "documents", "distances"]


def test_query_takes_one_row_and_every_include(points):
    everything = ["documents", "metadatas", "embeddings", "uris", "distances"]
    result = points.query(query_embeddings=[1, 0, 0], n_results=2, include=everything)
    assert result["ids"][0][0] == "a" and result["uris"][0][0] == "file:a"
    np.testing.assert_array_equal(result["embeddings"][0][0], [1, 0, 0])


@pytest.mark.parametrize("options", [{"exact": True}, {"ef_search": 50}, {"target_recall": 0.9}, {"num_threads": 0}])
def test_query_options_find_the_same_here(points, options):
    assert points.query(query_embeddings=[0, 0, 1], n_results=1, **options)["ids"] == [["c"]]


def test_filters(points):
    assert points.get(where={"n": {"$gt": 2}})["ids"] == ["d", "e"]
    assert points.get(where={"tags": {"$contains": "x"}})["ids"] == ["a"]
    assert points.get(where_document={"$contains": "Straße"})["ids"] == ["d"]
    assert points.get(ids=["e", "a", "unknown"])["ids"] == ["a", "e"]
    assert points.get(ids=[])["ids"] == []
    assert points.get(limit=2, offset=1)["ids"] == ["b", "c"]
    assert points.query(query_embeddings=[1, 0, 0], ids=["b", "c"])["ids"][0] == ["b", "c"]


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, np.float64, np.int64])
def test_arrays_of_any_number_type_come_back_as_float32(client, dtype):
    collection = client.create_collection("any", embedding_function=None)
    rows = np.array([[1, -2, 3], [4, 5, -6]], dtype)
    collection.add(ids=["a", "b"], embeddings=rows)
    result = collection.get(include=["embeddings"])["embeddings"]
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, rows.astype(np.float32))


@pytest.mark.parametrize("view", [
    lambda rows: rows[::2], lambda rows: rows[:, 1:3], lambda rows: rows[::-1], lambda rows: rows.T,
    lambda rows: np.asfortranarray(rows), lambda rows: np.broadcast_to(rows[0], (4, 4)), lambda rows: rows[1:2, ::2],
])
def test_views_of_arrays_keep_their_rows(client, view):
    rows = view(np.arange(16, dtype=np.float32).reshape(4, 4))
    collection = client.create_collection("views", embedding_function=None)
    collection.add(ids=[str(i) for i in range(len(rows))], embeddings=rows)
    np.testing.assert_array_equal(collection.get(include=["embeddings"])["embeddings"], rows)


def test_a_single_record_needs_no_lists(client):
    collection = client.create_collection("single", embedding_function=None)
    collection.add(ids="a", embeddings=[1.0, 2.0], documents="text", metadatas={"k": "v"}, uris="u")
    assert collection.get(ids="a")["documents"] == ["text"]
    assert collection.get()["metadatas"] == [{"k": "v"}]


def test_an_existing_id_is_ignored_by_add_and_changed_by_upsert(points):
    points.add(ids="a", embeddings=[9, 9, 9], documents="other")
    assert points.get(ids="a")["documents"] == ["first"]
    points.upsert(ids=["a", "f"], embeddings=[[9, 9, 9], [8, 8, 8]], documents=["other", "sixth"])
    assert points.get(ids=["a", "f"])["documents"] == ["other", "sixth"]
    assert points.count() == 6


def test_update_merges_metadata_and_none_deletes_a_key(points):
    points.update(ids=["a", "unknown"], metadatas=[{"n": None, "m": 7}, {"m": 8}])
    assert points.get(ids="a")["metadatas"] == [{"m": 7, "tags": ["x", "y"]}]
    assert points.count() == 5


def test_update_embeds_the_documents_that_are_given(client):
    collection = client.create_collection("lengths", embedding_function=Lengths())
    collection.add(ids=["a", "b"], documents=["xx", "yyy"])
    collection.update(ids=["a", "b"], documents=[None, "y y y"])
    np.testing.assert_array_equal(collection.peek()["embeddings"], [[2, 0], [5, 2]])


def test_count_takes_filters(points):
    assert points.count() == 5
    assert points.count(where={"n": {"$gte": 2}}) == 3
    assert points.count(where_document={"$contains": "r"}) == 2
    assert points.count({"n": {"$gt": 1}}, {"$contains": "r"}) == 1
    with pytest.raises(ochre.InvalidArgumentError):
        points.count(where={"n": {"$near": 1}})


def test_delete_counts_what_was_there(points):
    assert points.delete(ids=["a", "unknown"]) == {"deleted": 1}
    assert points.delete(where={"n": {"$gte": 2}}, limit=1) == {"deleted": 1}
    assert points.get()["ids"] == ["c", "d", "e"]


@pytest.mark.parametrize("arguments, words", [
    ({"ids": []}, "non-empty"),
    ({"ids": ["x", "y", "x"], "embeddings": np.eye(3)}, "unique"),
    ({"ids": ["x"], "embeddings": [[1, 2]]}, "dimension"),
    ({"ids": ["x"], "embeddings": [[1, 2, float("nan")]]}, "NaN"),
    ({"ids": ["x", "y"], "embeddings": [[1, 2, 3], [1, 2]]}, "embeddings"),
    ({"ids": ["x"], "embeddings": [["a", "b", "c"]]}, "embeddings"),
    ({"ids": ["x"], "embeddings": np.zeros((1, 1, 3))}, "shape"),
    ({"ids": ["x"], "embeddings": np.zeros((2, 3))}, "2 embeddings"),
    ({"ids": ["x"]}, "embeddings or documents"),
    ({"ids": ["x"], "documents": ["text"]}, "embedding function"),
    ({"ids": [1], "embeddings": np.zeros((1, 3))}, "int at index 0"),
    ({"ids": ["x"], "embeddings": np.zeros((1, 3)), "metadatas": [{}]}, "non-empty dict"),
    ({"ids": ["x"], "embeddings": np.zeros((1, 3)), "metadatas": [{"a": object()}]}, "index 0"),
    ({"ids": ["x"], "embeddings": np.zeros((1, 3)), "metadatas": [{"a": float("nan")}]}, "index 0"),
    ({"ids": ["x"], "embeddings": np.zeros((1, 3)), "images": [0]}, "images"),
    ({"ids": ["x"], "embeddings": np.zeros((1, 3)), "batch_size": 0}, "batch_size"),
])
def test_wrong_records_are_value_errors_that_say_what_is_wrong(points, arguments, words):
    with pytest.raises(ValueError, match=words) as raised:
        points.add(**arguments)
    assert isinstance(raised.value, ochre.InvalidArgumentError)
    assert points.count() == 5


def test_an_error_has_the_index_of_its_record(points):
    rows = np.ones((3, 3), np.float32)
    rows[2, 1] = np.inf
    with pytest.raises(ochre.InvalidArgumentError) as raised:
        points.add(ids=["x", "y", "z"], embeddings=rows)
    assert raised.value.index == 2


@pytest.mark.parametrize("arguments", [
    {}, {"query_embeddings": [1, 0, 0], "query_texts": "x"}, {"query_embeddings": [1, 0, 0], "n_results": 0},
    {"query_embeddings": [1, 0, 0], "where": {"n": {"$near": 1}}}, {"query_embeddings": [1, 0, 0], "include": ["all"]},
    {"query_embeddings": [1, 0, 0], "target_recall": 2.0}, {"query_embeddings": [1, 0, 0], "ef_search": 0},
    {"query_images": [0]},
])
def test_wrong_queries_are_value_errors(points, arguments):
    with pytest.raises(ValueError):
        points.query(**arguments)


def test_other_wrong_reads(points):
    with pytest.raises(TypeError):
        points.query(query_embeddings=[1, 0, 0], n_results="3")
    with pytest.raises(ValueError, match="distances"):
        points.get(include=["distances"])
    with pytest.raises(ValueError, match="limit"):
        points.get(limit=-1)
    with pytest.raises(ValueError):
        points.delete()


def test_text_may_hold_anything(client):
    collection = client.create_collection("text", embedding_function=None)
    texts = ["", "NUL \0 inside", "emoji 🎉", "quote \" and \\", "漢字"]
    collection.add(ids=["1", "2 \0", "3é", "4", "5"], embeddings=np.eye(5), documents=texts,
                   metadatas=[{"k é": text} for text in texts])
    result = collection.get()
    assert result["ids"] == ["1", "2 \0", "3é", "4", "5"]
    assert result["documents"] == texts
    assert [metadata["k é"] for metadata in result["metadatas"]] == texts


def test_an_update_of_documents_keeps_the_embeddings_where_nothing_embeds(client):
    collection = client.create_collection("still", embedding_function=None)
    collection.add(ids=["a", "b"], embeddings=[[1, 2], [3, 4]], documents=["old", "older"])
    collection.update(ids=["a", "b"], documents=["new", None])
    result = collection.get(include=["documents", "embeddings"])
    assert result["documents"] == ["new", "older"]
    np.testing.assert_array_equal(result["embeddings"], [[1, 2], [3, 4]])


class Unregistered:
    def name(self):
        return "unregistered"

    def __call__(self, input):
        return [[1.0, 2.0] for _ in input]

    def get_config(self):
        return {}


def test_an_update_of_documents_needs_the_function_that_the_collection_was_stored_with(client):
    client.create_collection("moved", embedding_function=Unregistered()).add(ids=["a"], documents=["old"])
    collection = client.get_collection("moved")
    with pytest.raises(ValueError, match="embedding function"):
        collection.update(ids=["a"], documents=["new"])
    assert collection.get()["documents"] == ["old"]


def test_results_of_nothing(client):
    collection = client.create_collection("empty", embedding_function=None)
    assert collection.peek()["ids"] == [] and collection.peek()["embeddings"].size == 0
    everything = ["documents", "metadatas", "embeddings", "uris", "distances"]
    result = collection.query(query_embeddings=[[1, 2]], include=everything)
    assert result["ids"] == [[]] and result["distances"] == [[]] and len(result["embeddings"][0]) == 0


def test_embeddings_outlive_result_collection_and_client():
    with ochre.EphemeralClient() as client:
        collection = client.create_collection("kept", embedding_function=None)
        collection.add(ids=["a"], embeddings=[[1, 2, 3]])
        rows = collection.peek()["embeddings"]
        del collection
    np.testing.assert_array_equal(rows, [[1, 2, 3]])
    assert not rows.flags.writeable
