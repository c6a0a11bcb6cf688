// A process that is killed at any file call leaves what it acknowledged.
#include <gtest/gtest.h>

#include "tests/faults/campaign.h"

namespace ochre {
namespace {

std::string Stride(int64_t in_short) { return "stride=" + std::to_string(IsLongCampaign() ? 1 : in_short); }

class CrashPointTest : public testing::TestWithParam<const char*> {};

TEST_P(CrashPointTest, EveryFileCallMayBeTheLast) {
  RunCampaign("crash_points", {std::string("durability=") + GetParam(), Stride(23)});
}

TEST_P(CrashPointTest, EveryWriteMayBeDoneInHalf) {
  RunCampaign("crash_points", {std::string("durability=") + GetParam(), "torn=1", Stride(41)});
}

INSTANTIATE_TEST_SUITE_P(, CrashPointTest, testing::Values("full", "normal", "none"),
                         [](const auto& param) { return std::string(param.param); });

TEST(GraphCrashPointTest, EveryFileCallOfTheBuildingOfAGraphMayBeTheLast) {
  RunCampaign("crash_points", {"big=1", "stride=" + std::to_string(IsLongCampaign() ? 7 : 131)});
}

TEST(RecoveryCrashTest, RecoveryMayBeKilledAtEveryFileCall) {
  RunCampaign("recovery_crashes", {"stride=" + std::to_string(IsLongCampaign() ? 11 : 211),
                                   "recovery_stride=" + std::to_string(IsLongCampaign() ? 1 : 2)});
}

}  // namespace
}  // namespace ochre
