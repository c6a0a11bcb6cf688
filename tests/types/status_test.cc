#include "ochre/status.h"

#include <gtest/gtest.h>

#include <memory>

namespace ochre {
namespace {

TEST(StatusTest, OkHasNoMessage) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status::Ok(), Status());
  EXPECT_EQ(Status().ToString(), "Ok");
}

TEST(StatusTest, FactoriesConcatenateStringsAndNumbers) {
  const Status status = Status::InvalidArgument("dimension ", int32_t{3}, ", not ", uint64_t{18446744073709551615u},
                                                " or ", -1.5, std::string_view("!"));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "dimension 3, not 18446744073709551615 or -1.5!");
  EXPECT_EQ(status.ToString(), "InvalidArgument: dimension 3, not 18446744073709551615 or -1.5!");
}

TEST(StatusTest, ExtremeDoublesFit) {
  EXPECT_EQ(Status::Internal(-2.2250738585072014e-308).message(), "-2.2250738585072014e-308");
}

TEST(StatusTest, EveryCodeHasItsOwnName) {
  for (int code = 0; code <= 16; ++code) {
    const std::string_view name = StatusCodeName(static_cast<StatusCode>(code));
    EXPECT_EQ(name == "Unknown", code == static_cast<int>(StatusCode::kUnknown)) << code;
    for (int other = 0; other < code; ++other) EXPECT_NE(name, StatusCodeName(static_cast<StatusCode>(other)));
  }
  EXPECT_EQ(StatusCodeName(static_cast<StatusCode>(99)), "Unknown");
}

Result<int> Half(int number) {
  if (number % 2 != 0) return Status::InvalidArgument(number, " is odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  OCHRE_ASSIGN_OR_RETURN(const int half, Half(number));
  OCHRE_RETURN_IF_ERROR(Half(half).status());
  return half / 2;
}

TEST(ResultTest, ErrorsReturnFromTheCallerWithTheirMessage) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(7).status().message(), "7 is odd");
  EXPECT_EQ(Quarter(6).status().message(), "3 is odd");
}

TEST(ResultTest, ValuesAreMovedOutOfARvalue) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

}  // namespace
}  // namespace ochre
