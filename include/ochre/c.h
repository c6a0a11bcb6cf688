/* Ochre's C API: everything that the C++ API (ochre/ochre.h) does, for C99 and for all that can call C.
 *
 * RULES
 *   Status     Every call that can fail returns an ochre_status. Its last parameter, an ochre_error of the caller's or
 *              NULL, then holds the code, a message and the index of the offending record; so does the calling thread's
 *              last error (ochre_last_error_*), which a call that succeeds leaves as it is. Nothing throws, prints,
 *              aborts or exits.
 *   Outputs    Are written on success; on failure, a handle that was to be returned is NULL. An output that is marked
 *              "may be NULL" may be NULL; no other one may.
 *   Ownership  What a call hands you through an "out" handle is yours: give it to its type's _free, once (NULL is
 *              fine). What you read out of an object (strings, columns) lives as long as that object. No pointer that
 *              you pass in is kept after the call, but for the user_data of an embedding function.
 *   Threads    Clients, collections and embedding functions may be used from any number of threads at once; results,
 *              lists and errors by one at a time. Freeing a handle that another thread is using is a defect of the
 *              caller; closing a client that others are using is fine.
 *   Text       Is UTF-8, as a pointer and a size in bytes, and may contain NUL. JSON is Chroma's.
 *   Structs    That begin with struct_size can grow: fill them with their _init function, then change what you like.
 *              All other structs stay as they are for good, as do the numbers of all constants.
 *
 * Wrong arguments (NULL, a handle of another kind, a size that overflows, text that is no UTF-8, NaN) are
 * OCHRE_INVALID_ARGUMENT, and the message says where. What each call does in detail, its limits and its errors, are
 * those of the C++ call of the same name. docs/c-api.md has an example, and the rule for binary compatibility. */
#ifndef OCHRE_C_H_
#define OCHRE_C_H_

#include <stdint.h>

#if defined(__GNUC__)
#define OCHRE_API __attribute__((visibility("default")))
#else
#define OCHRE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ---- */

#define OCHRE_VERSION_MAJOR 0
#define OCHRE_VERSION_MINOR 1
#define OCHRE_VERSION_PATCH 0
#define OCHRE_VERSION_NUMBER (OCHRE_VERSION_MAJOR * 1000000 + OCHRE_VERSION_MINOR * 1000 + OCHRE_VERSION_PATCH)

/* Of the library that is running, which may be newer than this header. */
OCHRE_API int32_t ochre_version_number(void);
OCHRE_API const char* ochre_version_string(void); /* "0.1.0" */

/* ---- Strings ---- */

/* Borrowed UTF-8. {NULL, 0} is "no string", which optional ones may be; an empty string has a pointer and size 0. */
typedef struct ochre_string {
  const char* data;
  int64_t size; /* bytes */
} ochre_string;

/* Of a string that ends with NUL; {NULL, 0} of NULL. */
OCHRE_API ochre_string ochre_string_from(const char* text);

/* 1 if the running library has the feature, else 0. Known are "arrow_export", "arrow_import", "check",
 * "deadline", "embedding_callback", "embedding_hashing", "interrupt", "matrix_f16" and "matrix_i8". */
OCHRE_API int32_t ochre_has_feature(ochre_string name);

/* ---- Status and errors ---- */

/* One of the codes below; newer libraries may have more. */
typedef int32_t ochre_status;

#define OCHRE_OK 0
#define OCHRE_CANCELLED 1
#define OCHRE_UNKNOWN 2
#define OCHRE_INVALID_ARGUMENT 3 /* the caller's value is wrong, whatever the state of the database */
#define OCHRE_DEADLINE_EXCEEDED 4
#define OCHRE_NOT_FOUND 5
#define OCHRE_ALREADY_EXISTS 6
#define OCHRE_PERMISSION_DENIED 7
#define OCHRE_RESOURCE_EXHAUSTED 8  /* a disk, the memory or a bound is full */
#define OCHRE_FAILED_PRECONDITION 9 /* the right call in the wrong state, such as after closing */
#define OCHRE_ABORTED 10
#define OCHRE_OUT_OF_RANGE 11
#define OCHRE_UNIMPLEMENTED 12
#define OCHRE_INTERNAL 13    /* a defect of Ochre, or of an embedding function */
#define OCHRE_UNAVAILABLE 14 /* try again */
#define OCHRE_DATA_LOSS 15   /* a damaged file, which the message names */
#define OCHRE_UNAUTHENTICATED 16

