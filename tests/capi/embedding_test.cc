// Embedding functions: built in, and in C.
#include <gtest/gtest.h>

#include "tests/capi/capi_fixture.h"

namespace ochre {
namespace {

struct Embedder {
  ochre_client* interrupted = nullptr;  // interrupts it from within
  ochre_status answer = OCHRE_OK;
  int64_t texts = 0;
  int released = 0;
};

ochre_status Embed(void* user_data, const ochre_string* texts, int64_t text_count, int32_t dimension, float* rows,
                   ochre_error* error) {
  auto& embedder = *static_cast<Embedder*>(user_data);
  embedder.texts += text_count;
  for (int64_t i = 0; i < text_count; ++i) {
    for (int32_t d = 0; d < dimension; ++d) rows[i * dimension + d] = static_cast<float>(texts[i].size + d);
  }
  if (embedder.interrupted != nullptr) ochre_client_interrupt(embedder.interrupted, nullptr);
  if (embedder.answer != OCHRE_OK) ochre_error_set(error, embedder.answer, Text("the model is asleep"));
  return embedder.answer;
}

class EmbeddingTest : public CapiTest {
 protected:
  FunctionHandle MakeFunction() {
    ochre_embedding_callbacks callbacks = Stamped(ochre_embedding_callbacks_init);
    callbacks.name = Text("lengths");
    callbacks.user_data = &embedder_;
    callbacks.embed = Embed;
    callbacks.release = [](void* user_data) { ++static_cast<Embedder*>(user_data)->released; };
    callbacks.dimension = 2;
    ochre_embedding_function* function = nullptr;
    EXPECT_EQ(ochre_embedding_function_new(&callbacks, &function, error()), OCHRE_OK) << message();
    return FunctionHandle(function);
  }

  CollectionHandle MakeCollection(const ochre_embedding_function* function) {
    ochre_collection_options options = Stamped(ochre_collection_options_init);
    options.embedding_function = function;
    ochre_collection* raw = nullptr;
    EXPECT_EQ(ochre_client_create_collection(client(), Text("embedded"), &options, &raw, error()), OCHRE_OK);
    return CollectionHandle(raw);
  }

  ochre_status AddDocuments(ochre_collection* collection) {
    const Strings ids = {"a", "b"};
    const Strings documents = {"x", "four"};
    ochre_records records = Stamped(ochre_records_init);
    records.ids = ids.get();
    records.documents = documents.get();
    return ochre_collection_add(collection, &records, nullptr, error());
  }

  Embedder embedder_;
};

TEST_F(EmbeddingTest, ACallbackEmbedsDocumentsAndQueries) {
  FunctionHandle function = MakeFunction();
  CollectionHandle collection = MakeCollection(function.get());
  function.reset();
  EXPECT_EQ(embedder_.released, 0);  // the collection keeps it
  ASSERT_EQ(AddDocuments(collection.get()), OCHRE_OK) << message();
  const Strings texts = {"fiv"};
  ochre_query_options options = Stamped(ochre_query_options_init);
  options.texts = texts.get();
  options.n_results = 1;
  ochre_result* raw = nullptr;
  ASSERT_EQ(ochre_collection_query(collection.get(), &options, &raw, error()), OCHRE_OK) << message();
  const ResultHandle result(raw);
  EXPECT_EQ(ToString(ochre_result_string(raw, OCHRE_COLUMN_IDS, 0)), "b");
  EXPECT_EQ(embedder_.texts, 3);
  collection.reset();
  EXPECT_EQ(embedder_.released, 1);
}

TEST_F(EmbeddingTest, AFailingCallbackFailsTheCallWithItsWords) {
  const FunctionHandle function = MakeFunction();
  const CollectionHandle collection = MakeCollection(function.get());
  embedder_.answer = OCHRE_UNAVAILABLE;
  EXPECT_EQ(AddDocuments(collection.get()), OCHRE_UNAVAILABLE);
  EXPECT_NE(message().find("the model is asleep"), std::string::npos) << message();
  int64_t count = -1;
  ASSERT_EQ(ochre_collection_count(collection.get(), &count, error()), OCHRE_OK);
  EXPECT_EQ(count, 0);
}

TEST_F(EmbeddingTest, AnInterruptEndsACallThatIsEmbeddingButNoLaterOne) {
  const FunctionHandle function = MakeFunction();
  const CollectionHandle collection = MakeCollection(function.get());
  embedder_.interrupted = client();
  EXPECT_EQ(AddDocuments(collection.get()), OCHRE_CANCELLED);
  embedder_.interrupted = nullptr;
  EXPECT_EQ(AddDocuments(collection.get()), OCHRE_OK) << message();
}

TEST_F(EmbeddingTest, OnFailureUserDataStaysTheCallers) {
  ochre_embedding_callbacks callbacks = Stamped(ochre_embedding_callbacks_init);
  callbacks.name = Text("lengths");
  callbacks.user_data = &embedder_;
  callbacks.embed = Embed;
  callbacks.release = [](void* user_data) { ++static_cast<Embedder*>(user_data)->released; };
  ochre_embedding_function* function = nullptr;
  EXPECT_EQ(ochre_embedding_function_new(&callbacks, &function, error()), OCHRE_INVALID_ARGUMENT);  // no dimension
  EXPECT_EQ(function, nullptr);
  EXPECT_EQ(embedder_.released, 0);
}

TEST_F(EmbeddingTest, TheHashingEmbedderIsBuiltIn) {
  ochre_embedding_function* raw = nullptr;
  ASSERT_EQ(ochre_embedding_function_builtin(Text("ochre_hashing"), Text("{\"dimension\": 64}"), &raw, error()),
            OCHRE_OK)
      << message();
  const FunctionHandle function(raw);
  EXPECT_EQ(ochre_embedding_function_dimension(raw), 64);
  EXPECT_EQ(ToString(ochre_embedding_function_name(raw)), "ochre_hashing");
  const Strings texts = {"one", "two"};
  std::vector<float> rows(2 * 64);
  ASSERT_EQ(ochre_embedding_function_embed(raw, texts.get(), rows.data(), 2, error()), OCHRE_OK) << message();
  EXPECT_NE(std::vector<float>(rows.begin(), rows.begin() + 64), std::vector<float>(64, 0.0F));
  EXPECT_EQ(ochre_embedding_function_embed(raw, texts.get(), rows.data(), 1, error()), OCHRE_INVALID_ARGUMENT);
  ochre_embedding_function* none = nullptr;
  EXPECT_EQ(ochre_embedding_function_builtin(Text("word2vec"), {nullptr, 0}, &none, error()), OCHRE_NOT_FOUND);
  EXPECT_EQ(ochre_embedding_function_builtin(Text("ochre_hashing"), Text("{\"size\": 1}"), &none, error()),
            OCHRE_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace ochre
