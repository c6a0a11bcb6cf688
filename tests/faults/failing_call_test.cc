// A file call that fails, once or for good, costs the call of the library that made it and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/faults/campaign.h"

namespace ochre {
namespace {

struct FailingCalls {
  const char* calls;
  const char* fault;
  int64_t count;  // about how many such calls the workload makes
};

void PrintTo(const FailingCalls& calls, std::ostream* stream) { *stream << calls.calls << " " << calls.fault; }

class FailingCallTest : public testing::TestWithParam<FailingCalls> {
 protected:
  // The short form tries three.
  static void Run(const std::string& for_good) {
    const int64_t stride = IsLongCampaign() ? 1 : std::max<int64_t>(1, GetParam().count / 3);
    RunCampaign("failing_calls", {std::string("calls=") + GetParam().calls, std::string("fault=") + GetParam().fault,
                                  "for_good=" + for_good, "stride=" + std::to_string(stride)});
  }
};

TEST_P(FailingCallTest, OnceLeavesTheDatabaseWholeAndWorking) { Run("0"); }

TEST_P(FailingCallTest, ForGoodLeavesTheDatabaseWholeAndWorkingOnceItIsOver) {
  // Interrupted calls are made again until they are not.
  if (std::string_view(GetParam().fault) == "EINTR") GTEST_SKIP() << "no signal comes for good";
  Run("1");
}

INSTANTIATE_TEST_SUITE_P(, FailingCallTest,
                         testing::Values(FailingCalls{"write", "EIO", 390}, FailingCalls{"write", "ENOSPC", 390},
                                         FailingCalls{"write", "EINTR", 390}, FailingCalls{"write", "short", 390},
                                         FailingCalls{"read", "EIO", 97}, FailingCalls{"read", "EINTR", 97},
                                         FailingCalls{"read", "short", 97}, FailingCalls{"sync", "EIO", 123},
                                         FailingCalls{"sync", "ENOSPC", 123}, FailingCalls{"open", "EIO", 82},
                                         FailingCalls{"open", "EMFILE", 82}, FailingCalls{"open", "EINTR", 82},
                                         FailingCalls{"create", "EIO", 52}, FailingCalls{"create", "ENOSPC", 52},
                                         FailingCalls{"create", "EMFILE", 52}, FailingCalls{"map", "ENOMEM", 36},
                                         FailingCalls{"unlink,rename", "EIO", 37}, FailingCalls{"list", "EIO", 102},
                                         FailingCalls{"list", "EMFILE", 102}, FailingCalls{"truncate", "EIO", 12},
                                         FailingCalls{"truncate", "ENOSPC", 12}, FailingCalls{"mkdir", "ENOSPC", 8},
                                         FailingCalls{"close", "EIO", 110}, FailingCalls{"close", "EINTR", 110}),
                         [](const auto& param) {
                           std::string name = std::string(param.param.calls) + "_" + param.param.fault;
                           std::replace(name.begin(), name.end(), ',', '_');
                           return name;
                         });

}  // namespace
}  // namespace ochre
