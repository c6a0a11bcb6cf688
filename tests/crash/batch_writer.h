// BatchWriter: the process that is killed: it writes batches to a database and tells of each that was acknowledged.
#ifndef OCHRE_TESTS_CRASH_BATCH_WRITER_H_
#define OCHRE_TESTS_CRASH_BATCH_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/ochre.h"

namespace ochre {

inline constexpr std::string_view kBatchWriterArgument = "--batch-writer";

// What one such process does.
struct BatchWriterTask {
  std::string directory = {};
  Durability durability = Durability::kNone;
  uint64_t seed = 0;
  int64_t id_count = 0;          // per writer
  int64_t records_max = 0;       // per batch
  int64_t tail_records_max = 0;  // small, so that it compacts all the time
  bool churn = false;            // beside the writers, compact fully and make and delete collections all the time
  std::vector<int64_t> first_batches = {};  // of each writer, each in a thread of its own

  std::vector<std::string> ToArguments() const;
};

inline constexpr std::string_view kBatchCollection = "records";
inline constexpr std::string_view kChurnCollection = "scratch";
// What the scratch collection holds once its only write is acknowledged.
inline constexpr int64_t kChurnRecords = 64;

// What the child's pipe carries: sixteen bytes, which a pipe never tears (PIPE_BUF).
struct BatchAcknowledged {
  int64_t writer = 0;
  int64_t number = 0;
};

// The child's main(): never returns unless something fails, which it then tells on stderr.
int RunBatchWriter(int argc, char** argv);

}  // namespace ochre

#endif  // OCHRE_TESTS_CRASH_BATCH_WRITER_H_
