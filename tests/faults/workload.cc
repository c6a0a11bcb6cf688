#include "tests/faults/workload.h"

#include <random>
#include <utility>

namespace ochre {
namespace {

// Draws everything from one seed.
class Generator {
 public:
  explicit Generator(uint64_t seed) : engine_(seed) {}

  // Rows `first`, `first` + 1, ... of `collection`. Absent fields, keys that come and go, values of every kind.
  Step Write(Step::Kind kind, const std::string& collection, int32_t dimension, int64_t first, int64_t count) {
    Step step = {.kind = kind, .collection = collection, .dimension = dimension};
    for (int64_t i = 0; i < count; ++i) {
      ReferenceChange change = {.id = collection.substr(0, 1) + std::to_string(first + i),
                                .embedding = {},
                                .document = {},
                                .uri = {},
                                .metadata = {}};
      if (kind != Step::Kind::kUpdate || Draw(0, 2) > 0) change.embedding = Embedding(dimension);
      if (Draw(0, 4) > 0) change.document = Text();
      if (Draw(0, 3) == 0) change.uri = "uri" + std::to_string(Draw(0, 9));
      change.metadata = Map();
      if (kind != Step::Kind::kAdd && Draw(0, 3) == 0) change.metadata["text"] = MetadataValue();
      step.changes.push_back(std::move(change));
    }
    return step;
  }

 private:
  int64_t Draw(int64_t min, int64_t max) {
    return min + static_cast<int64_t>(engine_() % static_cast<uint64_t>(max - min + 1));
  }
  std::vector<float> Embedding(int32_t dimension) {
    std::vector<float> row;
    for (int32_t d = 0; d < dimension; ++d) row.push_back(static_cast<float>(Draw(-20, 20)));
    return row;
  }
  std::string Text() {
    std::string text;
    for (int64_t i = Draw(1, 12); i > 0; --i) text += "w" + std::to_string(Draw(0, 30)) + " ";
    return text;
  }
  Metadata Map() {
    Metadata map = {{"group", Draw(0, 6)}};
    if (Draw(0, 1) == 0) map["number"] = static_cast<double>(Draw(-500, 500)) / 8;
    if (Draw(0, 1) == 0) map["text"] = "t" + std::to_string(Draw(0, 3));
    if (Draw(0, 3) == 0) map["flag"] = Draw(0, 1) == 1;
    if (Draw(0, 3) == 0) map["list"] = std::vector<std::string>{"e" + std::to_string(Draw(0, 2)), "f"};
    return map;
  }

