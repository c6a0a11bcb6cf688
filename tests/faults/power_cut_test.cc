// An outage leaves what the durability promises: kFull all that was acknowledged, kNormal a beginning of it, kNone one
// or a message that names the damaged file.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "tests/faults/campaign.h"

namespace ochre {
namespace {

class PowerCutTest : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(PowerCutTest, LeavesWhatTheDurabilityPromises) {
  const auto& [durability, names] = GetParam();
  RunCampaign("power_cuts", {std::string("durability=") + durability, std::string("names=") + names,
                             "stride=" + std::to_string(IsLongCampaign() ? 1 : 16)});
}

INSTANTIATE_TEST_SUITE_P(, PowerCutTest,
                         testing::Combine(testing::Values("full", "normal", "none"),
                                          testing::Values("by_directory", "journalled")),
                         [](const auto& param) {
                           return std::string(std::get<0>(param.param)) + "_" + std::get<1>(param.param);
                         });

TEST(GraphPowerCutTest, LeavesAllThatWasAcknowledged) {
  RunCampaign("power_cuts", {"big=1", "stride=" + std::to_string(IsLongCampaign() ? 4 : 60)});
}

class FailedSyncTest : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

// One sync fails, those after it succeed; what was acknowledged by then and later is there after an outage.
TEST_P(FailedSyncTest, AndALaterOutageLeaveWhatTheDurabilityPromises) {
  const auto& [durability, names] = GetParam();
  RunCampaign("failed_syncs", {std::string("durability=") + durability, std::string("names=") + names,
                               "stride=" + std::to_string(IsLongCampaign() ? 1 : 30),
                               "cut_stride=" + std::to_string(IsLongCampaign() ? 20 : 150)});
}

INSTANTIATE_TEST_SUITE_P(, FailedSyncTest,
                         testing::Combine(testing::Values("full", "normal"),
                                          testing::Values("by_directory", "journalled")),
                         [](const auto& param) {
                           return std::string(std::get<0>(param.param)) + "_" + std::get<1>(param.param);
                         });

}  // namespace
}  // namespace ochre