/* "Ok", "InvalidArgument" and so on; "Unknown" for a number that is no code. Never NULL. */
OCHRE_API const char* ochre_status_name(ochre_status status);

/* What went wrong in the last call that it was given to: OCHRE_OK, an empty message and -1 if nothing did. */
typedef struct ochre_error ochre_error;

OCHRE_API ochre_error* ochre_error_new(void); /* NULL if there is no memory */
OCHRE_API void ochre_error_free(ochre_error* error);
OCHRE_API ochre_status ochre_error_code(const ochre_error* error);
OCHRE_API ochre_string ochre_error_message(const ochre_error* error); /* NUL follows its end; until the next use */
/* Which record of a batch (or which row, id or text of a request) is to blame, counted from 0; -1: none in particular.
 */
OCHRE_API int64_t ochre_error_index(const ochre_error* error);
/* For embedding functions, which report through the error that they are given. `code` is not OCHRE_OK. */
OCHRE_API void ochre_error_set(ochre_error* error, ochre_status code, ochre_string message);

/* The last failure of the calling thread; the message lives until its next one. OCHRE_OK if there was none. */
OCHRE_API ochre_status ochre_last_error_code(void);
OCHRE_API ochre_string ochre_last_error_message(void);
OCHRE_API int64_t ochre_last_error_index(void);

/* ---- Columns: bulk data, in and out ---- */

/* `count` strings, each of which may be null. Given either one by one in `strings` ({NULL, 0} is null), or as Arrow
 * does: string i is data[offsets[i], offsets[i + 1]), with either offsets32 or offsets64 (count + 1 ascending numbers),
 * and null where bit i of `validity` is 0 (the lowest bit of a byte is its first; NULL: there are no nulls). Columns
 * that are read from a result have offsets64. */
typedef struct ochre_string_column {
  int64_t count;
  const ochre_string* strings;
  const char* data;
  const int32_t* offsets32;
  const int64_t* offsets64;
  const uint8_t* validity;
} ochre_string_column;

#define OCHRE_DTYPE_F32 0 /* IEEE 754 binary32 */
#define OCHRE_DTYPE_F16 1 /* IEEE 754 binary16 */
#define OCHRE_DTYPE_I8 2  /* int8, taken as the whole numbers -128 to 127 */

/* Embeddings, one a row. Row r begins row_stride_bytes * r bytes after `data`; stride 0 stands for rows that follow
 * each other. Such rows of aligned float32 are used in place, all others converted to float32. Those that are read from
 * a result are float32 and follow each other. */
typedef struct ochre_matrix {
  const void* data;
  int64_t rows;
  int64_t columns; /* the embeddings' dimension */
  int64_t row_stride_bytes;
  int32_t dtype;
  int32_t reserved; /* 0 */
} ochre_matrix;

/* ---- Embedding functions ---- */

typedef struct ochre_embedding_function ochre_embedding_function;

/* Writes text_count rows of `dimension` floats, one after the other, to `rows`. On failure returns a code other than
 * OCHRE_OK, and may say why with ochre_error_set(error, ...). Called by whichever thread adds or queries, by several at
 * once, before that call returns; it must not close the client, which waits for it. */
typedef ochre_status (*ochre_embed_callback)(void* user_data, const ochre_string* texts, int64_t text_count,
                                             int32_t dimension, float* rows, ochre_error* error);

typedef struct ochre_embedding_callbacks {
  uint64_t struct_size;
  ochre_string name;        /* the kind of function: stored with the collection, and compared when it is opened */
  ochre_string config_json; /* a JSON object of what makes the same function again, stored too; none: {} */
  void* user_data;
  /* NULL: only name and configuration count. Embeddings are then always given, and calls that lack them fail. */
  ochre_embed_callback embed;
  void (*release)(void* user_data); /* called once, when nothing uses the function any more; may be NULL */
  int32_t dimension;                /* floats per embedding, at least 1 if there is `embed` */
  int32_t reserved;                 /* 0 */
} ochre_embedding_callbacks;

