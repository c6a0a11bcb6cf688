// Calls that may end the process for want of memory, by somebody else's code: what they leave in the files.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "ochre/ochre.h"
#include "tests/faults/forked_child.h"
#include "tests/support/expect_ok.h"
#include "tests/support/failing_allocator.h"
#include "tests/support/temporary_directory.h"

namespace ochre {
namespace {

constexpr int kDone = 0, kWrong = 1, kNothingFailed = 2;
constexpr std::chrono::seconds kLimit{30};  // a case takes some 10 ms

Status Fill(Collection& collection) {
  const std::vector<std::string> ids = {"a", "b"};
  const std::vector<float> rows = {1, 0, 0, 1};
  return collection.Upsert({.ids = ids, .embeddings = {rows, 2}}).status();
}

using Call = std::function<Status(Client&)>;

// In a child: the `nth` allocation of `call` fails, and everything must go on.
int CallAndGoOn(const std::filesystem::path& path, const Call& call, const AllocationFailure::Options& options) {
  const auto fail = [](const char* what, const Status& status) {
    std::fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
    return kWrong;
  };
  auto client = Client::Open(path, {.durability = Durability::kNone});
  if (!client.ok()) return fail("open", client.status());
  AllocationFailure failure(options);
  const Status status = call(**client);
  failure.Stop();
  if (!failure.happened()) return status.ok() ? kNothingFailed : fail("the call", status);
  if (!status.ok() && status.code() != StatusCode::kResourceExhausted) return fail("the call", status);
  auto alpha = (*client)->GetCollection("alpha");
  if (!alpha.ok()) return fail("get alpha", alpha.status());
  if (const Status filled = Fill(*alpha); !filled.ok()) return fail("write", filled);
  const Status closed = (*client)->Close();
  return closed.ok() ? kDone : fail("close", closed);
}

// Whether somebody else's code ended the process: nlohmann::json (3.11) allocates in its destructor, and so ends one
// whose memory runs out while it unwinds; RocksDB (7.8) asserts that a table whose end failed was not ended.
// The C library, without memory for the text of an assert, says "Unexpected error."; where one allocation alone fails,
// each has its text.
bool EndedByALibrary(const ChildOutcome& outcome) {
  const auto says = [&](const char* what) { return outcome.output.find(what) != std::string::npos; };
  return outcome.signal == SIGABRT && (says("bad_alloc") || says("rocksdb::") || says("Unexpected error."));
}

// The files must be whole whatever came of the process, and the call done or not.
void ExpectWholeAfterEachFailure(const Call& call, bool for_good) {
  int64_t failures = 0;
  for (int64_t nth = 1;; nth += 1 + nth / 20) {
    SCOPED_TRACE("allocation " + std::to_string(nth) + (for_good ? " and all after it" : ""));
    const TemporaryDirectory directory;
    {
      auto client = Client::Open(directory.path(), {.durability = Durability::kNone});
      ASSERT_OK(client);
      auto alpha = (*client)->CreateCollection("alpha");
      ASSERT_OK(alpha);
      ASSERT_OK(Fill(*alpha));
      ASSERT_OK((*client)->Close());
    }
    const ChildOutcome outcome =
        RunForked(kLimit, [&] { return CallAndGoOn(directory.path(), call, {.nth = nth, .for_good = for_good}); });
    ASSERT_TRUE(EndedByALibrary(outcome) || outcome.exited_with(kDone) || outcome.exited_with(kNothingFailed))
        << Describe(outcome);
    if (outcome.exited_with(kNothingFailed)) break;
    ++failures;
    auto again = Client::Open(directory.path());
    ASSERT_OK(again);
    auto alpha = (*again)->GetCollection("alpha");
    ASSERT_OK(alpha);
    EXPECT_EQ(*alpha->Count(), 2);
    ASSERT_OK((*again)->Verify(*alpha));
    auto omega = (*again)->GetOrCreateCollection("omega");  // which may be there
    ASSERT_OK(omega);
    ASSERT_OK(Fill(*omega));
    EXPECT_EQ(*omega->Count(), 2);
    ASSERT_OK((*again)->Close());
  }
  EXPECT_GT(failures, 0);
}

class OutOfMemoryTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(OnceAndForGood, OutOfMemoryTest, testing::Bool());

TEST_P(OutOfMemoryTest, ACollectionIsCreatedOrNot) {
  ExpectWholeAfterEachFailure([](Client& client) { return client.CreateCollection("omega").status(); }, GetParam());
}

TEST_P(OutOfMemoryTest, ACollectionIsDeletedOrNot) {
  ExpectWholeAfterEachFailure(
      [](Client& client) {
        OCHRE_RETURN_IF_ERROR(client.CreateCollection("omega").status());
        return client.DeleteCollection("omega");
      },
      GetParam());
}

TEST_P(OutOfMemoryTest, ACompactionIsGivenUpAndTheNextOneWorks) {
  ExpectWholeAfterEachFailure(
      [](Client& client) {
        OCHRE_ASSIGN_OR_RETURN(Collection alpha, client.GetCollection("alpha"));
        return client.Compact(alpha);
      },
      GetParam());
}

}  // namespace
}  // namespace ochre
