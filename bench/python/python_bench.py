#!/usr/bin/python3
"""What Python costs on top of the library: the package's calls against the bare C calls with arguments prepared before,
in one process and in turns. Through C a query takes what it takes through C++ (bench/micro/capi_bench.cc).

Floors: a query of one vector costs at most 40 us more; adding 100,000 x 100 float32 in batches of 5,000 takes at most 1.3
times as long. Exits with 1 if one is missed.

OCHRE_LIBRARY=build/release/libochre.so PYTHONPATH=python bench/python/python_bench.py
"""

import ctypes
import sys
import time

import numpy as np

import ochre
from ochre import _columns as columns
from ochre import _native as native

DIMENSION = 100
ROWS = 100_000
BATCH = 5_000
QUERIES = 4_000


def bare_query(collection, row):
    """What a C program would write, as prepared as can be; returns a function that runs it."""
    options = native.stamped(native.QueryOptions, "ochre_query_options_init")
    matrix = columns.matrix(row)
    options.embeddings = ctypes.pointer(matrix)
    out = ctypes.c_void_p()
    call, free, handle = native.lib.ochre_collection_query, native.lib.ochre_result_free, collection._handle.value

    def run():
        call(handle, options, out, None)
        free(out)

    return run


def bare_add(collection, ids, rows):
    batches = []
    for begin in range(0, len(ids), BATCH):
        records = native.stamped(native.Records, "ochre_records_init")
        records.ids = ctypes.pointer(columns.string_column(ids[begin:begin + BATCH], "ids"))
        records.embeddings = ctypes.pointer(columns.matrix(rows[begin:begin + BATCH]))
        batches.append(records)

    def run():
        for records in batches:
            native.lib.ochre_collection_add(collection._handle.value, records, None, None)

    return run


def seconds(run):
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def measure_adds(ids, rows):
    """Medians of both ways, each into an empty database of its own."""
    times = {"bare": [], "python": []}
    for _ in range(5):
        for way in times:
            with ochre.EphemeralClient() as client:
                collection = client.create_collection("bench", embedding_function=None)
                if way == "bare":
                    run = bare_add(collection, ids, rows)
                else:
                    def run(add=collection.add):
                        add(ids=ids, embeddings=rows, batch_size=BATCH)
                times[way].append(seconds(run))
    return np.median(times["bare"]), np.median(times["python"])


def measure_queries(ids, rows):
    with ochre.EphemeralClient() as client:
        collection = client.create_collection("bench", embedding_function=None)
        collection.add(ids=ids, embeddings=rows, documents=[f"document {id}" for id in ids],
                       metadatas=[{"number": i} for i in range(len(ids))])
        collection.compact()
        times = {"bare": [], "python": []}
        for i in range(QUERIES):
            row = rows[i % len(rows)]
            bare = bare_query(collection, columns.as_matrix(row, "row"))
            # The second of two equal queries finds its rows in the caches, so they take turns at being it.
            ways = [("bare", bare), ("python", lambda: collection.query(query_embeddings=row, n_results=10))]
            for way, run in ways if i % 2 else reversed(ways):
                times[way].append(seconds(run))
        return np.median(times["bare"]) * 1e6, np.median(times["python"]) * 1e6


def main():
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((ROWS, DIMENSION), np.float32)
    ids = [str(i) for i in range(ROWS)]
    bare, python = measure_queries(ids[:BATCH], rows[:BATCH])
    cost = python - bare
    print(f"query of one vector: {bare:.1f} us bare, {python:.1f} us through Python, {cost:.1f} us more (floor 40)")
    bare, python = measure_adds(ids, rows)
    ratio = python / bare
    print(f"add of {ROWS} x {DIMENSION}: {bare:.3f} s bare, {python:.3f} s through Python, {ratio:.2f} x (floor 1.3)")
    return 0 if cost <= 40 and ratio <= 1.3 else 1


if __name__ == "__main__":
    sys.exit(main())