OCHRE_API void ochre_embedding_callbacks_init(ochre_embedding_callbacks* callbacks, uint64_t struct_size);

/* On failure `release` is not called. */
OCHRE_API ochre_status ochre_embedding_function_new(const ochre_embedding_callbacks* callbacks,
                                                    ochre_embedding_function** out, ochre_error* error);
/* A built-in function by its name: "ochre_hashing", with the configuration {"dimension": 256} or none. NotFound: no
 * other name is built in. */
OCHRE_API ochre_status ochre_embedding_function_builtin(ochre_string name, ochre_string config_json,
                                                        ochre_embedding_function** out, ochre_error* error);
/* Releases the handle; collections that were opened with the function keep it alive. */
OCHRE_API void ochre_embedding_function_free(ochre_embedding_function* function);
OCHRE_API ochre_string ochre_embedding_function_name(const ochre_embedding_function* function);
OCHRE_API ochre_string ochre_embedding_function_config(const ochre_embedding_function* function);
OCHRE_API int32_t ochre_embedding_function_dimension(const ochre_embedding_function* function);
/* Embeds texts->count texts, none of them null, into `rows`, which has room for row_capacity rows. */
OCHRE_API ochre_status ochre_embedding_function_embed(const ochre_embedding_function* function,
                                                      const ochre_string_column* texts, float* rows,
                                                      int64_t row_capacity, ochre_error* error);

/* ---- Clients ---- */

/* An open database, seen through one tenant and database. */
typedef struct ochre_client ochre_client;

#define OCHRE_DURABILITY_NONE 0   /* in the operating system's hands: survives a crash of the process only */
#define OCHRE_DURABILITY_NORMAL 1 /* an outage may lose the last writes, never damages the log */
#define OCHRE_DURABILITY_FULL 2   /* on disk */
#define OCHRE_DURABILITY_MEMORY 3 /* of ochre_client_in_memory */

/* As ochre::ClientOptions, where the fields are explained. */
typedef struct ochre_client_options {
  uint64_t struct_size;
  int32_t durability;            /* OCHRE_DURABILITY_FULL */
  int32_t create_if_missing;     /* 1; 0: NotFound where there is no database */
  int32_t compaction_threads;    /* 0: cores - 1, at least 1 */
  int32_t writers_refused;       /* 0: writers ahead of the compactor wait; 1: they get ResourceExhausted */
  int64_t tail_records_max;      /* a collection is compacted when either bound is reached */
  int64_t tail_bytes_max;        /* */
  int64_t aged_tail_records_min; /* or with this many records */
  int64_t aged_tail_seconds;     /* that are this old */
  int64_t tail_bytes_slowdown;   /* writers are slowed down from here on */
  ochre_string quotas;           /* off, or as of ochre::ParseQuotas: "chroma-cloud", or a JSON object of rules */
} ochre_client_options;

/* The defaults. struct_size is sizeof(ochre_client_options), as the caller was compiled; so for every _init. */
OCHRE_API void ochre_client_options_init(ochre_client_options* options, uint64_t struct_size);

/* Opens the database in directory `path`, creating it if there is none. `options` may be NULL: the defaults. One
 * process at a time may have it open. One that has it open already through this API, whatever path led there, shares
 * it: the files are closed with the last of its clients. FailedPrecondition: it is open with other options; the message
 * names the first that differs (create_if_missing may). */
OCHRE_API ochre_status ochre_client_open(ochre_string path, const ochre_client_options* options, ochre_client** out,
                                         ochre_error* error);
/* A database of its own in memory, which leaves nothing on disk. */
OCHRE_API ochre_status ochre_client_in_memory(const ochre_client_options* options, ochre_client** out,
                                              ochre_error* error);
/* Waits for running calls, stops compacting and closes the files, unless another client that was opened shares them: it
 * keeps them open then. Later calls of this client, its views and its collections fail with FailedPrecondition. A
 * second time does nothing. */
