#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "tests/support/failing_allocator.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

// An open database with a segment and a tail, which each case has to itself.
struct Fixture {
  TemporaryDirectory directory;
  std::unique_ptr<Client> client;
  std::optional<Collection> collection;
  std::vector<std::string> ids;
  std::vector<float> rows;
  std::vector<std::string> documents;
  std::vector<Metadata> metadatas;
  std::vector<float> query_row = std::vector<float>(8, 0.5f);
  const QueryRequest query = {.embeddings = {query_row, 8}, .n_results = 10, .where = Key("g") <= 2};
  const GetRequest get = {.where = Key("g") == 2, .include = {.documents = true, .metadatas = true}};
  const DeleteRequest erase = {.where = Key("g") == 2};

  Fixture() {
    // Compactions come from the call alone.
    auto opened = Client::Open(directory.path(), {.durability = Durability::kNone, .aged_tail_seconds = 3600});
    if (!opened.ok()) std::abort();
    client = *std::move(opened);
    auto created = client->CreateCollection("alpha");
    if (!created.ok()) std::abort();
    collection.emplace(*std::move(created));
    for (int i = 0; i < 40; ++i) {
      ids.push_back("id" + std::to_string(i));
      for (int d = 0; d < 8; ++d) rows.push_back(static_cast<float>((i * 7 + d * 3) % 11));
      documents.push_back("the quick brown fox number " + std::to_string(i));
      metadatas.push_back({{"g", int64_t{i % 4}}});
    }
    if (!Write(0, 20).ok()) std::abort();
    if (!client->Compact(*collection).ok()) std::abort();
    if (!Write(20, 10).ok()) std::abort();
  }

  // Allocates nothing itself, like all that the cases call: what fails is the library's.
  Status Write(size_t begin, size_t count) {
    return collection
        ->Upsert({.ids = std::span<const std::string>(ids).subspan(begin, count),
                  .embeddings = {std::span<const float>(rows).subspan(begin * 8, count * 8), 8},
                  .documents = std::span<const std::string>(documents).subspan(begin, count),
                  .metadatas = std::span<const Metadata>(metadatas).subspan(begin, count)})
        .status();
  }
};

using Call = std::function<Status(Fixture&)>;

// Has the nth allocation of `call` fail, for n = 1, 2, ... until none does; then everything must go on.
void ExpectSurvivesEachFailure(const Call& call, bool for_good) {
  int64_t failures = 0;
  for (int64_t nth = 1;; nth += 1 + nth / 25) {
    SCOPED_TRACE("allocation " + std::to_string(nth) + (for_good ? " and all after it" : ""));
    Fixture fixture;
    AllocationFailure failure({.nth = nth, .for_good = for_good});
    const Status status = call(fixture);
    failure.Stop();
    if (!failure.happened()) {
      EXPECT_TRUE(status.ok()) << status.ToString();
      break;
    }
    ++failures;
    // What lacks a cache or a hint only may succeed.
    if (!status.ok()) {
      EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.ToString();
    }
    if (fixture.client == nullptr) continue;
    const auto before = fixture.collection->Count();
    ASSERT_TRUE(before.ok()) << before.status().ToString();
    const Status written = fixture.Write(35, 5);
    ASSERT_TRUE(written.ok()) << written.ToString();
    EXPECT_EQ(*fixture.collection->Count(), *before + 5);
    const Status compacted = fixture.client->Compact(*fixture.collection);
    ASSERT_TRUE(compacted.ok()) << compacted.ToString();
    const Status verified = fixture.client->Verify(*fixture.collection);
    ASSERT_TRUE(verified.ok()) << verified.ToString();
    EXPECT_EQ(*fixture.collection->Count(), *before + 5);
    fixture.collection.reset();
    EXPECT_TRUE(fixture.client->Close().ok());
    auto again = Client::Open(fixture.directory.path());
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    auto collection = (*again)->GetCollection("alpha");
    ASSERT_TRUE(collection.ok()) << collection.status().ToString();
    EXPECT_EQ(*collection->Count(), *before + 5);
  }
  EXPECT_GT(failures, 0);
}

class OutOfMemoryTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(OnceAndForGood, OutOfMemoryTest, testing::Bool());

TEST_P(OutOfMemoryTest, AWriteIsThereOrNotAndTheNextOnesWork) {
  ExpectSurvivesEachFailure([](Fixture& f) { return f.Write(30, 5); }, GetParam());
}

TEST_P(OutOfMemoryTest, ReadsFailAndTheNextOnesWork) {
  ExpectSurvivesEachFailure(
      [](Fixture& f) {
        OCHRE_RETURN_IF_ERROR(f.collection->Query(f.query).status());
        return f.collection->Get(f.get).status();
      },
      GetParam());
}

TEST_P(OutOfMemoryTest, RecordsAreDeletedOrNot) {
  ExpectSurvivesEachFailure([](Fixture& f) { return f.collection->Delete(f.erase).status(); }, GetParam());
}

}  // namespace
}  // namespace ochre
