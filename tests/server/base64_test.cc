#include "server/base64.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <openssl/evp.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ochre {
namespace {

std::optional<std::string> Decoded(std::string_view text) {
  const std::optional<size_t> size = Base64DecodedSize(text);
  if (!size.has_value()) return std::nullopt;
  // Of this size and no larger, so that AddressSanitizer sees a write beyond.
  std::vector<std::byte> bytes(*size);
  if (!DecodeBase64(text, bytes.data())) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// By one instruction set.
class Base64Test : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    hwy::SetSupportedTargetsForTest(GetParam());
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  void TearDown() override {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

std::vector<int64_t> Targets() {
  std::vector<int64_t> targets;
  for (int64_t all = hwy::SupportedTargets(); all != 0; all &= all - 1) targets.push_back(all & -all);
  return targets;
}

INSTANTIATE_TEST_SUITE_P(Targets, Base64Test, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(hwy::TargetName(info.param)); });

TEST_P(Base64Test, DecodesWhatTheRfcLists) {  // RFC 4648, section 10
  EXPECT_EQ(Decoded(""), "");
  EXPECT_EQ(Decoded("Zg=="), "f");
  EXPECT_EQ(Decoded("Zm8="), "fo");
  EXPECT_EQ(Decoded("Zm9v"), "foo");
  EXPECT_EQ(Decoded("Zm9vYg=="), "foob");
  EXPECT_EQ(Decoded("Zm9vYmE="), "fooba");
  EXPECT_EQ(Decoded("Zm9vYmFy"), "foobar");
}

TEST_P(Base64Test, PaddingMayBeLeftOut) {
  EXPECT_EQ(Decoded("Zg"), "f");
  EXPECT_EQ(Decoded("Zm8"), "fo");
  EXPECT_EQ(Decoded("Zm9vYg"), "foob");
}

TEST_P(Base64Test, RefusesWhatIsNoBase64) {
  for (const std::string_view text :
       {"Z", "Zm9vY", "Zm9!", "!m9v", "Zm9vY!==", "Z m9v", "Zm=v", "====", "Zm9v\nZm9", "Zm-_", "\xFFm9v"}) {
    EXPECT_EQ(Decoded(text), std::nullopt) << text;
  }
}

TEST_P(Base64Test, DecodesWhatOthersEncoded) {
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    std::string text(4 * ((size + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(size));
    text.resize(static_cast<size_t>(length));
    EXPECT_EQ(Decoded(text), bytes);
  }
}

TEST_P(Base64Test, EveryByteOfALongTextIsChecked) {
  const std::string good(200, 'w');  // longer than three of the widest vectors
  ASSERT_TRUE(Decoded(good).has_value());
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t place = 0; place < good.size(); ++place) {
    for (int character = 0; character < 256; ++character) {
      std::string text = good;
      text[place] = static_cast<char>(character);
      const bool is_padding = character == '=' && place == text.size() - 1;
      const bool valid = kAlphabet.find(static_cast<char>(character)) != std::string_view::npos || is_padding;
      ASSERT_EQ(Decoded(text).has_value(), valid) << "character " << character << " at " << place;
    }
  }
}

TEST_P(Base64Test, DecodesInPlace) {
  const std::string once = "Ty3hNz+/0aZ";
  std::string text;
  while (text.size() < 400) text += once;
  const std::optional<std::string> expected = Decoded(text);
  ASSERT_TRUE(expected.has_value());
  ASSERT_TRUE(DecodeBase64(text, reinterpret_cast<std::byte*>(text.data())));
  EXPECT_EQ(text.substr(0, expected->size()), *expected);
}

}  // namespace
}  // namespace ochre
