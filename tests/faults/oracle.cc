#include "tests/faults/oracle.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

namespace ochre {
namespace {

constexpr Include kEverything = {.documents = true, .metadatas = true, .embeddings = true, .uris = true};
// Below this many rows a segment has no graph (segment/vector_index_writer.h), and every query is exact.
constexpr size_t kGraphRowsMin = 5'000;
constexpr int64_t kHits = 10;
// Folders that nothing names are deleted in the background; this is far more than it takes.
constexpr std::chrono::seconds kGarbageDeadline{10};

std::string Failed(const char* what, const Status& status) { return std::string(what) + ": " + status.ToString(); }

// One of every kind of condition.
std::vector<Filter> Filters() {
  return {Key("group") == 2,
          Key("number") >= 10.0 && Key("text") != "t1",
          Key("flag") == true || Key("list").Contains("e1"),
          Key("group").In({1, 4}),
          Key("text").NotIn({"t0", "t2"}),
          Document().Contains("w7 w"),
          Document().NotContains("w3 "),
          Document().Matches("^w1[0-9]? w"),
          Id() != "a20"};
}

std::string DifferenceOfRow(const RecordColumns& columns, size_t row, const ReferenceRecord& expected) {
  const std::string id(columns.ids[row]);
  if (id != expected.id) return "record " + std::to_string(row) + " is " + id + ", not " + expected.id;
  const auto embedding = columns.embeddings->Row(static_cast<int64_t>(row));
  if (!std::equal(embedding.begin(), embedding.end(), expected.embedding.begin(), expected.embedding.end())) {
    return id + " has another embedding";
  }
  if (columns.documents->Get(row) != expected.document) return id + " has another document";
  if (columns.uris->Get(row) != expected.uri) return id + " has another uri";
  if ((*columns.metadatas)[row] != expected.metadata) return id + " has other metadata";
  return "";
}

std::string DifferenceOfIds(const StringArray& ids, const std::vector<const ReferenceRecord*>& expected) {
  for (size_t i = 0; i < std::min(ids.size(), expected.size()); ++i) {
    if (ids[i] != expected[i]->id) return "number " + std::to_string(i) + " is " + std::string(ids[i]);
  }
  if (ids.size() == expected.size()) return "";
  return std::to_string(ids.size()) + " records instead of " + std::to_string(expected.size());
}

std::string DifferenceOfReads(const Collection& collection, const ReferenceStore& expected) {
  const auto count = collection.Count();
  if (!count.ok()) return Failed("count", count.status());
  if (*count != std::ssize(expected.records())) return "count says " + std::to_string(*count);
  for (const Filter& filter : Filters()) {
    const auto found = collection.Get({.where = filter, .include = {}});
    if (!found.ok()) return Failed(filter.ToJson().c_str(), found.status());
    const std::string difference = DifferenceOfIds(found->ids, expected.Select(std::nullopt, filter, {}));
    if (!difference.empty()) return filter.ToJson() + ": " + difference;
  }
  std::vector<std::string> ids = {"never there"};
  const size_t step = std::max<size_t>(1, expected.records().size() / 20);
  for (size_t i = 0; i < expected.records().size(); i += step) ids.push_back(expected.records()[i].id);
  const auto found = collection.Get({.ids = ids, .include = {}});
  if (!found.ok()) return Failed("get by ids", found.status());
  const std::string difference = DifferenceOfIds(found->ids, expected.Select(ids, {}, {}));
  return difference.empty() ? "" : "get by ids: " + difference;
}

// One query's hits against the nearest by the reference. A graph may miss some of them.
std::string DifferenceOfHits(const QueryResult& found, const std::vector<ReferenceHit>& nearest,
                             const std::vector<ReferenceHit>& all, bool by_graph) {
  if (found.size() != nearest.size()) {
    return std::to_string(found.size()) + " hits instead of " + std::to_string(nearest.size());
  }
  size_t among_the_nearest = 0;
  std::set<std::string> seen;
  for (size_t i = 0; i < found.size(); ++i) {
    const std::string id(found.ids[i]);
    const float distance = (*found.distances)[i];
    if (!by_graph) {
      if (id != nearest[i].record->id) return "hit " + std::to_string(i) + " is " + id;
      if (distance != nearest[i].distance) return "the distance of " + id + " is " + std::to_string(distance);
      continue;
    }
    const auto hit =
        std::find_if(all.begin(), all.end(), [&](const ReferenceHit& candidate) { return candidate.record->id == id; });
    if (hit == all.end()) return "hit " + id + " is not among the matches";
    if (distance != hit->distance) return "the distance of " + id + " is " + std::to_string(distance);
    if (!seen.insert(id).second) return id + " is found twice";
    if (distance <= nearest.back().distance) ++among_the_nearest;
  }
  if (by_graph && among_the_nearest * 2 < nearest.size()) {
    return "only " + std::to_string(among_the_nearest) + " of the " + std::to_string(nearest.size()) + " nearest";
  }
  return "";
}

std::string DifferenceOfQueries(const Collection& collection, const ReferenceStore& expected) {
  const std::vector<ReferenceRecord>& records = expected.records();
  if (records.empty()) return "";
  for (const size_t row : {size_t{0}, records.size() / 2, records.size() - 1}) {
    std::vector<float> query = records[row].embedding;
    query[0] += 1;
    const auto dimension = static_cast<int64_t>(query.size());
    for (const Filter& where : {Filter(), Key("group") <= 2}) {
      const std::vector<ReferenceHit> all = expected.Nearest(query, records.size(), expected.Select({}, where, {}));
      std::vector<ReferenceHit> nearest = all;
      if (std::ssize(nearest) > kHits) nearest.resize(kHits);
      for (const bool exact : {true, false}) {
        const auto found = collection.Query({.embeddings = {query, dimension},
                                             .n_results = kHits,
                                             .where = where,
                                             .include = {.distances = true},
                                             .exact = exact});
        const std::string what =
            std::string(exact ? "exact" : "graph") + " query near " + records[row].id + ", where " + where.ToJson();
        if (!found.ok()) return Failed(what.c_str(), found.status());
        const std::string difference =
            DifferenceOfHits(*found, nearest, all, !exact && records.size() >= kGraphRowsMin / 2);
        if (!difference.empty()) return what + ": " + difference;
      }
    }
  }
  return "";
}

// "" once segments/ holds as many folders as the catalogue names segments.
std::string Garbage(const OpenDatabase& database) {
  const auto deadline = std::chrono::steady_clock::now() + kGarbageDeadline;
  while (true) {
    int64_t named = 0;
    const auto collections = database.client->ListCollections();
    if (!collections.ok()) return Failed("list", collections.status());
    for (const CollectionInfo& info : *collections) {
      const auto collection = database.client->GetCollection(info.name);
      if (!collection.ok()) return Failed(info.name.c_str(), collection.status());
      const auto stats = database.client->Stats(*collection);
      if (!stats.ok()) return Failed(info.name.c_str(), stats.status());
      named += stats->segment_count;
    }
    int64_t folders = 0;
    std::error_code error;  // of a folder that is removed meanwhile, or is not there yet
    for (std::filesystem::directory_iterator entry(database.path / "segments", error), end; !error && entry != end;
         entry.increment(error)) {
      ++folders;
    }
    if (folders == named) return "";
    if (std::chrono::steady_clock::now() > deadline) {
      return std::to_string(folders) + " folders in segments/, but " + std::to_string(named) + " segments";
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

void ExpectedDatabase::Apply(const Step& step) {
  switch (step.kind) {
    case Step::Kind::kCompact:
    case Step::Kind::kReopen:
      return;
    case Step::Kind::kCreate:
      collections_[step.collection] = std::make_shared<const ExpectedCollection>(
          ExpectedCollection{.space = step.space, .tag = step.number, .records = ReferenceStore(step.space)});
      return;
    case Step::Kind::kDrop:
      collections_.erase(step.collection);
      return;
    case Step::Kind::kRename: {
      auto node = collections_.extract(step.collection);
      node.key() = step.new_name;
      collections_.insert(std::move(node));
      return;
    }
    default:
      break;
  }
  auto changed = std::make_shared<ExpectedCollection>(*collections_.at(step.collection));
  if (step.kind == Step::Kind::kSetMetadata) changed->tag = step.number;
  if (step.kind == Step::Kind::kDeleteIds) changed->records.Delete(step.ids);
  if (step.kind == Step::Kind::kDeleteWhere) {
    std::vector<std::string> ids;
    for (const ReferenceRecord* record : changed->records.Select({}, Key("group") == step.number, {})) {
      ids.push_back(record->id);
    }
    changed->records.Delete(ids);
  }
  for (const ReferenceChange& change : step.changes) {
    if (step.kind == Step::Kind::kAdd) changed->records.Add(change);
    if (step.kind == Step::Kind::kUpdate) changed->records.Update(change);
    if (step.kind == Step::Kind::kUpsert) changed->records.Upsert(change);
  }
  collections_[step.collection] = std::move(changed);
}

std::vector<ExpectedDatabase> StatesOf(const std::vector<Step>& steps) {
  std::vector<ExpectedDatabase> states(1);
  for (const Step& step : steps) {
    states.push_back(states.back());
    states.back().Apply(step);
  }
  return states;
}

std::string DifferenceOfRecords(const Collection& collection, const ExpectedCollection& expected) {
  const auto all = collection.Get({.include = kEverything});
  if (!all.ok()) return Failed("get", all.status());
  const std::vector<ReferenceRecord>& records = expected.records.records();
  for (size_t row = 0; row < std::min(all->size(), records.size()); ++row) {
    std::string difference = DifferenceOfRow(*all, row, records[row]);
    if (!difference.empty()) return difference;
  }
  if (all->size() == records.size()) return "";
  return std::to_string(all->size()) + " records instead of " + std::to_string(records.size());
}

std::string DifferenceOf(const Client& client, const Collection& collection, const ExpectedCollection& expected) {
  const auto info = collection.Info();
  if (!info.ok()) return Failed("info", info.status());
  if (info->metadata != Metadata{{"tag", expected.tag}}) return "the collection has other metadata";
  if (info->hnsw.space != expected.space) return "the collection has another space";
  std::string difference = DifferenceOfRecords(collection, expected);
  if (difference.empty()) difference = DifferenceOfReads(collection, expected.records);
  if (difference.empty()) difference = DifferenceOfQueries(collection, expected.records);
  if (!difference.empty()) return difference;
  const Status verified = client.Verify(collection);
  return verified.ok() ? "" : Failed("Verify", verified);
}

std::string DifferenceOf(const Client& client, const ExpectedDatabase& expected) {
  const auto listed = client.ListCollections();
  if (!listed.ok()) return Failed("list", listed.status());
  for (const CollectionInfo& info : *listed) {
    if (!expected.collections().contains(info.name)) return info.name + " should not be there";
  }
  for (const auto& [name, collection] : expected.collections()) {
    const auto found = client.GetCollection(name);
    if (!found.ok()) return Failed(name.c_str(), found.status());
    const std::string difference = DifferenceOf(client, *found, *collection);
    if (!difference.empty()) return name + ": " + difference;
  }
  return "";
}

std::string DifferenceAfterGoingOn(OpenDatabase& database, ExpectedDatabase expected, bool look_for_garbage) {
  const auto compare = [&](const char* when) {
    const std::string difference = DifferenceOf(*database.client, expected);
    return difference.empty() ? "" : std::string(when) + ": " + difference;
  };
  const auto reopen = [&] {
    Status status = database.Close();
    if (status.ok()) status = database.Open();
    return status.ok() ? "" : Failed("reopening", status);
  };
  std::string difference = compare("as found");
  if (!difference.empty()) return difference;
  std::vector<Step> steps;
  for (const auto& [name, collection] : expected.collections()) {
    const std::vector<ReferenceRecord>& records = collection->records.records();
    // An empty collection may have a dimension already, by writes that were deleted or that were not acknowledged.
    const auto found = database.client->GetCollection(name);
    const auto info = found.ok() ? found->Info() : Result<CollectionInfo>(found.status());
    if (!info.ok()) return Failed(name.c_str(), info.status());
    const auto dimension = static_cast<size_t>(info->dimension.value_or(4));
    Step step = {.kind = Step::Kind::kUpsert, .collection = name, .dimension = static_cast<int32_t>(dimension)};
    std::vector<std::string> ids = {"fresh"};  // and one that is replaced
    if (!records.empty()) ids.push_back(records[records.size() / 2].id);
    for (const std::string& id : ids) {
      step.changes.push_back({.id = id,
                              .embedding = std::vector<float>(dimension, 3),
                              .document = "w7 w" + id,
                              .uri = {},
                              .metadata = {{"group", 2}}});
    }
    steps.push_back(std::move(step));
  }
  for (const Step& step : steps) {
    if (const Status status = Execute(step, database); !status.ok()) return Failed("writing after it", status);
    expected.Apply(step);
  }
  difference = compare("after writes");
  if (difference.empty()) difference = reopen();
  if (difference.empty()) difference = compare("after reopening");
  for (const auto& [name, collection] : expected.collections()) {
    if (!difference.empty()) return difference;
    const Status status = Execute({.kind = Step::Kind::kCompact, .collection = name}, database);
    if (!status.ok()) difference = Failed("compacting after it", status);
  }
  if (difference.empty()) difference = compare("after compactions");
  if (difference.empty()) difference = reopen();
  if (difference.empty() && look_for_garbage) difference = Garbage(database);
  if (!difference.empty()) return difference;
  const Status closed = database.Close();
  return closed.ok() ? "" : Failed("closing", closed);
}

}  // namespace ochre
