#include "base/base64url.hpp"

#include <random>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

TEST(Base64Url, EncodesAsTheStandardSays) {
  // RFC 4648, section 10, without padding; and the two characters that differ from plain base64.
  const std::pair<std::string, std::string> known[]{
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (auto& [bytes, text] : known) {
    std::string encoded = "before", decoded = "before";
    base64url_encode(bytes, encoded);
    EXPECT_EQ(encoded, "before" + text);
    ASSERT_TRUE(base64url_decode(text, decoded));
    EXPECT_EQ(decoded, "before" + bytes);
  }
}

TEST(Base64Url, TakesOnlyTheOneEncoding) {
  for (std::string text : {"Z", "Zg==", "Zm9v\n", "Zh", "Zm9", "+/8", "Zm9vY", "\xc3\xa4"}) {
    std::string decoded = "kept";
    EXPECT_FALSE(base64url_decode(text, decoded)) << text;
    EXPECT_EQ(decoded, "kept");
  }
}

TEST(Base64Url, AnyBytesComeBack) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 200, '\0'), text, back;
    for (char& c : bytes) c = static_cast<char>(random());
    base64url_encode(bytes, text);
    ASSERT_TRUE(base64url_decode(text, back));
    ASSERT_EQ(back, bytes);
  }
}

}  // namespace
}  // namespace mombridge