OCHRE_API ochre_status ochre_client_close(ochre_client* client, ochre_error* error);
/* Calls on this database that are running in other threads end with Cancelled where they can: while they filter, search
 * and read records, some ten times a second at least (one query's pass over one segment is completed), while they wait
 * for a compaction of others, before and after an embedding function's callback (unless the call is the callback's
 * own), and between two batches of an Arrow stream. A commit that a call has begun is completed, and a compaction goes
 * on in the background, so nothing is half done; a call that begins later is not affected. All clients that share the
 * database are meant. */
OCHRE_API ochre_status ochre_client_interrupt(ochre_client* client, ochre_error* error);
/* The deadline of the calling thread, for all clients: calls that it makes on clients and collections end with
 * DeadlineExceeded once so much time has passed from now, at their begin and at the places that
 * ochre_client_interrupt names. 0: at once; negative: there is none (the default). Set it before each call that is to
 * have one of its own. Closing and freeing know no deadline. */
OCHRE_API void ochre_thread_set_timeout(int64_t milliseconds);
/* Asks the program, while a call of this thread runs, whether it is to go on: OCHRE_OK; or else the status that it is
 * to end with (OCHRE_CANCELLED, or a number from 1000 on, none of which will ever be a code of ours), at the places
 * that ochre_client_interrupt names. It is called by the thread itself, first when a call has run for 50 ms, and then
 * about as often, so that short calls never ask. An interpreter has its signal handlers looked at so. */
typedef ochre_status (*ochre_check_callback)(void* user_data);
/* For the calls that the calling thread makes from now on; NULL: nobody is asked (the default). */
OCHRE_API void ochre_thread_set_check(ochre_check_callback check, void* user_data);
/* Releases the handle. The last handle of a database (clients and collections) closes it. */
OCHRE_API void ochre_client_free(ochre_client* client);
/* Deletes everything: all collections of all databases, all databases and tenants but the default ones. */
OCHRE_API ochre_status ochre_client_reset(ochre_client* client, ochre_error* error);

OCHRE_API ochre_status ochre_client_create_tenant(ochre_client* client, ochre_string name, ochre_error* error);

typedef struct ochre_tenant_info {
  uint64_t struct_size;
  ochre_string name;
  ochre_string resource_name; /* none: {NULL, 0} */
} ochre_tenant_info;

typedef struct ochre_database_info {
  uint64_t struct_size;
  ochre_string id; /* UUID */
  ochre_string name;
  ochre_string tenant;
} ochre_database_info;

OCHRE_API void ochre_tenant_info_init(ochre_tenant_info* info, uint64_t struct_size);
OCHRE_API void ochre_database_info_init(ochre_database_info* info, uint64_t struct_size);

typedef struct ochre_tenant_list ochre_tenant_list;
OCHRE_API void ochre_tenant_list_free(ochre_tenant_list* list);
OCHRE_API int64_t ochre_tenant_list_size(const ochre_tenant_list* list);
/* OutOfRange: there is no entry `index`. `info` was filled by its _init; what it points to belongs to the list. */
OCHRE_API ochre_status ochre_tenant_list_get(const ochre_tenant_list* list, int64_t index, ochre_tenant_info* info,
                                             ochre_error* error);

typedef struct ochre_database_list ochre_database_list;
OCHRE_API void ochre_database_list_free(ochre_database_list* list);
OCHRE_API int64_t ochre_database_list_size(const ochre_database_list* list);
OCHRE_API ochre_status ochre_database_list_get(const ochre_database_list* list, int64_t index,
                                               ochre_database_info* info, ochre_error* error);

/* A list of one. NotFound. */
OCHRE_API ochre_status ochre_client_get_tenant(const ochre_client* client, ochre_string name, ochre_tenant_list** out,
                                               ochre_error* error);

/* For `limit`: all there are. Other negative limits are refused. */
#define OCHRE_NO_LIMIT (-1)

/* Databases of the client's tenant. */
OCHRE_API ochre_status ochre_client_create_database(ochre_client* client, ochre_string name, ochre_error* error);
OCHRE_API ochre_status ochre_client_get_database(const ochre_client* client, ochre_string name,
                                                 ochre_database_list** out, ochre_error* error);
