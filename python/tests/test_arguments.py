"""What is refused at the border between Python and C, by name, value and range, and what is taken as it is meant."""

import copy
import datetime
import enum
import gc
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import ochre

TOO_LARGE = [2**31, 2**32 + 16, 2**63, 2**64 + 1, -(2**64) + 3, 10**5000]
FOR_INT64 = [value for value in TOO_LARGE if not 0 <= value < 2**63]

INTEGERS = {
    "limit": lambda points, value: points.get(limit=value),
    "offset": lambda points, value: points.get(offset=value),
    "peek's limit": lambda points, value: points.peek(limit=value),
    "delete's limit": lambda points, value: points.delete(where={"n": {"$gt": 0}}, limit=value),
    "n_results": lambda points, value: points.query(query_embeddings=[1, 0, 0], n_results=value),
    "batch_size": lambda points, value: points.add(ids=["x", "y"], embeddings=np.eye(2, 3), batch_size=value),
    "list_collections's limit": lambda points, value: points._client.list_collections(limit=value),
    "list_collections's offset": lambda points, value: points._client.list_collections(offset=value),
    "list_databases's limit": lambda points, value: points._client.list_databases(limit=value),
    "list_databases's offset": lambda points, value: points._client.list_databases(offset=value),
}
SMALL_INTEGERS = {
    "ef_search": lambda points, value: points.query(query_embeddings=[1, 0, 0], ef_search=value),
    "num_threads": lambda points, value: points.query(query_embeddings=[1, 0, 0], num_threads=value),
    "modify's ef_search": lambda points, value: points.modify(configuration={"hnsw": {"ef_search": value}}),
    "modify's max_neighbors": lambda points, value: points.modify(configuration={"hnsw": {"max_neighbors": value}}),
    "max_neighbors": lambda points, value: points._client.create_collection("x", {"hnsw": {"max_neighbors": value}}),
    "ef_construction": lambda points, value: points._client.create_collection(
        "xyz", {"hnsw": {"ef_construction": value}}),
    "create's ef_search": lambda points, value: points._client.create_collection("xyz", {"hnsw": {"ef_search": value}}),
    "dimension": lambda points, value: ochre.HashingEmbeddingFunction(dimension=value),
}


@pytest.mark.parametrize("name", [*INTEGERS, *SMALL_INTEGERS])
def test_an_integer_that_c_cannot_hold_is_refused_with_the_range(points, name):
    call = {**INTEGERS, **SMALL_INTEGERS}[name]
    argument = name.split()[-1]
    for value in FOR_INT64 if name in INTEGERS else TOO_LARGE:
        with pytest.raises(ValueError, match=rf"{argument} to be an integer in \[\d+, \d+\], got ") as raised:
            call(points, value)
        assert isinstance(raised.value, ochre.InvalidArgumentError)
        assert "5000" not in str(raised.value) and len(str(raised.value)) < 300
    assert points.count() == 5 and points.configuration["hnsw"]["max_neighbors"] == 16


@pytest.mark.parametrize("name", [*INTEGERS, *SMALL_INTEGERS])
@pytest.mark.parametrize("value", [True, np.True_, "3", 3.0, np.float32(3), [3], b"3"])
def test_what_is_no_integer_is_a_type_error_that_names_the_argument(points, name, value):
    with pytest.raises(TypeError, match=f"{name.split()[-1]} to be an int, got "):
        {**INTEGERS, **SMALL_INTEGERS}[name](points, value)


def test_the_integers_of_numpy_are_integers(points):
    assert points.get(limit=np.int64(2), offset=np.uint8(1))["ids"] == ["b", "c"]
    assert points.query(query_embeddings=[1, 0, 0], n_results=np.int32(3), ef_search=np.array(7))["ids"][0][0] == "a"
    with pytest.raises(ValueError, match="limit"):
        points.get(limit=np.uint64(2**63))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 0.4, 2, "0.9", True])
def test_a_target_recall_is_a_number_in_its_range(points, value):
    with pytest.raises(ValueError, match="target_recall"):
        points.query(query_embeddings=[1, 0, 0], target_recall=value)


