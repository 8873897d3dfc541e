#include "broker/amqp/wire.hpp"

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;

TEST(Wire, NumbersAreBigEndian) {
  Buffer out;
  Writer w(out);
  w.octet(0x01);
  w.number(uint16_t{0x0203});
  w.number(uint32_t{0x04050607});
  w.number(uint64_t{0x08090a0b0c0d0e0f});
  EXPECT_EQ(out.view(), "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f");
  Reader in(out);
  EXPECT_EQ(in.octet(), 0x01);
  EXPECT_EQ(in.number<uint16_t>(), 0x0203);
  EXPECT_EQ(in.number<uint32_t>(), 0x04050607u);
  EXPECT_EQ(in.number<uint64_t>(), 0x08090a0b0c0d0e0fu);
  EXPECT_TRUE(in.ok() && in.at_end());
}

TEST(Wire, StringsCarryTheirSize) {
  Buffer out;
  Writer w(out);
  w.short_string("ab");
  w.short_string(std::string(255, 'x'));
  w.long_string("cd\0e"s);
  EXPECT_EQ(out.view().substr(0, 3), "\x02"s + "ab");
  Reader in(out);
  EXPECT_EQ(in.short_string(), "ab");
  EXPECT_EQ(in.short_string(), std::string(255, 'x'));
  EXPECT_EQ(in.long_string(), "cd\0e"s);
  EXPECT_TRUE(in.ok() && in.at_end());
}

TEST(Wire, ASizeThatIsKnownLater) {
  Buffer out("before");
  Writer w(out);
  auto begin = w.begin_sized();
  w.raw("12345");
  w.end_sized(begin);
  EXPECT_EQ(out.view(), "before\0\0\0\x05"s + "12345");
}

TEST(Wire, BeyondTheEndEverythingIsEmptyAndStaysSo) {
  for (size_t size = 0; size < 8; ++size) {
    Reader in(std::string_view("\xff\xff\xff\xff\xff\xff\xff", size));
    EXPECT_EQ(in.number<uint64_t>(), 0u);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.octet(), 0) << "what was there before is not read after a failure";
    EXPECT_EQ(in.short_string(), "");
    EXPECT_EQ(in.left(), 0u);
  }
  Reader short_one(
      "\x05"
      "abcd");
  EXPECT_EQ(short_one.short_string(), "");
  EXPECT_FALSE(short_one.ok());
  Reader huge(
      "\xff\xff\xff\xff"
      "abcd");
  EXPECT_EQ(huge.long_string(), "");
  EXPECT_FALSE(huge.ok());
}

}  // namespace
}  // namespace mombridge::amqp
