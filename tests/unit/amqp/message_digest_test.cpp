#include "broker/amqp/message_digest.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace mombridge::amqp {
namespace {

TEST(MessageDigest, IsTwelveDigitsThatStay) {
  Message m;
  m.body = "body";
  auto digest = message_digest(m);
  EXPECT_EQ(digest.size(), 12u);
  EXPECT_EQ(digest.find_first_not_of("0123456789abcdef"), std::string::npos);
  m.redelivered = true;
  m.target = "another";
  EXPECT_EQ(message_digest(m), digest);
}

TEST(MessageDigest, DependsOnEveryPart) {
  std::set<std::string> digests;
  auto add = [&](auto change) {
    Message m;
    m.body = "body";
    change(m);
    EXPECT_TRUE(digests.insert(message_digest(m)).second);
  };
  add([](Message&) {});
  add([](Message& m) { m.body = "other"; });
  add([](Message& m) { m.key = "k"; });
  add([](Message& m) { m.key = ""; });
  add([](Message& m) { m.message_id = "k"; });
  add([](Message& m) { m.correlation_id = "k"; });
  add([](Message& m) { m.content_type = "k"; });
  add([](Message& m) { m.priority = 0; });
  add([](Message& m) { m.timestamp = 5; });
  std::vector<Header> one{{"a", Value::of("1")}}, number{{"a", Value::of(int64_t{1})}}, two{{"a1", Value::of("")}};
  for (auto* headers : {&one, &number, &two}) {
    add([&](Message& m) { m.headers = *headers; });
    add([&](Message& m) { m.local = *headers; });
  }
  Value table{.kind = Value::Kind::table, .text = {}, .members = one};
  std::vector<Header> nested{{"a", table}};
  add([&](Message& m) { m.headers = nested; });
}

}  // namespace
}  // namespace mombridge::amqp