OCHRE_API ochre_status ochre_client_list_databases(const ochre_client* client, int64_t limit, int64_t offset,
                                                   ochre_database_list** out, ochre_error* error);
OCHRE_API ochre_status ochre_client_delete_database(ochre_client* client, ochre_string name, ochre_error* error);

/* The same open database seen through another tenant and database: one more client. NotFound: there is none of them. */
OCHRE_API ochre_status ochre_client_with_database(const ochre_client* client, ochre_string tenant,
                                                  ochre_string database, ochre_client** out, ochre_error* error);
/* The same seen through a tenant, for its databases: it need not have any. Collections are those of its default
 * database. NotFound: there is no such tenant. */
OCHRE_API ochre_status ochre_client_with_tenant(const ochre_client* client, ochre_string tenant, ochre_client** out,
                                                ochre_error* error);
OCHRE_API ochre_string ochre_client_tenant(const ochre_client* client);
OCHRE_API ochre_string ochre_client_database(const ochre_client* client);

/* ---- Collections ---- */

/* The handle through which records are written and read. */
typedef struct ochre_collection ochre_collection;

#define OCHRE_SPACE_L2 0            /* squared Euclidean distance */
#define OCHRE_SPACE_COSINE 1        /* 1 - cos */
#define OCHRE_SPACE_INNER_PRODUCT 2 /* 1 - dot product */

#define OCHRE_QUANTIZATION_NONE 0 /* searches read float32 */
#define OCHRE_QUANTIZATION_INT8 1
#define OCHRE_QUANTIZATION_LVQ4 2

/* As ochre::CollectionOptions. */
typedef struct ochre_collection_options {
  uint64_t struct_size;
  int32_t space;                                      /* OCHRE_SPACE_L2 */
  int32_t max_neighbors;                              /* 16, at least 1; 2 to 512 are used (ochre_stats) */
  int32_t ef_construction;                            /* 100, at least 1; up to 10000 are used */
  int32_t ef_search;                                  /* 100, likewise */
  int32_t quantization;                               /* OCHRE_QUANTIZATION_INT8 */
  int32_t reserved;                                   /* 0 */
  ochre_string metadata_json;                         /* none */
  const ochre_embedding_function* embedding_function; /* NULL: none */
} ochre_collection_options;

OCHRE_API void ochre_collection_options_init(ochre_collection_options* options, uint64_t struct_size);

/* `options` may be NULL: the defaults. AlreadyExists: the name is taken. */
OCHRE_API ochre_status ochre_client_create_collection(ochre_client* client, ochre_string name,
                                                      const ochre_collection_options* options, ochre_collection** out,
                                                      ochre_error* error);
/* The existing collection unchanged, or a new one. InvalidArgument: the embedding function is of another kind than the
 * one that is stored with the collection. */
OCHRE_API ochre_status ochre_client_get_or_create_collection(ochre_client* client, ochre_string name,
                                                             const ochre_collection_options* options,
                                                             ochre_collection** out, ochre_error* error);
/* NotFound. The function may be NULL: the built-in one is made again from what is stored, others have to be given. */
OCHRE_API ochre_status ochre_client_get_collection(const ochre_client* client, ochre_string name,
                                                   const ochre_embedding_function* function, ochre_collection** out,
                                                   ochre_error* error);
OCHRE_API ochre_status ochre_client_delete_collection(ochre_client* client, ochre_string name, ochre_error* error);
OCHRE_API ochre_status ochre_client_count_collections(const ochre_client* client, int64_t* out, ochre_error* error);

/* What the catalogue knows of a collection. */
typedef struct ochre_collection_info {
  uint64_t struct_size;
  ochre_string id; /* UUID */
  ochre_string name;
  ochre_string tenant;
  ochre_string database;
  ochre_string metadata_json;      /* {NULL, 0}: none */
  ochre_string configuration_json; /* Chroma's, with the embedding function */
  int32_t dimension;               /* 0 until the first embedding */
  int32_t space;
  int32_t max_neighbors;
  int32_t ef_construction;
  int32_t ef_search;
  int32_t quantization;
} ochre_collection_info;

OCHRE_API void ochre_collection_info_init(ochre_collection_info* info, uint64_t struct_size);

