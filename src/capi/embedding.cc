#include "capi/embedding.h"

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "capi/call.h"
#include "capi/columns.h"
#include "capi/error.h"
#include "capi/stamped.h"
#include "capi/text.h"
#include "types/utf8.h"

namespace ochre {
namespace {

constexpr std::string_view kHashing = "ochre_hashing";

ochre_embedding_callbacks DefaultCallbacks() {
  ochre_embedding_callbacks callbacks{};
  callbacks.config_json = ToC("{}");
  return callbacks;
}

// A function whose work is done by C code.
class CallbackFunction final : public EmbeddingFunction {
 public:
  CallbackFunction(std::string name, std::string config, const ochre_embedding_callbacks& callbacks)
      : name_(std::move(name)), config_(std::move(config)), callbacks_(callbacks) {}
  ~CallbackFunction() override {
    if (released_by_us_ && callbacks_.release != nullptr) callbacks_.release(callbacks_.user_data);
  }

  // Until then, the caller of ochre_embedding_function_new keeps what it gave.
  void TakeUserData() { released_by_us_ = true; }

  std::string Name() const override { return name_; }
  std::string ConfigJson() const override { return config_; }
  int32_t Dimension() const override { return callbacks_.dimension; }

  Status Embed(std::span<const std::string_view> texts, std::span<float> rows) const override {
    if (callbacks_.embed == nullptr) {
      return Status::FailedPrecondition("the embedding function ", name_,
                                        " was given without a callback: give embeddings");
    }
    OCHRE_RETURN_IF_ERROR(CallLimit::CheckCurrent());
    std::vector<ochre_string> views(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) views[i] = ToC(texts[i]);
    ochre_error error;
    const ochre_status status = callbacks_.embed(callbacks_.user_data, views.data(), static_cast<int64_t>(views.size()),
                                                 callbacks_.dimension, rows.data(), &error);
    if (status != OCHRE_OK) {
      return Status(static_cast<StatusCode>(status),
                    error.message.empty() ? "the embedding function " + name_ + " failed" : error.message);
    }
    return CallLimit::CheckCurrent();
  }

 private:
  const std::string name_;
  const std::string config_;
  const ochre_embedding_callbacks callbacks_;
  bool released_by_us_ = false;
};

Result<std::shared_ptr<CallbackFunction>> MakeCallbackFunction(const ochre_embedding_callbacks* given) {
  OCHRE_ASSIGN_OR_RETURN(const ochre_embedding_callbacks callbacks,
                         ReadStamped(given, "callbacks", DefaultCallbacks()));
  OCHRE_RETURN_IF_ERROR(CheckReserved(callbacks.reserved, "callbacks"));
  OCHRE_ASSIGN_OR_RETURN(const std::string_view name, ToText(callbacks.name, "callbacks.name"));
  if (name.empty()) return Status::InvalidArgument("callbacks.name is empty");
  OCHRE_ASSIGN_OR_RETURN(const auto config, ToOptionalText(callbacks.config_json, "callbacks.config_json"));
  if (callbacks.embed != nullptr && callbacks.dimension < 1) {
    return Status::InvalidArgument("callbacks.dimension is ", callbacks.dimension, ", but must be at least 1");
  }
  return std::make_shared<CallbackFunction>(std::string(name), std::string(config.value_or("{}")), callbacks);
}

// {"dimension": 256}, or nothing.
Result<int32_t> HashingDimension(ochre_string config_json) {
  constexpr int32_t kDefault = 256;  // of MakeHashingEmbedder
  OCHRE_ASSIGN_OR_RETURN(const Metadata config, ToMetadata(config_json));
  for (const auto& [key, value] : config) {
    if (key != "dimension") return Status::InvalidArgument("config_json has the unknown key \"", key, "\"");
  }
  const auto dimension = config.find("dimension");
  if (dimension == config.end()) return kDefault;
  const auto* number = dimension->second.get_if<int64_t>();
  if (number == nullptr || !std::in_range<int32_t>(*number)) {
    return Status::InvalidArgument("config_json: \"dimension\" must be a whole number");
  }
  return static_cast<int32_t>(*number);
}

}  // namespace

Result<std::shared_ptr<const EmbeddingFunction>> ToFunction(const ochre_embedding_function* handle) {
  if (handle == nullptr) return std::shared_ptr<const EmbeddingFunction>();
  OCHRE_RETURN_IF_ERROR(Check(handle, "embedding_function"));
  return handle->function;
}

}  // namespace ochre

