#include "ochre/collection.h"

#include <span>
#include <utility>
#include <vector>

#include "api/convert.h"
#include "gateway/validate.h"
#include "instance/instance.h"
#include "types/catch_exceptions.h"

namespace ochre {
namespace {

// The rows of `texts`, embedded by `function`; a null text is embedded as an empty one.
Result<std::vector<float>> EmbedAll(const EmbeddingFunction& function, const StringColumn& texts) {
  std::vector<std::string_view> views;
  views.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) views.push_back(texts[i].value_or(std::string_view()));
  std::vector<float> rows(views.size() * static_cast<size_t>(function.Dimension()));
  OCHRE_RETURN_IF_ERROR(function.Embed(views, rows));
  return rows;
}

// Embeds the documents of a write that gives no embeddings, if there is a function, and has the Gateway record it.
Result<WriteReceipt> Write(Instance& instance, const std::string& id, const EmbeddingFunction* function,
                           OperationKind kind, const Records& records) {
  OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance.Enter());
  if (function == nullptr || !records.embeddings.values.empty() || records.documents.empty()) {
    return gateway->Write(ParseCollectionId(id), kind, records);
  }
  OCHRE_ASSIGN_OR_RETURN(const std::vector<float> rows, EmbedAll(*function, records.documents));
  std::vector<uint8_t> given;
  for (size_t i = 0; i < records.documents.size(); ++i) given.push_back(records.documents[i].has_value() ? 1 : 0);
  Records embedded = records;
  embedded.embeddings = {rows, function->Dimension()};
  embedded.embedding_given = given;
  return gateway->Write(ParseCollectionId(id), kind, embedded);
}

}  // namespace

Result<WriteReceipt> Collection::Add(const Records& records) {
  return CatchExceptions([&]() -> Result<WriteReceipt> {
    return Write(*instance_, id_, embedding_function_.get(), OperationKind::kAdd, records);
  });
}

Result<WriteReceipt> Collection::Update(const Records& records) {
  return CatchExceptions([&]() -> Result<WriteReceipt> {
    return Write(*instance_, id_, embedding_function_.get(), OperationKind::kUpdate, records);
  });
}

Result<WriteReceipt> Collection::Upsert(const Records& records) {
  return CatchExceptions([&]() -> Result<WriteReceipt> {
    return Write(*instance_, id_, embedding_function_.get(), OperationKind::kUpsert, records);
  });
}

Result<DeleteReceipt> Collection::Delete(const DeleteRequest& request) {
  return CatchExceptions([&]() -> Result<DeleteReceipt> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->Delete(ParseCollectionId(id_), request);
  });
}

Result<GetResult> Collection::Get(const GetRequest& request) const {
  return CatchExceptions([&]() -> Result<GetResult> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->EnterToRead());
    return gateway->Get(ParseCollectionId(id_), request);
  });
}

Result<GetResult> Collection::Peek(int64_t limit) const {
  return CatchExceptions([&]() -> Result<GetResult> {
    return Get({.limit = limit, .include = {.documents = true, .metadatas = true, .embeddings = true}});
  });
}

Result<QueryResult> Collection::Query(const QueryRequest& request) const {
  return CatchExceptions([&]() -> Result<QueryResult> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->EnterToRead());
    if (request.texts.empty() || !request.embeddings.values.empty()) {
      return gateway->Query(ParseCollectionId(id_), request);
    }
    if (embedding_function_ == nullptr) {
      return Status::InvalidArgument(
          "the query is given as texts, but this handle has no embedding function; give embeddings, or an embedding "
          "function when getting the collection");
    }
    OCHRE_RETURN_IF_ERROR(ValidateQueryTexts(request.texts));
    OCHRE_ASSIGN_OR_RETURN(const std::vector<float> rows, EmbedAll(*embedding_function_, request.texts));
    QueryRequest embedded = request;
    embedded.texts = {};
    embedded.embeddings = {rows, embedding_function_->Dimension()};
    return gateway->Query(ParseCollectionId(id_), embedded);
  });
}

Result<int64_t> Collection::Count() const {
  return CatchExceptions([&]() -> Result<int64_t> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->EnterToRead());
    return gateway->Count(ParseCollectionId(id_));
  });
}

Result<int64_t> Collection::Count(const Filter& where, const Filter& where_document) const {
  return CatchExceptions([&]() -> Result<int64_t> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->EnterToRead());
    return gateway->Count(ParseCollectionId(id_), where, where_document);
  });
}

Result<CollectionInfo> Collection::Info() const {
  return CatchExceptions([&]() -> Result<CollectionInfo> {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    OCHRE_ASSIGN_OR_RETURN(const CollectionPointer record, gateway->GetCollection(ParseCollectionId(id_)));
    return ToInfo(*record);
  });
}

Status Collection::Modify(const CollectionChanges& changes) {
  return CatchExceptions([&]() -> Status {
    OCHRE_ASSIGN_OR_RETURN(const auto gateway, instance_->Enter());
    return gateway->ModifyCollection(ParseCollectionId(id_), changes);
  });
}

}  // namespace ochre
