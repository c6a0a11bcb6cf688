/* The C API in one page: open, add, search with a filter, read the results, close.
 * cc -std=c99 quickstart.c -lochre */
#include <inttypes.h>
#include <stdio.h>

#include "ochre/c.h"

static int fail(const char* what, const ochre_error* error) {
  fprintf(stderr, "%s: %s: %s\n", what, ochre_status_name(ochre_error_code(error)), ochre_error_message(error).data);
  return 1;
}

static int add_papers(ochre_collection* papers, ochre_error* error) {
  const ochre_string ids[] = {ochre_string_from("hnsw"), ochre_string_from("ivf"), ochre_string_from("wal")};
  const ochre_string documents[] = {ochre_string_from("Approximate nearest neighbor search by navigable graphs"),
                                    ochre_string_from("Inverted files with product quantization"),
                                    ochre_string_from("Write-ahead logging for recovery")};
  const ochre_string metadatas[] = {ochre_string_from("{\"year\": 2016}"), ochre_string_from("{\"year\": 2011}"),
                                    ochre_string_from("{\"year\": 1992}")};
  ochre_string_column id_column = {0}, document_column = {0}, metadata_column = {0};
  ochre_records records;
  id_column.count = document_column.count = metadata_column.count = 3;
  id_column.strings = ids;
  document_column.strings = documents;
  metadata_column.strings = metadatas;

  ochre_records_init(&records, sizeof records);
  records.ids = &id_column;
  records.documents = &document_column;
  records.metadatas = &metadata_column;
  /* No embeddings: the collection's embedding function computes them from the documents. */
  return ochre_collection_add(papers, &records, NULL, error) == OCHRE_OK ? 0 : fail("add", error);
}

static int search(const ochre_collection* papers, ochre_error* error) {
  const ochre_string text = ochre_string_from("nearest neighbors in a graph");
  ochre_string_column texts = {0};
  ochre_query_options options;
  ochre_result* result = NULL;
  int64_t row;
  texts.count = 1;
  texts.strings = &text;

  ochre_query_options_init(&options, sizeof options);
  options.texts = &texts;
  options.n_results = 2;
  options.where = ochre_string_from("{\"year\": {\"$gte\": 2000}}");
  if (ochre_collection_query(papers, &options, &result, error) != OCHRE_OK) return fail("query", error);
  for (row = 0; row < ochre_result_size(result); ++row) {
    const ochre_string id = ochre_result_string(result, OCHRE_COLUMN_IDS, row);
    const ochre_string document = ochre_result_string(result, OCHRE_COLUMN_DOCUMENTS, row);
    /* Strings have sizes; they need not end with NUL. */
    printf("%.3f  %.*s  %.*s\n", ochre_result_distances(result)[row], (int)id.size, id.data, (int)document.size,
           document.data);
  }
  ochre_result_free(result);
  return 0;
}

int main(void) {
  ochre_error* error = ochre_error_new();
  ochre_client* client = NULL;
  ochre_embedding_function* hashing = NULL;
  ochre_collection* papers = NULL;
  ochre_collection_options options;
  int64_t count = 0;
  int failed = 1;

  if (ochre_client_open(ochre_string_from("quickstart-c.ochre"), NULL, &client, error) != OCHRE_OK) {
    fail("open", error);
    goto done;
  }
  if (ochre_embedding_function_builtin(ochre_string_from("ochre_hashing"), ochre_string_from("{}"), &hashing, error) !=
      OCHRE_OK) {
    fail("embedding function", error);
    goto done;
  }
  ochre_collection_options_init(&options, sizeof options);
  options.space = OCHRE_SPACE_COSINE;
  options.embedding_function = hashing;
  if (ochre_client_get_or_create_collection(client, ochre_string_from("papers"), &options, &papers, error) !=
      OCHRE_OK) {
    fail("collection", error);
    goto done;
  }
  if (add_papers(papers, error) != 0 || search(papers, error) != 0) goto done;
  if (ochre_collection_count(papers, &count, error) != OCHRE_OK) {
    fail("count", error);
    goto done;
  }
  printf("%" PRId64 " records\n", count);
  failed = ochre_client_close(client, error) == OCHRE_OK ? 0 : fail("close", error);

done:
  ochre_collection_free(papers);
  ochre_embedding_function_free(hashing);
  ochre_client_free(client);
  ochre_error_free(error);
  return failed;
}