typedef struct ochre_collection_list ochre_collection_list;
OCHRE_API void ochre_collection_list_free(ochre_collection_list* list);
OCHRE_API int64_t ochre_collection_list_size(const ochre_collection_list* list);
OCHRE_API ochre_status ochre_collection_list_get(const ochre_collection_list* list, int64_t index,
                                                 ochre_collection_info* info, ochre_error* error);

/* Ordered by id. */
OCHRE_API ochre_status ochre_client_list_collections(const ochre_client* client, int64_t limit, int64_t offset,
                                                     ochre_collection_list** out, ochre_error* error);

/* The collection of entry `index` of a list of this database, by its id: without looking it up again, so that it may
 * have been renamed or deleted since the list was made; its calls then say so. The function as of
 * ochre_client_get_collection. OutOfRange: there is no such entry. */
OCHRE_API ochre_status ochre_client_open_listed_collection(const ochre_client* client,
                                                           const ochre_collection_list* list, int64_t index,
                                                           const ochre_embedding_function* function,
                                                           ochre_collection** out, ochre_error* error);

/* Releases the handle. */
OCHRE_API void ochre_collection_free(ochre_collection* collection);
OCHRE_API ochre_string ochre_collection_id(const ochre_collection* collection); /* UUID */
/* What the catalogue says now: a list of one. */
OCHRE_API ochre_status ochre_collection_describe(const ochre_collection* collection, ochre_collection_list** out,
                                                 ochre_error* error);

/* What to change; what is none or 0 stays. */
typedef struct ochre_collection_changes {
  uint64_t struct_size;
  ochre_string name;
  ochre_string metadata_json; /* replaces the whole map */
  int32_t ef_search;
  int32_t max_neighbors;
} ochre_collection_changes;

OCHRE_API void ochre_collection_changes_init(ochre_collection_changes* changes, uint64_t struct_size);
OCHRE_API ochre_status ochre_collection_modify(ochre_collection* collection, const ochre_collection_changes* changes,
                                               ochre_error* error);

/* As ochre::CollectionStats. */
typedef struct ochre_stats {
  uint64_t struct_size;
  int64_t record_count;
  int64_t tail_records;
  int64_t tail_bytes;
  int64_t segment_count;
  int64_t segment_records;
  int64_t segment_deleted;
  int64_t segment_bytes;
  uint64_t version;
  uint64_t log_position;
  uint64_t compacted_position;
  int32_t max_neighbors_used;
  int32_t ef_construction_used;
  int32_t ef_search_used;
} ochre_stats;

OCHRE_API void ochre_stats_init(ochre_stats* stats, uint64_t struct_size);
OCHRE_API ochre_status ochre_collection_stats(const ochre_collection* collection, ochre_stats* out, ochre_error* error);

/* Compacts all records into one segment, and waits for it. A call that ends earlier, by an interrupt, its deadline or
 * its check, leaves it to go on in the background. */
OCHRE_API ochre_status ochre_collection_compact(ochre_collection* collection, ochre_error* error);
/* Waits until the background compactor has nothing left to do for the collection. */
OCHRE_API ochre_status ochre_collection_wait_until_compacted(ochre_collection* collection, ochre_error* error);
/* Reads and compares all of its segments, the catalogue and the log. DataLoss names what is damaged, or nobody's. */
OCHRE_API ochre_status ochre_collection_verify(const ochre_collection* collection, ochre_error* error);
/* Live records. */
OCHRE_API ochre_status ochre_collection_count(const ochre_collection* collection, int64_t* out, ochre_error* error);
/* Live records that satisfy both filters (JSON; {NULL, 0}: all). Their ids are not read. */
OCHRE_API ochre_status ochre_collection_count_where(const ochre_collection* collection, ochre_string where,
                                                    ochre_string where_document, int64_t* out, ochre_error* error);

/* ---- Writes ---- */

