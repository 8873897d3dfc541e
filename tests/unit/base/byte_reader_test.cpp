#include "base/byte_reader.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)

TEST(ByteReader, ReadsTheNetworksOrder) {
  ByteReader in("\x01\x01\x02\x01\x02\x03\x04\0\0\0\0\0\0\x01\0\x02hi\0\0\0\x03you!"sv);
  EXPECT_EQ(in.octet(), 1);
  EXPECT_EQ(in.number<uint16_t>(), 0x102);
  EXPECT_EQ(in.number<uint32_t>(), 0x1020304u);
  EXPECT_EQ(in.number<uint64_t>(), 0x100u);
  EXPECT_EQ(in.short_string(), "hi");
  EXPECT_EQ(in.long_string(), "you");
  EXPECT_EQ(in.left(), 1u);
  EXPECT_FALSE(in.at_end());
  EXPECT_EQ(in.take(1), "!");
  EXPECT_TRUE(in.ok() && in.at_end());
}

TEST(ByteReader, ReadsNothingAfterItsEnd) {
  ByteReader in("\x05hi\x01"sv);
  EXPECT_EQ(in.short_string(), "");
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.octet(), 0) << "also where there are bytes that it could have read";
  EXPECT_EQ(in.take(0), "");
  EXPECT_FALSE(in.ok());
  ByteReader whole("a"sv);
  EXPECT_EQ(whole.number<uint32_t>(), 0u);
  EXPECT_EQ(whole.take(SIZE_MAX), "");
}

}  // namespace
}  // namespace mombridge