  std::mt19937_64 engine_;
};

Step Create(const std::string& name, Space space, int64_t tag) {
  return {.kind = Step::Kind::kCreate, .collection = name, .space = space, .number = tag};
}
Step Simple(Step::Kind kind, const std::string& collection = {}) { return {.kind = kind, .collection = collection}; }
Step DeleteIds(const std::string& collection, std::vector<std::string> ids) {
  return {.kind = Step::Kind::kDeleteIds, .collection = collection, .ids = std::move(ids)};
}
Step DeleteGroup(const std::string& collection, int64_t group) {
  return {.kind = Step::Kind::kDeleteWhere, .collection = collection, .number = group};
}

Status Write(const Step& step, Collection& collection) {
  std::vector<std::string> ids;
  std::vector<float> values;
  std::vector<uint8_t> given;
  std::vector<std::optional<std::string>> documents, uris;
  std::vector<Metadata> metadatas;
  for (const ReferenceChange& change : step.changes) {
    ids.push_back(change.id);
    given.push_back(change.embedding.has_value() ? 1 : 0);
    const std::vector<float> row = change.embedding.value_or(std::vector<float>(static_cast<size_t>(step.dimension)));
    values.insert(values.end(), row.begin(), row.end());
    documents.push_back(change.document);
    uris.push_back(change.uri);
    metadatas.push_back(change.metadata);
  }
  Records records = {
      .ids = ids, .embeddings = {values, step.dimension}, .documents = documents, .metadatas = metadatas, .uris = uris};
  if (step.kind == Step::Kind::kAdd) return collection.Add(records).status();
  if (step.kind == Step::Kind::kUpsert) return collection.Upsert(records).status();
  records.embedding_given = given;
  return collection.Update(records).status();
}

}  // namespace

std::string Describe(const Step& step) {
  const std::string records = std::to_string(step.changes.size()) + " records ";
  switch (step.kind) {
    case Step::Kind::kCreate:
      return "creation of " + step.collection;
    case Step::Kind::kDrop:
      return "deletion of " + step.collection;
    case Step::Kind::kRename:
      return "renaming of " + step.collection + " to " + step.new_name;
    case Step::Kind::kSetMetadata:
      return "new metadata of " + step.collection;
    case Step::Kind::kAdd:
      return "add of " + records + "to " + step.collection;
    case Step::Kind::kUpdate:
      return "update of " + records + "of " + step.collection;
    case Step::Kind::kUpsert:
      return "upsert of " + records + "to " + step.collection;
    case Step::Kind::kDeleteIds:
      return "deletion of " + std::to_string(step.ids.size()) + " ids of " + step.collection;
    case Step::Kind::kDeleteWhere:
      return "deletion of a group of " + step.collection;
    case Step::Kind::kCompact:
      return "compaction of " + step.collection;
    case Step::Kind::kReopen:
      return "reopening";
  }
  return "no such step";
}

std::vector<Step> MakeWorkload(uint64_t seed, bool big) {
  using Kind = Step::Kind;
  Generator generator(seed);
  std::vector<Step> steps;
  const auto write = [&](Kind kind, const char* collection, int32_t dimension, int64_t first, int64_t count) {
    steps.push_back(generator.Write(kind, collection, dimension, first, count));
  };
  steps.push_back(Create("alpha", Space::kL2, 1));
  steps.push_back(Create("beta", Space::kCosine, 2));
  write(Kind::kAdd, "alpha", 8, 0, 40);
  write(Kind::kAdd, "beta", 4, 0, 30);
  write(Kind::kUpsert, "alpha", 8, 20, 40);
  steps.push_back(DeleteIds("alpha", {"a1", "a3", "a30", "unknown"}));
  steps.push_back(Simple(Kind::kCompact, "alpha"));
  write(Kind::kAdd, "alpha", 8, 50, 40);
  write(Kind::kUpdate, "alpha", 8, 10, 30);
  steps.push_back(DeleteGroup("alpha", 3));
  write(Kind::kUpsert, "beta", 4, 10, 30);
  steps.push_back({.kind = Kind::kRename, .collection = "beta", .new_name = "gamma"});
  steps.push_back(Simple(Kind::kCompact, "gamma"));
  steps.push_back({.kind = Kind::kSetMetadata, .collection = "gamma", .number = 77});
  if (big) {
    write(Kind::kAdd, "alpha", 8, 1'000, kBigBatchRows);
    steps.push_back(Simple(Kind::kCompact, "alpha"));
    write(Kind::kUpsert, "alpha", 8, 1'010, 60);
    steps.push_back(DeleteGroup("alpha", 5));
  }
  steps.push_back(Create("delta", Space::kInnerProduct, 4));
  write(Kind::kAdd, "delta", 3, 0, 12);
  steps.push_back(Simple(Kind::kCompact, "delta"));
  steps.push_back(Simple(Kind::kDrop, "delta"));
  steps.push_back(Simple(Kind::kReopen));
  write(Kind::kAdd, "alpha", 8, 90, 30);
  steps.push_back(DeleteIds("gamma", {"b10", "b11", "b12"}));
  steps.push_back(Create("delta", Space::kL2, 9));  // again, and another one
  write(Kind::kUpsert, "delta", 5, 0, 15);
  write(Kind::kUpsert, "alpha", 8, 60, 40);
  steps.push_back(Simple(Kind::kCompact, "alpha"));
  steps.push_back(DeleteGroup("gamma", 1));
  steps.push_back(Simple(Kind::kCompact, "gamma"));
  write(Kind::kAdd, "gamma", 4, 500, 5);
  steps.push_back(Simple(Kind::kReopen));
  write(Kind::kAdd, "alpha", 8, 7'000, 10);
  write(Kind::kUpsert, "delta", 5, 10, 10);
  return steps;
}

Status OpenDatabase::Open() {
  // Compactions only when a step asks for one, so that a run makes the same calls each time, apart from its threads.
  OCHRE_ASSIGN_OR_RETURN(client, Client::Open(path, {.durability = durability,
                                                     .compaction_threads = 1,
                                                     .tail_records_max = 1'000'000,
                                                     .aged_tail_records_min = 1'000'000}));
  return Status::Ok();
}

Status OpenDatabase::Close() {
  if (client == nullptr) return Status::Ok();
  const Status closed = client->Close();
  client.reset();
  return closed;
}

Status Execute(const Step& step, OpenDatabase& database) {
  if (step.kind == Step::Kind::kReopen) OCHRE_RETURN_IF_ERROR(database.Close());
  if (database.client == nullptr) OCHRE_RETURN_IF_ERROR(database.Open());
  Client& client = *database.client;
  switch (step.kind) {
    case Step::Kind::kReopen:
      return Status::Ok();
    case Step::Kind::kCreate:
      // A small graph: the campaigns build it hundreds of times.
      return client
          .CreateCollection(
              step.collection,
              {.space = step.space, .max_neighbors = 6, .ef_construction = 30, .metadata = {{"tag", step.number}}})
          .status();
    case Step::Kind::kDrop:
      return client.DeleteCollection(step.collection);
    default:
      break;
  }
  OCHRE_ASSIGN_OR_RETURN(Collection collection, client.GetCollection(step.collection));
  switch (step.kind) {
    case Step::Kind::kRename:
      return collection.Modify({.name = step.new_name});
    case Step::Kind::kSetMetadata:
      return collection.Modify({.metadata = Metadata{{"tag", step.number}}});
    case Step::Kind::kDeleteIds:
      return collection.Delete({.ids = step.ids}).status();
    case Step::Kind::kDeleteWhere:
      return collection.Delete({.where = Key("group") == step.number}).status();
    case Step::Kind::kCompact:
      return client.Compact(collection);
    default:
      return Write(step, collection);
  }
}

std::string_view DurabilityName(Durability durability) {
  switch (durability) {
    case Durability::kNone:
      return "none";
    case Durability::kNormal:
      return "normal";
    case Durability::kFull:
      return "full";
    case Durability::kMemory:
      return "memory";
  }
  return "?";
}

}  // namespace ochre
