// Workload: the fixed series of calls that the campaigns of tests/faults interrupt, as a function of a seed.
#ifndef OCHRE_TESTS_FAULTS_WORKLOAD_H_
#define OCHRE_TESTS_FAULTS_WORKLOAD_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ochre/ochre.h"
#include "tests/model/reference_store.h"

namespace ochre {

// One call.
struct Step {
  enum class Kind {
    kCreate,
    kDrop,
    kRename,
    kSetMetadata,
    kAdd,
    kUpdate,
    kUpsert,
    kDeleteIds,
    kDeleteWhere,  // "group" is `number`
    kCompact,
    kReopen,  // closes the database and opens it again
  };

  Kind kind = Kind::kReopen;
  std::string collection = {};
  std::string new_name = {};                  // kRename
  Space space = Space::kL2;                   // kCreate
  int64_t number = 0;                         // kCreate, kSetMetadata: the collection's metadata is {"tag": number}
  int32_t dimension = 0;                      // of what is added, updated and upserted
  std::vector<ReferenceChange> changes = {};  // likewise
  std::vector<std::string> ids = {};          // kDeleteIds

  bool changes_records_or_catalogue() const { return kind != Kind::kCompact && kind != Kind::kReopen; }
};

// "upsert of 40 records to alpha".
std::string Describe(const Step& step);

// Rows of the batch that makes the `big` workload's segment large enough for a graph.
inline constexpr int64_t kBigBatchRows = 5'200;

// Some 35 steps over three collections of a few dozen records each, in every space: creates, adds, upserts, updates,
// deletes, compactions, a rename, a drop and two reopenings, ending with writes that are in the log alone. `big`: one
// collection has kBigBatchRows more, and a graph. Embeddings are small integers, so that distances are exact.
std::vector<Step> MakeWorkload(uint64_t seed, bool big = false);

// The database under test.
struct OpenDatabase {
  std::filesystem::path path;
  Durability durability = Durability::kFull;
  std::unique_ptr<Client> client = nullptr;  // null: not open

  Status Open();
  // Leaves `client` null, also if it fails.
  Status Close();
};

// Does one step; opens the database first if it is closed.
Status Execute(const Step& step, OpenDatabase& database);

std::string_view DurabilityName(Durability durability);  // "full"

}  // namespace ochre

#endif  // OCHRE_TESTS_FAULTS_WORKLOAD_H_