/* A batch: row i of each given column belongs to id i. NULL columns are not given. */
typedef struct ochre_records {
  uint64_t struct_size;
  const ochre_string_column* ids;
  const ochre_matrix* embeddings; /* may be absent in an update, and where an embedding function computes them */
  const uint8_t* embedding_given; /* update only: row i counts where this is not 0; one byte a row of embeddings */
  const ochre_string_column* documents;
  const ochre_string_column* metadatas; /* JSON objects; null: no metadata */
  const ochre_string_column* uris;
} ochre_records;

OCHRE_API void ochre_records_init(ochre_records* records, uint64_t struct_size);

/* What a write reports once it is acknowledged. */
typedef struct ochre_receipt {
  uint64_t struct_size;
  uint64_t log_position; /* of the batch's last operation in its collection's log; 0: it was empty */
  int64_t records;       /* records in the batch; of a delete, those that were there and are not any more */
  int32_t durability;    /* what the write has reached */
  int32_t reserved;      /* 0 */
} ochre_receipt;

OCHRE_API void ochre_receipt_init(ochre_receipt* receipt, uint64_t struct_size);

/* The batch is refused whole or recorded whole; when the call returns, it is durable and visible to every later read.
 * `out` may be NULL. */
OCHRE_API ochre_status ochre_collection_add(ochre_collection* collection, const ochre_records* records,
                                            ochre_receipt* out, ochre_error* error);
OCHRE_API ochre_status ochre_collection_update(ochre_collection* collection, const ochre_records* records,
                                               ochre_receipt* out, ochre_error* error);
OCHRE_API ochre_status ochre_collection_upsert(ochre_collection* collection, const ochre_records* records,
                                               ochre_receipt* out, ochre_error* error);

/* Which records to delete: those that satisfy everything that is given. Something must be. */
typedef struct ochre_delete_options {
  uint64_t struct_size;
  const ochre_string_column* ids; /* NULL: not given */
  ochre_string where;             /* JSON; {NULL, 0}: not given */
  ochre_string where_document;    /* JSON */
  int64_t limit;                  /* OCHRE_NO_LIMIT; else needs a filter */
} ochre_delete_options;

OCHRE_API void ochre_delete_options_init(ochre_delete_options* options, uint64_t struct_size);
OCHRE_API ochre_status ochre_collection_delete(ochre_collection* collection, const ochre_delete_options* options,
                                               ochre_receipt* out, ochre_error* error);

/* ---- Reads ---- */

/* Columns of a result besides the ids, or-ed together. */
#define OCHRE_INCLUDE_DOCUMENTS 1u
#define OCHRE_INCLUDE_METADATAS 2u
#define OCHRE_INCLUDE_EMBEDDINGS 4u
#define OCHRE_INCLUDE_URIS 8u
#define OCHRE_INCLUDE_DISTANCES 16u /* of a query only */

/* As ochre::GetRequest: the records that satisfy everything that is given. */
typedef struct ochre_get_options {
  uint64_t struct_size;
  const ochre_string_column* ids; /* NULL: any; of no ids: none */
  ochre_string where;             /* JSON; {NULL, 0}: all */
  ochre_string where_document;    /* JSON */
  int64_t limit;                  /* OCHRE_NO_LIMIT */
  int64_t offset;                 /* 0 */
  uint32_t include;               /* documents and metadatas */
  int32_t reserved;               /* 0 */
} ochre_get_options;

OCHRE_API void ochre_get_options_init(ochre_get_options* options, uint64_t struct_size);

/* As ochre::QueryRequest: the nearest of the records that satisfy everything else that is given. */
typedef struct ochre_query_options {
  uint64_t struct_size;
  const ochre_matrix* embeddings;   /* one query a row; or else */
  const ochre_string_column* texts; /* one query a text */
  int64_t n_results;                /* per query: 10 */
  const ochre_string_column* ids;   /* NULL: any */
  ochre_string where;               /* JSON; {NULL, 0}: all */
  ochre_string where_document;      /* JSON */
  double target_recall;             /* 0: not given; else in [0.5, 0.999], instead of ef_search */
  int32_t ef_search;                /* 0: the collection's */
  int32_t exact;                    /* 0; 1: scan every matching record instead of searching the graph */
  int32_t num_threads;              /* 1; 0: all cores */
  uint32_t include;                 /* documents, metadatas and distances */
} ochre_query_options;

