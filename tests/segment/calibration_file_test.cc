#include "segment/calibration_file.h"

#include <gtest/gtest.h>

#include <limits>

#include "storage/memory_storage.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

Result<Calibration> WriteAndRead(const Calibration& calibration, uint64_t bytes_missing = 0, Space space = Space::kL2) {
  MemoryStorage storage;
  auto whole = Must(storage.Create("whole"));
  Must(AppendCalibration(calibration, *whole));
  const auto blob = Must(VerifiedBlob::Open(storage, Must(whole->Finish())));
  const auto bytes = Must(blob->ReadAll());
  auto part = Must(storage.Create("part"));
  Must(part->Append(bytes.first(bytes.size() - bytes_missing)));
  const auto part_blob = Must(VerifiedBlob::Open(storage, Must(part->Finish())));
  return ReadCalibration(*part_blob, space);
}

const Calibration kCalibration = {.by_ef = {{20, 0.5f}, {40, 0.75f}, {80, 0.75f}}, .by_reach = {{1.0f, 0.25f}}};

TEST(CalibrationFileTest, PointsComeBack) {
  ASSERT_OK_AND_ASSIGN(const Calibration read, WriteAndRead(kCalibration));
  ASSERT_EQ(read.by_ef.size(), 3u);
  EXPECT_EQ(read.by_ef[1].knob, 40.0f);
  EXPECT_EQ(read.by_ef[1].recall, 0.75f);
  ASSERT_EQ(read.by_reach.size(), 1u);
  EXPECT_EQ(read.by_reach[0].recall, 0.25f);
  ASSERT_OK_AND_ASSIGN(const Calibration empty, WriteAndRead({}));
  EXPECT_TRUE(empty.by_ef.empty() && empty.by_reach.empty());
}

TEST(CalibrationFileTest, ACutFileIsDataLoss) {
  for (const uint64_t missing : {1, 8, 40, 41, 56}) {
    EXPECT_EQ(WriteAndRead(kCalibration, missing).status().code(), StatusCode::kDataLoss) << missing;
  }
}

TEST(CalibrationFileTest, PointsThatMakeNoSenseAreDataLoss) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const Calibration& bad :
       {Calibration{.by_ef = {{40, 0.5f}, {20, 0.75f}}, .by_reach = {}},
        Calibration{.by_ef = {{20, 0.75f}, {40, 0.5f}}, .by_reach = {}},
        Calibration{.by_ef = {{1e30f, 0.5f}}, .by_reach = {}},  // would become an ef that no int64 holds
        Calibration{.by_ef = {{20, 1.5f}}, .by_reach = {}}, Calibration{.by_ef = {}, .by_reach = {{0.5f, 0.5f}}},
        Calibration{.by_ef = {}, .by_reach = {{kNan, 0.5f}}}, Calibration{.by_ef = {}, .by_reach = {{1.0f, kNan}}}}) {
    EXPECT_EQ(WriteAndRead(bad).status().code(), StatusCode::kDataLoss);
  }
}

TEST(CalibrationFileTest, PointsByReachOfInnerProductsAreDataLoss) {
  EXPECT_EQ(WriteAndRead(kCalibration, 0, Space::kInnerProduct).status().code(), StatusCode::kDataLoss);
  EXPECT_OK(WriteAndRead({.by_ef = kCalibration.by_ef, .by_reach = {}}, 0, Space::kInnerProduct));
}

}  // namespace
}  // namespace ochre
