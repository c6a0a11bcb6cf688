// What the tests of the C API share: handles that free themselves, columns from literals, an open collection.
#ifndef OCHRE_TESTS_CAPI_CAPI_FIXTURE_H_
#define OCHRE_TESTS_CAPI_CAPI_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/c.h"

namespace ochre {

template <typename T, void (*kFree)(T*)>
struct HandleDeleter {
  void operator()(T* handle) const { kFree(handle); }
};
using ClientHandle = std::unique_ptr<ochre_client, HandleDeleter<ochre_client, ochre_client_free>>;
using CollectionHandle = std::unique_ptr<ochre_collection, HandleDeleter<ochre_collection, ochre_collection_free>>;
using ResultHandle = std::unique_ptr<ochre_result, HandleDeleter<ochre_result, ochre_result_free>>;
using ErrorHandle = std::unique_ptr<ochre_error, HandleDeleter<ochre_error, ochre_error_free>>;
using FunctionHandle =
    std::unique_ptr<ochre_embedding_function, HandleDeleter<ochre_embedding_function, ochre_embedding_function_free>>;
using CollectionListHandle =
    std::unique_ptr<ochre_collection_list, HandleDeleter<ochre_collection_list, ochre_collection_list_free>>;

inline ochre_string Text(std::string_view text) { return {text.data(), static_cast<int64_t>(text.size())}; }
inline std::string ToString(ochre_string text) {
  return text.data == nullptr ? "(null)" : std::string(text.data, static_cast<size_t>(text.size));
}

// A struct filled by its _init function.
template <typename T>
T Stamped(void (*init)(T*, uint64_t)) {
  T value;
  init(&value, sizeof(value));
  return value;
}

// A column of strings, "(null)" standing for null. It points into itself.
class Strings {
 public:
  Strings(std::initializer_list<const char*> texts) {
    for (const char* text : texts) {
      strings_.push_back(std::string_view(text) == "(null)" ? ochre_string{nullptr, 0} : ochre_string_from(text));
    }
    column_.count = static_cast<int64_t>(strings_.size());
    column_.strings = strings_.data();
  }
  Strings(const Strings&) = delete;
  Strings& operator=(const Strings&) = delete;

  const ochre_string_column* get() const { return &column_; }

 private:
  std::vector<ochre_string> strings_;
  ochre_string_column column_ = {};
};

inline ochre_matrix Matrix(const std::vector<float>& values, int64_t columns) {
  ochre_matrix matrix = {};
  matrix.data = values.data();
  matrix.rows = static_cast<int64_t>(values.size()) / columns;
  matrix.columns = columns;
  return matrix;
}

// An open database in memory with one collection of three records a, b, c with embeddings of dimension 2.
class CapiTest : public testing::Test {
 protected:
  void SetUp() override {
    ochre_client* client = nullptr;
    ASSERT_EQ(ochre_client_in_memory(nullptr, &client, error()), OCHRE_OK) << message();
    client_.reset(client);
    ochre_collection* collection = nullptr;
    ASSERT_EQ(ochre_client_create_collection(client, Text("papers"), nullptr, &collection, error()), OCHRE_OK)
        << message();
    collection_.reset(collection);
  }

  void AddThree() {
    const Strings ids = {"a", "b", "c"};
    const Strings documents = {"first", "(null)", "third"};
    const Strings metadatas = {"{\"year\": 2001, \"tags\": [\"x\", \"y\"]}", "(null)", "{\"year\": 2003}"};
    const Strings uris = {"file:a", "(null)", "(null)"};
    ochre_records records = Stamped(ochre_records_init);
    const std::vector<float> values = {0, 0, 1, 0, 3, 4};
    const ochre_matrix matrix = Matrix(values, 2);
    records.ids = ids.get();
    records.embeddings = &matrix;
    records.documents = documents.get();
    records.metadatas = metadatas.get();
    records.uris = uris.get();
    ASSERT_EQ(ochre_collection_add(collection(), &records, nullptr, error()), OCHRE_OK) << message();
  }

  // All records with the given columns.
  ResultHandle Get(uint32_t include, std::string_view where = {}) {
    ochre_get_options options = Stamped(ochre_get_options_init);
    options.include = include;
    options.where = where.empty() ? ochre_string{nullptr, 0} : Text(where);
    ochre_result* result = nullptr;
    EXPECT_EQ(ochre_collection_get(collection(), &options, &result, error()), OCHRE_OK) << message();
    return ResultHandle(result);
  }

  ochre_client* client() { return client_.get(); }
  ochre_collection* collection() { return collection_.get(); }
  ochre_error* error() { return error_.get(); }
  std::string message() { return ToString(ochre_error_message(error())); }

 private:
  ErrorHandle error_{ochre_error_new()};
  ClientHandle client_;
  CollectionHandle collection_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_CAPI_CAPI_FIXTURE_H_