OCHRE_API void ochre_query_options_init(ochre_query_options* options, uint64_t struct_size);

/* Records in columns. */
typedef struct ochre_result ochre_result;

/* Records in order of insertion. `options` may be NULL: all of them. */
OCHRE_API ochre_status ochre_collection_get(const ochre_collection* collection, const ochre_get_options* options,
                                            ochre_result** out, ochre_error* error);
/* The first `limit` records with everything but uris. */
OCHRE_API ochre_status ochre_collection_peek(const ochre_collection* collection, int64_t limit, ochre_result** out,
                                             ochre_error* error);
/* The nearest records per query, ties in order of insertion. */
OCHRE_API ochre_status ochre_collection_query(const ochre_collection* collection, const ochre_query_options* options,
                                              ochre_result** out, ochre_error* error);

OCHRE_API void ochre_result_free(ochre_result* result);
/* Rows, those of all queries together. */
OCHRE_API int64_t ochre_result_size(const ochre_result* result);
/* The columns that it carries: OCHRE_INCLUDE_... or-ed together. */
OCHRE_API uint32_t ochre_result_include(const ochre_result* result);
/* A get counts as one query. The rows of query q are [offsets[q], offsets[q + 1]), nearest first. */
OCHRE_API int64_t ochre_result_query_count(const ochre_result* result);
OCHRE_API const int64_t* ochre_result_offsets(const ochre_result* result);
/* One float a row; NULL if the result has none. */
OCHRE_API const float* ochre_result_distances(const ochre_result* result);
/* Without rows and columns if the result has none. */
OCHRE_API ochre_status ochre_result_embeddings(const ochre_result* result, ochre_matrix* out, ochre_error* error);

#define OCHRE_COLUMN_IDS 0
#define OCHRE_COLUMN_DOCUMENTS 1
#define OCHRE_COLUMN_METADATAS 2 /* JSON objects; null where a record has none */
#define OCHRE_COLUMN_URIS 3

/* A whole column; without a row and with data NULL if the result does not carry it. */
OCHRE_API ochre_status ochre_result_strings(const ochre_result* result, int32_t column, ochre_string_column* out,
                                            ochre_error* error);
/* One row of it: {NULL, 0} if it is null, or there is no such column or row. */
OCHRE_API ochre_string ochre_result_string(const ochre_result* result, int32_t column, int64_t row);

/* ---- Arrow: https://arrow.apache.org/docs/format/CDataInterface.html and CStreamInterface.html ---- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/* The result as a struct array, of the columns that it carries: id (large_utf8), query (int64: a query result's),
 * distance (float32), document, uri, metadata (large_utf8; JSON), embedding (fixed_size_list of float32). Buffers are
 * shared with the result, not copied, and outlive its handle: the caller releases both structs as Arrow says. */
OCHRE_API ochre_status ochre_result_export_arrow(const ochre_result* result, struct ArrowSchema* schema,
                                                 struct ArrowArray* array, ochre_error* error);
/* The same as a stream of one batch. */
OCHRE_API ochre_status ochre_result_export_arrow_stream(const ochre_result* result, struct ArrowArrayStream* stream,
                                                        ochre_error* error);

/* Writes each batch of `stream`, a batch of records at a time. Its columns, in any order: id (required), document, uri,
 * metadata (JSON): utf8 or large_utf8; embedding: fixed_size_list, list or large_list of float32, float16 or float64,
 * all of one length; a column of another name or type is refused. The stream is always released. On failure the batches
 * before the one in question are written, and `out` (may be NULL) says how many records that are; the error's index is
 * a row of that batch. */
OCHRE_API ochre_status ochre_collection_add_arrow(ochre_collection* collection, struct ArrowArrayStream* stream,
                                                  ochre_receipt* out, ochre_error* error);
OCHRE_API ochre_status ochre_collection_update_arrow(ochre_collection* collection, struct ArrowArrayStream* stream,
                                                     ochre_receipt* out, ochre_error* error);
OCHRE_API ochre_status ochre_collection_upsert_arrow(ochre_collection* collection, struct ArrowArrayStream* stream,
                                                     ochre_receipt* out, ochre_error* error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCHRE_C_H_ */