using ochre::IsHandle;
using ochre::Result;
using ochre::Status;

extern "C" {

void ochre_embedding_callbacks_init(ochre_embedding_callbacks* callbacks, uint64_t struct_size) {
  ochre::Initialise(callbacks, struct_size, ochre::DefaultCallbacks());
}

ochre_status ochre_embedding_function_new(const ochre_embedding_callbacks* callbacks, ochre_embedding_function** out,
                                          ochre_error* error) {
  return ochre::GuardNew(out, error, [&]() -> Result<std::unique_ptr<ochre_embedding_function>> {
    OCHRE_ASSIGN_OR_RETURN(std::shared_ptr<ochre::CallbackFunction> function, ochre::MakeCallbackFunction(callbacks));
    auto handle = std::make_unique<ochre_embedding_function>(function);
    function->TakeUserData();
    return handle;
  });
}

ochre_status ochre_embedding_function_builtin(ochre_string name, ochre_string config_json,
                                              ochre_embedding_function** out, ochre_error* error) {
  return ochre::GuardNew(out, error, [&]() -> Result<std::unique_ptr<ochre_embedding_function>> {
    OCHRE_ASSIGN_OR_RETURN(const std::string_view kind, ochre::ToText(name, "name"));
    if (kind != ochre::kHashing) {
      return Status::NotFound("no embedding function \"", kind, "\" is built in, but \"", ochre::kHashing, "\" is");
    }
    OCHRE_ASSIGN_OR_RETURN(const int32_t dimension, ochre::HashingDimension(config_json));
    OCHRE_ASSIGN_OR_RETURN(auto function, ochre::MakeHashingEmbedder(dimension));
    return std::make_unique<ochre_embedding_function>(std::move(function));
  });
}

void ochre_embedding_function_free(ochre_embedding_function* function) { ochre::Free(function); }

ochre_string ochre_embedding_function_name(const ochre_embedding_function* function) {
  return IsHandle(function) ? ochre::ToC(function->name) : ochre_string{nullptr, 0};
}

ochre_string ochre_embedding_function_config(const ochre_embedding_function* function) {
  return IsHandle(function) ? ochre::ToC(function->config) : ochre_string{nullptr, 0};
}

int32_t ochre_embedding_function_dimension(const ochre_embedding_function* function) {
  return IsHandle(function) ? function->function->Dimension() : 0;
}

ochre_status ochre_embedding_function_embed(const ochre_embedding_function* function, const ochre_string_column* texts,
                                            float* rows, int64_t row_capacity, ochre_error* error) {
  return ochre::Guard(error, [&]() -> Status {
    OCHRE_RETURN_IF_ERROR(ochre::Check(function, "function"));
    if (texts == nullptr) return Status::InvalidArgument("texts is NULL");
    if (rows == nullptr) return Status::InvalidArgument("rows is NULL");
    OCHRE_ASSIGN_OR_RETURN(const ochre::TextColumn column, ochre::TextColumn::From(texts, "texts"));
    if (row_capacity < texts->count) {
      return Status::InvalidArgument("row_capacity is ", row_capacity, ", but there are ", texts->count, " texts");
    }
    std::vector<std::string_view> views;
    for (size_t i = 0; i < column.size(); ++i) {
      const std::optional<std::string_view> text = column.column()[i];
      if (!text.has_value()) return Status::InvalidArgument("texts: null at index ", i);
      if (!ochre::IsValidUtf8(*text)) return Status::InvalidArgument("texts: no valid UTF-8 at index ", i);
      views.push_back(*text);
    }
    const auto dimension = static_cast<size_t>(function->function->Dimension());
    return function->function->Embed(views, std::span(rows, views.size() * dimension));
  });
}

}  // extern "C"