class Color(str, enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    LARGE = 3


def test_the_whole_range_of_int64_is_exact(client):
    collection = client.create_collection("exact", embedding_function=None)
    values = [-(2**63), 2**63 - 1, 2**63 - 2, 2**53 + 1]
    collection.add(ids=[str(value) for value in values], embeddings=np.eye(4), metadatas=[{"h": v} for v in values])
    assert [metadata["h"] for metadata in collection.get()["metadatas"]] == values
    for value in values:
        assert collection.get(where={"h": value})["ids"] == [str(value)]
        assert collection.get(where={"h": np.int64(value)})["ids"] == [str(value)]


@pytest.mark.parametrize("value", [2**63, 2**63 + 1, -(2**63) - 1, 10**5000, np.uint64(2**63)],
                         ids=["2**63", "2**63 + 1", "too low", "too long to print", "of numpy"])
@pytest.mark.parametrize("where", ["value", "list", "array"])
def test_an_integer_beyond_int64_is_refused_in_metadata_and_filters(points, value, where):
    value = {"value": value, "list": [1, value], "array": np.array([value], object)}[where]
    message = r"\['h'\].* integers are in \[-9223372036854775808, 9223372036854775807\]"
    with pytest.raises(ochre.InvalidArgumentError, match=r"metadata at index 1 .*metadata" + message) as raised:
        points.upsert(ids=["a", "b"], embeddings=np.eye(2, 3), metadatas=[{"h": 1}, {"n": 5, "h": value}])
    assert raised.value.index == 1 and points.get(ids="b")["metadatas"] == [{"n": 2}]
    for call in (points.get, points.delete, lambda where: points.query([1, 0, 0], where=where)):
        with pytest.raises(ValueError, match=message):
            call(where={"h": {"$in": value} if isinstance(value, list) else value})
    with pytest.raises(ValueError, match=message):
        points.modify(metadata={"h": value})
    with pytest.raises(ValueError, match=message):
        points._client.create_collection("large", metadata={"h": value}, embedding_function=None)


@pytest.mark.parametrize("metadata, words", [
    ({1: "a", "1": "b"}, "has the key 1 of type int"),
    ({None: 1}, "has the key None of type NoneType"),
    ({True: 1}, "has the key True of type bool"),
    ({"k": {1, 2}}, r"metadata\['k'\] is of type set"),
    ({"k": b"bytes"}, r"metadata\['k'\] is of type bytes"),
    ({"k": 1j}, r"metadata\['k'\] is of type complex"),
    ({"k": object()}, r"metadata\['k'\] is of type object"),
    ({"k": datetime.date(2026, 1, 1)}, r"metadata\['k'\] is of type date"),
    ({"k": np.datetime64("2026-01-01", "ns")}, r"metadata\['k'\] is of type datetime64"),
    ({"k": np.timedelta64(3, "s")}, r"metadata\['k'\] is of type timedelta64"),
    ({"k": np.array(["2026-01-01"], "datetime64[ns]")}, r"metadata\['k'\] is an array of datetime64"),
    ({"k": np.ma.masked_array([1, 2], [True, False])}, r"metadata\['k'\] is an array with masked elements"),
    ({"k": ["a", {"b"}]}, r"metadata\['k'\]\[1\] is of type set"),
    ({"k": float("inf")}, r"metadata\['k'\] is inf"),
    ({"k": np.float32("nan")}, r"metadata\['k'\] is nan"),
    ({"k": "\ud800"}, r"metadata\['k'\] holds '\\ud800', half of a surrogate pair"),
    ({"k\udfff": 1}, r"the key 'k\\udfff' of metadata holds"),
    ("text", "non-empty dict, got 'text'"),
    ([("k", 1)], "non-empty dict"),
])
def test_metadata_that_json_would_change_is_refused_by_record_and_key(points, metadata, words):
    with pytest.raises(ochre.InvalidArgumentError, match=words) as raised:
        points.add(ids=["x", "y"], embeddings=np.eye(2, 3), metadatas=[{"k": 1}, metadata])
    assert raised.value.index == 1 and "at index 1" in str(raised.value)
    assert points.count() == 5


def test_the_index_of_a_record_counts_from_the_begin_of_the_call_in_every_batch(points):
    ids = [f"x{i}" for i in range(5)]
    for change, column in (({4: {"k": {1}}}, "metadatas"), ({4: b"bytes"}, "documents"), ({4: "\ud800"}, "uris")):
        values = [change.get(i) for i in range(5)]
        with pytest.raises(ValueError, match="at index 4") as raised:
            points.upsert(ids=ids, embeddings=np.ones((5, 3)), **{column: values}, batch_size=2)
        assert raised.value.index == 4
    rows = np.ones((5, 3))
    rows[3] = np.nan
    with pytest.raises(ValueError, match="of the records from 2 on") as raised:
        points.upsert(ids=ids, embeddings=rows, batch_size=2)
    assert raised.value.index == 3


def test_values_of_numpy_and_of_subclasses_are_the_values_that_they_stand_for(client):
    collection = client.create_collection("values", embedding_function=None)
    metadata = {"color": Color.RED, "size": Size.LARGE, "i": np.int8(-5), "u": np.uint64(7), "f": np.float32(0.5),
                "b": np.bool_(True), "t": np.str_("text"), "list": np.array([1.5, 2.5]), "tuple": ("x", "y"),
                np.str_("key"): 1}
    collection.add(ids="a", embeddings=[1, 2], metadatas=metadata)
    assert collection.get()["metadatas"] == [{
        "color": "red", "size": 3, "i": -5, "u": 7, "f": 0.5, "b": True, "t": "text", "list": [1.5, 2.5],
        "tuple": ["x", "y"], "key": 1}]
    assert collection.get(where={"color": Color.RED})["ids"] == ["a"]


def test_columns_without_an_order_are_refused_beside_others(points):
    rows = np.eye(2, 3)
    for arguments in ({"ids": {"x", "y"}, "embeddings": rows},
                      {"ids": ["x", "y"], "embeddings": rows, "documents": frozenset("ab")},
                      {"ids": ["x", "y"], "embeddings": rows, "uris": {"a": 1, "b": 2}},
                      {"ids": ["x", "y"], "embeddings": {(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)}},
                      {"ids": {"x": 1, "y": 2}, "embeddings": rows}):
        with pytest.raises(TypeError, match="Expected"):
            points.add(**arguments)
    assert points.get(ids={"b", "a"})["ids"] == ["a", "b"]  # of a read the order does not matter
    points.add(ids={"x": 0, "y": 1}.keys(), embeddings=rows)  # which is that of the dictionary
    assert points.get(ids=["x", "y"], include=["embeddings"])["embeddings"].tolist() == rows.tolist()


@pytest.mark.parametrize("arguments, words", [
    ({"ids": b"ab"}, "ids to be a list, got b'ab'"),
    ({"ids": 5}, "ids to be a list, got 5"),
    ({"ids": np.array("a")}, "ids to be a list"),
    ({"ids": np.ma.masked_array(["x", "y"], [False, True])}, "masked"),
    ({"ids": ["x", ["y"]]}, r"ids to be strings, got \['y'\] of type list at index 1"),
    ({"ids": ["x", "\ud800"]}, "ids to be Unicode, but the text at index 1"),
    ({"ids": ["x", None]}, "1"),
    ({"documents": ["x", float("nan")]}, "documents to be strings, got nan of type float at index 1"),
    ({"documents": "one"}, "1 documents"),
    ({"metadatas": "one"}, "metadatas to be a list"),
    ({"embeddings": np.ma.masked_array(np.eye(2, 3), np.eye(2, 3) > 0)}, "masked"),
    ({"embeddings": [[1, 2, 3], np.ma.masked_array([1, 2, 3], [0, 1, 0])]}, "masked.* at index 1"),
    ({"embeddings": np.array([["2026-01-01"] * 3] * 2, "datetime64[s]")}, "datetime64"),
    ({"embeddings": [[1, 2, 3], [1j, 2, 3]]}, "complex"),
    ({"embeddings": [[1, 2, 3], [1, 2]]}, "2 numbers at index 1, but 3 at index 0"),
    ({"embeddings": [[1, 2, 3], None]}, "got None at index 1"),
    ({"embeddings": "text"}, "rows of numbers, got 'text'"),
    ({"embeddings": 5}, "rows of numbers, got 5"),
    ({"embeddings": [[1, 2, 3], [1, 1e300, 3]]}, "1"),
])
def test_wrong_columns_are_refused_by_name_and_index(points, arguments, words):
    with pytest.raises(ValueError, match=words) as raised:
        points.add(**{"ids": ["x", "y"], "embeddings": np.eye(2, 3), **arguments})
    assert isinstance(raised.value, ochre.InvalidArgumentError)
    assert points.count() == 5


def test_an_array_that_could_have_masked_elements_and_has_none_is_an_array(client):
    collection = client.create_collection("unmasked", embedding_function=None)
    collection.add(ids=["a", "b"], embeddings=np.ma.masked_array(np.eye(2)), metadatas=[{"k": np.ma.arange(3)}, None])
    assert collection.get()["metadatas"] == [{"k": [0, 1, 2]}, None]


@pytest.mark.parametrize("call", [
    lambda client: client.create_collection("\ud800"),
    lambda client: client.get_collection("\ud800"),
    lambda client: client.create_database("\ud800"),
    lambda client: client.create_collection("abc", metadata={"k": "\ud800"}),
    lambda client: ochre.PersistentClient(path="\ud800"),
    lambda client: client.create_collection(5),
    lambda client: client.get_collection(b"abc"),
    lambda client: client.set_database(None),
    lambda client: client.create_collection("abc", configuration="hnsw"),
    lambda client: client.create_collection("abc", configuration={"hnsw": 5}),
])
def test_names_that_are_no_text_are_value_errors(client, call):
    with pytest.raises(ochre.InvalidArgumentError):
        call(client)


@pytest.mark.parametrize("where", ["text", [1], {1: 2}, {"n": {3: 4}}, {"n": {"$in": {1}}}, {"t": {"$eq": "\ud800"}}])
def test_wrong_filters_are_refused_by_their_name(points, where):
    for arguments in ({"where": where}, {"where_document": where}):
        with pytest.raises(ochre.InvalidArgumentError, match=next(iter(arguments))):
            points.get(**arguments)


def test_a_filter_that_is_nested_too_deep_is_a_value_error(points):
    where = {"n": 1}
    for _ in range(5_000):
        where = {"$and": [where, {"n": 1}]}
    with pytest.raises(ochre.InvalidArgumentError, match="deep"):
        points.get(where=where)


def test_a_path_may_be_text_a_path_or_bytes(tmp_path):
    for path in (str(tmp_path / "é"), tmp_path / "é", os.fsencode(tmp_path / "é")):
        with ochre.PersistentClient(path=path) as client:
            client.get_or_create_collection("kept", embedding_function=None)
    assert os.listdir(tmp_path) == ["é"]
    with pytest.raises(ochre.InvalidArgumentError, match="path"):
        ochre.PersistentClient(path=os.fsencode(tmp_path) + b"/\xff")
    with pytest.raises(TypeError):
        ochre.PersistentClient(path=5)


class NotCallable:
    def embed_documents(self, texts):
        return [[1.0]] * len(texts)


@pytest.mark.parametrize("function", [NotCallable(), NotCallable, ochre.HashingEmbeddingFunction, "openai", 5, False])
def test_an_embedding_function_that_cannot_be_called_is_refused_when_it_is_given(client, function):
    client.create_collection("exists", embedding_function=None)
    for call in (lambda: client.create_collection("other", embedding_function=function),
                 lambda: client.get_or_create_collection("exists", embedding_function=function),
                 lambda: client.create_collection("other", {"embedding_function": function}),
                 lambda: client.get_collection("exists", embedding_function=function)):
        with pytest.raises(ochre.WrongTypeError, match="embedding_function"):
            call()
    assert client.count_collections() == 1


@pytest.mark.parametrize("twice", [copy.copy, copy.deepcopy, pickle.dumps])
def test_handles_cannot_be_copied_or_pickled(points, twice):
    for handle in (points, points._client, points._handle, {"of": [points]} if twice is not copy.copy else points):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            twice(handle)
    gc.collect()  # nothing was freed twice
    assert points.count() == 5


def test_the_built_in_embedding_function_is_copied_and_pickled_as_a_value():
    function = ochre.HashingEmbeddingFunction(64)
    for twin in (copy.copy(function), copy.deepcopy(function), pickle.loads(pickle.dumps(function))):
        assert twin is not function
        np.testing.assert_array_equal(twin(["text"]), function(["text"]))


@pytest.mark.parametrize("end", ["", "client.close()", "del client, collection, result",
                                 "collection.cycle = collection",
                                 "import builtins; builtins.kept = [client, collection, result, stream]",
                                 "sys.modules['ochre'] = None", "raise SystemExit"])
def test_nothing_is_printed_when_the_interpreter_ends(end):
    code = (f"import sys, ochre\nclient = ochre.EphemeralClient()\n"
            "collection = client.create_collection('one', embedding_function=ochre.HashingEmbeddingFunction())\n"
            "collection.add(ids=['a'], documents=['x'])\nresult = collection.get()\n"
            f"stream = collection.__arrow_c_stream__()\n{end}\n")
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_finalisers_of_what_was_never_made_are_silent(tmp_path):
    code = ("import ochre, sys\n"
            "for call in (lambda: ochre.PersistentClient(path='/proc/none'), lambda: ochre.Client(database='none'),\n"
            "             lambda: ochre.HashingEmbeddingFunction(-1), lambda: ochre.ClientAPI(None)):\n"
            "    try: call()\n"
            "    except Exception as error: print(type(error).__name__)\n")
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.splitlines()[1:3] == ["NotFoundError", "InvalidArgumentError"]
