// Expectations on Status and Result.
#ifndef OCHRE_TESTS_SUPPORT_EXPECT_OK_H_
#define OCHRE_TESTS_SUPPORT_EXPECT_OK_H_

#include <gtest/gtest.h>

#include "ochre/status.h"

namespace ochre::testing_support {

inline const Status& StatusOf(const Status& status) { return status; }
template <typename T>
const Status& StatusOf(const Result<T>& result) {
  return result.status();
}

}  // namespace ochre::testing_support

#define EXPECT_OK(expression)                                                                              \
  do {                                                                                                     \
    const auto& expect_ok_result = (expression);                                                           \
    EXPECT_TRUE(expect_ok_result.ok()) << ::ochre::testing_support::StatusOf(expect_ok_result).ToString(); \
  } while (false)
#define ASSERT_OK(expression)                                                                              \
  do {                                                                                                     \
    const auto& assert_ok_result = (expression);                                                           \
    ASSERT_TRUE(assert_ok_result.ok()) << ::ochre::testing_support::StatusOf(assert_ok_result).ToString(); \
  } while (false)

#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  ASSERT_OK_AND_ASSIGN_INNER(OCHRE_STATUS_CONCAT(assert_result_, __LINE__), lhs, expression)
#define ASSERT_OK_AND_ASSIGN_INNER(result, lhs, expression) \
  auto result = (expression);                               \
  ASSERT_TRUE(result.ok()) << result.status().ToString();   \
  lhs = std::move(result).value()

#endif  // OCHRE_TESTS_SUPPORT_EXPECT_OK_H_
