"""What programs for Chroma do, with nothing changed but the import."""

import asyncio
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest

import ochre as chromadb
from ochre import Documents, EmbeddingFunction, Embeddings
from ochre.config import DEFAULT_DATABASE, DEFAULT_TENANT, Settings
from ochre.utils import embedding_functions

DOCUMENTS = ["This is a document about pineapple", "This is a document about oranges"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Host and port of an ochre-server with an empty database that may be reset."""
    binary = os.environ.get("OCHRE_SERVER")
    if binary is None:
        pytest.skip("OCHRE_SERVER does not say where ochre-server is")
    process = subprocess.Popen(
        [binary, "--path", str(tmp_path_factory.mktemp("server")), "--port", "0", "--allow-reset"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    started = re.search(r"http://127.0.0.1:(\d+)", process.stdout.readline())
    assert started, "the server did not start"
    yield "127.0.0.1", int(started[1])
    process.terminate()
    process.stdout.close()
    assert process.wait(30) == 0


@pytest.fixture(params=["in memory", "on disk", "over HTTP"])
def client(request, tmp_path):
    """The three kinds of clients, each with an empty database; what follows must work with all of them."""
    if request.param == "in memory":
        opened = chromadb.EphemeralClient(settings=Settings(allow_reset=True))
    elif request.param == "on disk":
        opened = chromadb.PersistentClient(path=str(tmp_path), settings=Settings(allow_reset=True))
    else:
        host, port = request.getfixturevalue("server")
        opened = chromadb.HttpClient(host=host, port=port)
        opened.reset()
    with opened:
        yield opened


@pytest.fixture
def collection(client):
    made = client.create_collection(name="my_collection", embedding_function=None)
    made.add(
        ids=["id1", "id2", "id3"],
        embeddings=[[1.1, 2.3, 3.2], [4.5, 6.9, 4.4], [1.1, 2.3, 3.2]],
        metadatas=[{"chapter": 3, "verse": 16}, {"chapter": 3, "verse": 5}, {"chapter": 29, "verse": 11}],
        documents=["lorem ipsum", "doc about search", "third document"],
    )
    return made


def test_getting_started(client):
    collection = client.get_or_create_collection(name="my_collection")
    collection.upsert(documents=DOCUMENTS, ids=["id1", "id2"])
    results = collection.query(query_texts=["This is a query document about pineapple"], n_results=2)
    assert results["ids"] == [["id1", "id2"]] and results["documents"][0] == DOCUMENTS
    assert set(results) == {"ids", "embeddings", "documents", "uris", "included", "data", "metadatas", "distances"}


def test_heartbeat_and_version(client):
    assert abs(client.heartbeat() - time.time_ns()) < 60e9
    assert client.get_version() and client.get_max_batch_size() > 0


def test_create_get_and_delete_collections(client):
    client.create_collection(name="my_collection", metadata={"description": "my first", "created": "today"})
    assert client.get_collection(name="my_collection").metadata["description"] == "my first"
    assert [collection.name for collection in client.list_collections()] == ["my_collection"]
    assert client.count_collections() == 1
    client.delete_collection(name="my_collection")
    with pytest.raises(chromadb.errors.NotFoundError):
        client.get_collection("my_collection")
    with pytest.raises(ValueError):
        client.create_collection(name="a b")


def test_collections_come_in_pages(client):
    for name in ("one", "two", "three"):
        client.create_collection(name)
    pages = [collection.name for begin in range(3) for collection in client.list_collections(limit=1, offset=begin)]
    assert sorted(pages) == ["one", "three", "two"]


def test_configuring_the_index(client):
    collection = client.create_collection(
        name="my_collection",
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine", "ef_construction": 200}})
    assert collection.configuration["hnsw"]["space"] == "cosine"
    assert collection.configuration["hnsw"]["ef_construction"] == 200
    collection.add(ids=["a", "b"], embeddings=[[1, 0], [0, 2]])
    np.testing.assert_allclose(collection.query(query_embeddings=[[3, 0]])["distances"], [[0, 1]], atol=1e-6)


def test_modify_a_collection(client):
    collection = client.create_collection("before", embedding_function=None)
    collection.modify(name="after", metadata={"v": 2}, configuration={"hnsw": {"ef_search": 44}})
    assert (collection.name, collection.metadata) == ("after", {"v": 2})
    assert client.get_collection("after").configuration["hnsw"]["ef_search"] == 44


def test_count_and_peek(collection):
    assert collection.count() == 3
    first = collection.peek(limit=2)
    assert first["ids"] == ["id1", "id2"] and np.shape(first["embeddings"]) == (2, 3)


def test_query_by_embeddings_with_filters(collection):
    results = collection.query(
        query_embeddings=[[11.1, 12.1, 13.1], [1.1, 2.3, 3.2]], n_results=5, where={"chapter": 3},
        where_document={"$contains": "doc"}, include=["embeddings", "metadatas", "distances", "documents"])
    assert results["ids"] == [["id2"], ["id2"]]
    assert results["documents"][0] == ["doc about search"] and results["metadatas"][0][0]["verse"] == 5
    np.testing.assert_array_equal(results["embeddings"][0], np.array([[4.5, 6.9, 4.4]], np.float32))


def test_query_within_ids(collection):
    assert collection.query(query_embeddings=[[1, 2, 3]], ids=["id2"])["ids"] == [["id2"]]


def test_get_by_ids_and_by_filter(collection):
    assert collection.get(ids=["id1", "id3"], include=["documents"])["documents"] == ["lorem ipsum", "third document"]
    assert collection.get(ids=["id1"], include=["documents"])["metadatas"] is None
    assert collection.get(where={"chapter": {"$gt": 3}})["ids"] == ["id3"]
    assert collection.get(limit=1, offset=1)["ids"] == ["id2"]


@pytest.mark.parametrize("where, ids", [
    ({"chapter": {"$eq": 3}}, ["id1", "id2"]),
    ({"chapter": {"$ne": 3}}, ["id3"]),
    ({"$and": [{"chapter": 3}, {"verse": {"$gte": 10}}]}, ["id1"]),
    ({"$or": [{"verse": {"$lt": 6}}, {"verse": {"$in": [11, 12]}}]}, ["id2", "id3"]),
    ({"verse": {"$nin": [5, 16]}}, ["id3"]),
])
def test_metadata_filters(collection, where, ids):
    assert collection.get(where=where)["ids"] == ids


@pytest.mark.parametrize("where_document, ids", [
    ({"$contains": "document"}, ["id3"]),
    ({"$not_contains": "o"}, []),
    ({"$regex": "^doc"}, ["id2"]),
    ({"$or": [{"$contains": "lorem"}, {"$contains": "third"}]}, ["id1", "id3"]),
])
def test_full_text_filters(collection, where_document, ids):
    assert collection.get(where_document=where_document)["ids"] == ids


def test_update_and_upsert(collection):
    collection.update(ids=["id1"], embeddings=[[1, 2, 3]], metadatas=[{"chapter": 4}], documents=["changed"])
    collection.upsert(ids=["id2", "id4"], embeddings=[[1, 1, 1], [2, 2, 2]], documents=["second", "fourth"])
    got = collection.get(include=["documents", "metadatas", "embeddings"])
    assert got["documents"] == ["changed", "second", "third document", "fourth"]
    assert got["metadatas"][0] == {"chapter": 4, "verse": 16} and got["metadatas"][3] is None
    np.testing.assert_array_equal(got["embeddings"][0], [1, 2, 3])


def test_delete_by_ids_and_filter(collection):
    collection.delete(ids=["id1"], where={"chapter": 3})
    collection.delete(where={"chapter": 29})
    assert collection.get()["ids"] == ["id2"]


def test_an_embedding_function_of_ones_own(client):
    class MyEmbeddingFunction(EmbeddingFunction):
        def __call__(self, input: Documents) -> Embeddings:
            return [[float(len(text)), 1.0] for text in input]

        @staticmethod
        def name() -> str:
            return "my-ef"

    collection = client.create_collection(name="my_collection", embedding_function=MyEmbeddingFunction())
    collection.add(ids=["a", "b"], documents=["x", "xxx"])
    collection.update(ids=["b", "a"], documents=["xxxx", None])
    assert collection.query(query_texts=["xx"], n_results=1)["ids"] == [["a"]]
    np.testing.assert_array_equal(collection.get(include=["embeddings"])["embeddings"], [[1, 1], [4, 1]])
    again = client.get_collection("my_collection", embedding_function=MyEmbeddingFunction())
    assert again.query(query_texts=["xxxx"], n_results=1)["ids"] == [["b"]]


def test_the_default_embedding_function_and_the_registry(client):
    default = embedding_functions.DefaultEmbeddingFunction()
    assert len(default(["foo"])[0]) > 0
    collection = client.create_collection("default", embedding_function=default)
    collection.add(ids=["a"], documents=["foo"])
    assert collection.query(query_texts=["foo"])["ids"] == [["a"]]
    assert embedding_functions.known_embedding_functions["ochre_hashing"] is chromadb.HashingEmbeddingFunction
    for absent in ("OpenAIEmbeddingFunction", "SentenceTransformerEmbeddingFunction"):
        with pytest.raises(NotImplementedError, match=absent):
            getattr(embedding_functions, absent)
        assert not hasattr(embedding_functions, absent)
    with pytest.raises(AttributeError):
        embedding_functions.NeverHeardOf


def test_images_are_refused_with_what_to_do_instead(collection):
    for call in (lambda: collection.add(ids=["i"], images=[np.zeros((2, 2, 3))]),
                 lambda: collection.query(query_images=[np.zeros((2, 2, 3))])):
        with pytest.raises(ValueError, match="embed them yourself"):
            call()


def test_reset(client):
    client.create_collection("gone")
    client.reset()
    assert client.list_collections() == []


def test_wrong_arguments_are_the_same_errors_everywhere(client, collection):
    with pytest.raises(ValueError, match="dimension"):
        collection.add(ids=["x"], embeddings=[[1, 2]])
    with pytest.raises(ValueError, match="integers are in"):
        collection.add(ids=["x"], embeddings=[[1, 2, 3]], metadatas=[{"h": 2**63}])
    with pytest.raises(ValueError, match=r"limit to be an integer in \[0"):
        collection.get(limit=2**64)
    with pytest.raises(ValueError, match="include"):
        collection.get(include=["distances"])
    with pytest.raises(ValueError):
        collection.delete()
    with pytest.raises(chromadb.errors.DuplicateIDError):
        collection.add(ids=["x", "x"], embeddings=[[1, 2, 3]] * 2)
    assert collection.count() == 3
    client.delete_collection("my_collection")
    with pytest.raises(chromadb.NotFoundError):
        collection.count()


def test_results_of_every_client_become_frames(collection):
    frame = collection.query(query_embeddings=[[1, 2, 3]], n_results=2).to_pandas()
    assert frame["id"].tolist() == ["id1", "id3"] and frame["verse"].tolist() == [16, 11]
    assert "lorem ipsum" in collection._repr_html_()


def test_tenants_and_databases(client):
    client.create_tenant("acme")
    client.create_database("sales", tenant="acme")
    assert [d["name"] for d in client.list_databases(tenant="acme")] == ["sales"]
    client.set_tenant(tenant="acme", database="sales")
    client.create_collection("in_sales")
    assert (client.tenant, client.database, client.count_collections()) == ("acme", "sales", 1)
    client.set_tenant(DEFAULT_TENANT, DEFAULT_DATABASE)
    assert client.count_collections() == 0
    with pytest.raises(chromadb.NotFoundError):
        client.set_database("none")
    client.delete_database("sales", tenant="acme")
    with pytest.raises(chromadb.NotFoundError):
        client.get_database("sales", tenant="acme")


def test_admin_client(tmp_path):
    settings = Settings(is_persistent=True, persist_directory=str(tmp_path), anonymized_telemetry=False)
    with chromadb.AdminClient(settings) as admin:
        admin.create_tenant("tenant_user_1")
        admin.create_database("docs", "tenant_user_1")
        assert admin.get_database("docs", "tenant_user_1")["tenant"] == "tenant_user_1"
        assert admin.get_tenant("tenant_user_1") == {"name": "tenant_user_1"}
        # The same directory, for the user, in the same process.
        with chromadb.PersistentClient(path=str(tmp_path), tenant="tenant_user_1", database="docs") as client:
            client.create_collection("theirs")
        admin.delete_database("docs", "tenant_user_1")
        assert admin.list_databases(tenant="tenant_user_1") == []


def test_admin_client_of_a_server(server):
    settings = Settings(chroma_api_impl="chromadb.api.fastapi.FastAPI", chroma_server_host=server[0],
                        chroma_server_http_port=server[1])
    with chromadb.AdminClient(settings) as admin:
        admin.create_tenant("of_server")
        admin.create_database("docs", "of_server")
        assert [database["name"] for database in admin.list_databases(tenant="of_server")] == ["docs"]


def test_client_by_settings(tmp_path):
    with chromadb.Client(Settings(is_persistent=True, persist_directory=str(tmp_path))) as client:
        client.create_collection("kept")
    with chromadb.PersistentClient(str(tmp_path)) as client:
        assert client.count_collections() == 1
    with pytest.raises(ValueError, match="persist_dir"):
        Settings(persist_dir="typo")
    with pytest.raises(TypeError, match="settings"):
        chromadb.Client("settings")
    assert "secret" not in repr(Settings(chroma_client_auth_credentials="secret"))


def test_asyncio_and_the_cloud_are_refused_with_what_to_do_instead():
    with pytest.raises(NotImplementedError, match="asyncio.to_thread"):
        asyncio.run(chromadb.AsyncHttpClient(host="localhost", port=8000))
    with pytest.raises(NotImplementedError, match="HttpClient"):
        chromadb.CloudClient(api_key="key")


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(chromadb.UnavailableError, match="localhost:1"):
        chromadb.HttpClient(host="localhost", port=1)


def test_what_a_server_has_no_route_for_is_unimplemented(server):
    with chromadb.HttpClient(*server) as client:
        collection = client.get_or_create_collection("routes", embedding_function=None)
        collection.add(ids=["a"], embeddings=[[1.0]])
        for call in (collection.compact, collection.stats, client.interrupt, lambda: client.create_collection(
                "q", quantization="lvq4"), lambda: collection.query(query_embeddings=[[1.0]], exact=True)):
            with pytest.raises(NotImplementedError):
                call()
    with pytest.raises(chromadb.FailedPreconditionError):
        collection.count()


def test_timeouts_hold_for_servers_too(server):
    with chromadb.HttpClient(*server) as client, pytest.raises(TimeoutError), chromadb.timeout(0):
        client.heartbeat()


def test_threads_share_a_client_of_a_server(server):
    from concurrent.futures import ThreadPoolExecutor

    with chromadb.HttpClient(*server) as client:
        collection = client.get_or_create_collection("threads", embedding_function=None)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: collection.upsert(ids=[str(i)], embeddings=[[float(i)]]), range(40)))
        assert collection.count() == 40


def test_the_names_that_annotations_use_are_at_the_top():
    for name in ("Documents", "Embeddings", "EmbeddingFunction", "Metadatas", "Where", "WhereDocument", "IDs",
                 "Include", "GetResult", "QueryResult", "CollectionMetadata", "Settings", "Client", "ClientAPI",
                 "Collection"):
        assert hasattr(chromadb, name) and name in chromadb.__all__
    assert sys.modules["ochre.types"].Documents is chromadb.Documents
