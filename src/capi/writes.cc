#include "capi/writes.h"

#include <span>
#include <vector>

#include "capi/client.h"
#include "capi/columns.h"
#include "capi/stamped.h"
#include "capi/text.h"

namespace ochre {
namespace {

Status Write(ochre_collection& collection, WriteMember write, const ochre_records* given, ochre_receipt* out) {
  OCHRE_RETURN_IF_ERROR(CheckReceipt(out));
  OCHRE_ASSIGN_OR_RETURN(const ochre_records records, ReadStamped(given, "records", ochre_records{}));
  if (records.ids == nullptr) return Status::InvalidArgument("records.ids is NULL");
  OCHRE_ASSIGN_OR_RETURN(const TextColumn ids, TextColumn::From(records.ids, "ids"));
  OCHRE_ASSIGN_OR_RETURN(const FloatMatrix embeddings, FloatMatrix::From(records.embeddings, "embeddings"));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn documents, TextColumn::From(records.documents, "documents"));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn metadata_texts, TextColumn::From(records.metadatas, "metadatas"));
  OCHRE_ASSIGN_OR_RETURN(const std::vector<Metadata> metadatas, ParseMetadatas(metadata_texts));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn uris, TextColumn::From(records.uris, "uris"));
  std::span<const uint8_t> embedding_given;
  if (records.embedding_given != nullptr) {
    embedding_given = {records.embedding_given, static_cast<size_t>(embeddings.span().rows())};
  }
  const auto receipt = (collection.collection.*write)({.ids = ids.column(),
                                                       .embeddings = embeddings.span(),
                                                       .embedding_given = embedding_given,
                                                       .documents = documents.column(),
                                                       .metadatas = metadatas,
                                                       .uris = uris.column()});
  if (!receipt.ok()) return receipt.status();
  WriteReceiptTo(*receipt, static_cast<int64_t>(ids.size()), out);
  return Status::Ok();
}

ochre_delete_options DefaultDelete() {
  ochre_delete_options options{};
  options.limit = OCHRE_NO_LIMIT;
  return options;
}

Status Delete(ochre_collection& collection, const ochre_delete_options* given, ochre_receipt* out) {
  OCHRE_RETURN_IF_ERROR(CheckReceipt(out));
  OCHRE_ASSIGN_OR_RETURN(const ochre_delete_options options, ReadStamped(given, "options", DefaultDelete()));
  OCHRE_ASSIGN_OR_RETURN(const TextColumn ids, TextColumn::From(options.ids, "ids"));
  DeleteRequest request;
  if (options.ids != nullptr) request.ids = ids.column();
  OCHRE_ASSIGN_OR_RETURN(request.where, ToWhere(options.where));
  OCHRE_ASSIGN_OR_RETURN(request.where_document, ToWhereDocument(options.where_document));
  request.limit = ToLimit(options.limit);
  OCHRE_ASSIGN_OR_RETURN(const DeleteReceipt receipt, collection.collection.Delete(request));
  WriteReceiptTo(receipt.receipt, receipt.deleted, out);
  return Status::Ok();
}

}  // namespace

Status CheckReceipt(const ochre_receipt* out) { return out == nullptr ? Status::Ok() : CheckStamp(out, "out"); }

void WriteReceiptTo(const WriteReceipt& receipt, int64_t records, ochre_receipt* out) {
  if (out == nullptr) return;
  ochre_receipt result{};
  result.log_position = receipt.log_position;
  result.records = records;
  result.durability = static_cast<int32_t>(receipt.durability);
  WriteStamped(result, out);
}

}  // namespace ochre

using ochre::GuardCall;

extern "C" {

void ochre_records_init(ochre_records* records, uint64_t struct_size) { ochre::Initialise(records, struct_size, {}); }

void ochre_receipt_init(ochre_receipt* receipt, uint64_t struct_size) { ochre::Initialise(receipt, struct_size, {}); }

void ochre_delete_options_init(ochre_delete_options* options, uint64_t struct_size) {
  ochre::Initialise(options, struct_size, ochre::DefaultDelete());
}

ochre_status ochre_collection_add(ochre_collection* collection, const ochre_records* records, ochre_receipt* out,
                                  ochre_error* error) {
  return GuardCall(collection, "collection", error,
                   [&] { return ochre::Write(*collection, &ochre::Collection::Add, records, out); });
}

ochre_status ochre_collection_update(ochre_collection* collection, const ochre_records* records, ochre_receipt* out,
                                     ochre_error* error) {
  return GuardCall(collection, "collection", error,
                   [&] { return ochre::Write(*collection, &ochre::Collection::Update, records, out); });
}

ochre_status ochre_collection_upsert(ochre_collection* collection, const ochre_records* records, ochre_receipt* out,
                                     ochre_error* error) {
  return GuardCall(collection, "collection", error,
                   [&] { return ochre::Write(*collection, &ochre::Collection::Upsert, records, out); });
}

ochre_status ochre_collection_delete(ochre_collection* collection, const ochre_delete_options* options,
                                     ochre_receipt* out, ochre_error* error) {
  return GuardCall(collection, "collection", error, [&] { return ochre::Delete(*collection, options, out); });
}

}  // extern "C"
