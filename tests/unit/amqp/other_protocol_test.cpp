#include "broker/amqp/other_protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

TEST(OtherProtocol, IsNamedByItsFirstBytes) {
  EXPECT_EQ(describe_other_protocol("\1\0\0"s), "") << "the beginning of a method's frame";
  EXPECT_THAT(describe_other_protocol("AMQP\0\1\0\0"s), HasSubstr("does not speak AMQP 0-9-1"));
  EXPECT_THAT(describe_other_protocol("\x15\3\3"s), HasSubstr("speaks TLS"));
  EXPECT_THAT(describe_other_protocol("HTTP/1.1 400"), HasSubstr("speaks HTTP"));
  EXPECT_THAT(describe_other_protocol("220 mail"), HasSubstr("'220 mail'"));
}

TEST(NotTls, IsNamedByItsFirstBytes) {
  EXPECT_THAT(describe_not_tls("AMQP\0\0\x09\x01"s), HasSubstr("speaks AMQP without TLS"));
  EXPECT_THAT(describe_not_tls("HTTP/1.1 400"), HasSubstr("speaks HTTP without TLS"));
  EXPECT_THAT(describe_not_tls("SSH-2.0"), HasSubstr("does not speak TLS, it says 'SSH-2.0'"));
}

}  // namespace
}  // namespace mombridge::amqp
