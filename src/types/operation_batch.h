// OperationBatch: the operations of one write, as recorded: columnar bytes with a checksum, never resolved.
#ifndef OCHRE_TYPES_OPERATION_BATCH_H_
#define OCHRE_TYPES_OPERATION_BATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/records.h"
#include "ochre/status.h"
#include "types/encoded_metadata.h"

namespace ochre {

// These numbers are on disk.
enum class OperationKind : uint8_t { kAdd = 1, kUpdate = 2, kUpsert = 3, kDelete = 4 };

// One operation, borrowed from its batch.
struct Operation {
  std::string_view id;
  const float* embedding = nullptr;  // OperationBatch::dimension() floats, or null: not given
  std::optional<std::string_view> document;
  std::optional<std::string_view> uri;
  EncodedMetadata metadata;  // may hold nulls, which delete keys
};

// At most this many bytes are encoded into one batch: SQLite's rows end at 1e9 bytes.
inline constexpr uint64_t kEncodedBatchBytesMax = 900'000'000;

// The encoded form of `records` under `kind`; a delete has ids only. The caller has validated the records (columns of
// one length, ...). See OperationBatch for the layout. ResourceExhausted: more than kEncodedBatchBytesMax.
Result<std::string> EncodeOperations(OperationKind kind, const Records& records);

// A decoded batch; owns (shares) the bytes that its operations borrow. Immutable; any number of threads.
//
//   offset   size   field (little-endian; every section starts at a multiple of 4)
//        0      4   magic "OCB1"
//        4      1   kind
//        5      1   flags: 1 embeddings, 2 embeddings of some records only, 4 documents, 8 uris, 16 metadatas
//        6      2   zero
//        8      4   count n
//       12      4   dimension d; 0 without embeddings
//       16    4*n   size of each id, then the ids' bytes
//             ...   flag 2: n bytes, 1 where an embedding is given
//           4*m*d   flag 1: the rows of the m embeddings given
//             ...   flags 4, 8, 16: 4*n sizes (0xffffffff: null), then the bytes, of documents, uris, encoded metadata
//   end-8       8   XXH3-64 of everything before
class OperationBatch {
 public:
  // DataLoss: the checksum or the layout is wrong.
  static Result<OperationBatch> Decode(std::shared_ptr<const std::string> bytes);

  OperationKind kind() const { return kind_; }
  int32_t dimension() const { return dimension_; }
  size_t size() const { return operations_.size(); }
  const Operation& operator[](size_t i) const { return operations_[i]; }
  const std::shared_ptr<const std::string>& bytes() const { return bytes_; }

 private:
  OperationBatch() = default;

  OperationKind kind_ = OperationKind::kAdd;
  int32_t dimension_ = 0;
  std::vector<Operation> operations_;
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace ochre

#endif  // OCHRE_TYPES_OPERATION_BATCH_H_
