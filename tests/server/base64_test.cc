#include "server/base64.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
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

TEST(Base64Test, DecodesWhatTheRfcLists) {  // RFC 4648, section 10
  EXPECT_EQ(Decoded(""), "");
  EXPECT_EQ(Decoded("Zg=="), "f");
  EXPECT_EQ(Decoded("Zm8="), "fo");
  EXPECT_EQ(Decoded("Zm9v"), "foo");
  EXPECT_EQ(Decoded("Zm9vYg=="), "foob");
  EXPECT_EQ(Decoded("Zm9vYmE="), "fooba");
  EXPECT_EQ(Decoded("Zm9vYmFy"), "foobar");
}

TEST(Base64Test, PaddingMayBeLeftOut) {
  EXPECT_EQ(Decoded("Zg"), "f");
  EXPECT_EQ(Decoded("Zm8"), "fo");
  EXPECT_EQ(Decoded("Zm9vYg"), "foob");
}

TEST(Base64Test, RefusesWhatIsNoBase64) {
  for (const std::string_view text :
       {"Z", "Zm9vY", "Zm9!", "!m9v", "Zm9vY!==", "Z m9v", "Zm=v", "====", "Zm9v\nZm9", "Zm-_", "\xFFm9v"}) {
    EXPECT_EQ(Decoded(text), std::nullopt) << text;
  }
}

TEST(Base64Test, DecodesWhatOthersEncoded) {
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

}  // namespace
}  // namespace ochre
