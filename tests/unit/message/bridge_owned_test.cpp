#include "message/bridge_owned.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace mombridge {
namespace {

using Kind = Value::Kind;

TEST(BridgeOwned, EveryNameHasItsOwner) {
  for (auto name : {"kafka_replyTopic", "kafka_replyPartition", "kafka_correlationId"})
    EXPECT_EQ(owner_of(name), NameOwner::property) << name;
  for (auto name : {"kafka_dlt-original-topic", "kafka_dlt-exception-message", "kafka_dlt-", "mombridge-dead-reason",
                    "mombridge-dead-target", "mombridge-dead-anything"})
    EXPECT_EQ(owner_of(name), NameOwner::dead_letter) << name;
  for (auto name : header::kBridge) EXPECT_EQ(owner_of(name), NameOwner::bridge) << name;
  for (auto name : {"CC", "BCC", "x-death", "x-opt-deaths"}) EXPECT_EQ(owner_of(name), NameOwner::broker) << name;
}

// Names are case-sensitive on both sides, and those who read them compare exactly.
TEST(BridgeOwned, EveryOtherNameIsTheSenders) {
  for (auto name : {"",
                    "k",
                    "m",
                    "x-mine",
                    "C",
                    "kafka_",
                    "kafka_replytopic",
                    "Kafka_ReplyTopic",
                    "kafka_replyTopic ",
                    "kafka_replyTopics",
                    "kafka_messageKey",
                    "kafka_dlt",
                    "mombridge-",
                    "mombridge-unknown",
                    "Mombridge-Key",
                    "mombridge-keys",
                    "mombridge-dead",
                    "mombridge_key",
                    "content-type",
                    "ce_id"})
    EXPECT_EQ(owner_of(name), NameOwner::sender) << name;
  EXPECT_EQ(owner_of(std::string_view("kafka_replyTopic\0", 17)), NameOwner::sender);
}

// As routing/hops.hpp writes them: what is dropped here, a loop is not stopped by.
TEST(BridgeOwned, TheCountOfPassagesGoesOnWithItsMarks) {
  for (auto& v : {"1 kT3a9Qxz", "8 kT3a9Qxzkt3A-_09", "2 "})
    EXPECT_TRUE(goes_on(header::kHops, Value::of(v), false)) << v;
  const std::string most = "8 " + std::string(64, 'a');
  EXPECT_TRUE(goes_on(header::kHops, Value::of(most), false));
  EXPECT_TRUE(goes_on(header::kHops, Value::of_bytes("1 kT3a9Qxz"), false)) << "as Kafka has it";
  for (auto& v : {" kT3a9Qxz", "x kT3a9Qxz", "-1 kT3a9Qxz", "1 kT3a9Qxz;", "1 kT3a9Qxz kt3A-_09", "1  "})
    EXPECT_FALSE(goes_on(header::kHops, Value::of(v), false)) << v;
  const std::string more = most + "a";
  EXPECT_FALSE(goes_on(header::kHops, Value::of(more), false));
  EXPECT_FALSE(goes_on(header::kDeadline, Value::of("1 kT3a9Qxz"), false));
}

TEST(BridgeOwned, CountsAndDeadlinesGoOnAsWholeNumbers) {
  Value i32 = Value::of(int64_t{7});
  i32.kind = Kind::i32;
  Value real{.kind = Kind::f64, .real = 7, .text = {}, .members = {}};
  for (auto name : {header::kHops, header::kDeadline}) {
    for (auto& v : {Value::of("0"), Value::of("1700000000000"), Value::of_bytes("8"), Value::of(int64_t{0}), i32})
      EXPECT_TRUE(goes_on(name, v, false)) << name << ' ' << v.text;
    for (auto& v : {Value(), Value::of(""), Value::of("-1"), Value::of("+1"), Value::of(" 1"), Value::of("1.5"),
                    Value::of("99999999999999999999"), Value::of("many"), Value::of(int64_t{-1}), Value::of_bool(true),
                    real, Value{.kind = Kind::table, .text = {}, .members = {}}})
      EXPECT_FALSE(goes_on(name, v, true)) << name << ' ' << v.text;
  }
}

TEST(BridgeOwned, AnErrorGoesOnInRepliesAlone) {
  EXPECT_TRUE(goes_on(header::kError, Value::of("timeout"), true));
  EXPECT_FALSE(goes_on(header::kError, Value::of("timeout"), false));
  EXPECT_FALSE(goes_on(header::kError, Value::of(std::string(65, 'e')), true));
  EXPECT_FALSE(goes_on(header::kError, Value::of(int64_t{1}), true));
}

TEST(BridgeOwned, NoOtherNameGoesOn) {
  for (auto name : header::kBridge) {
    bool goes = name == header::kHops || name == header::kDeadline || name == header::kError;
    EXPECT_EQ(goes_on(name, Value::of("1"), true), goes) << name;
  }
}

TEST(BridgeOwned, WhatIsTrue) {
  EXPECT_TRUE(is_true(Value::of_bool(true)) && is_true(Value::of("true")) && is_true(Value::of_bytes("true")));
  EXPECT_FALSE(is_true(Value::of_bool(false)) || is_true(Value::of("false")) || is_true(Value::of(int64_t{1})) ||
               is_true({}));
}

// Routes and handlers may ask for what stays behind.
TEST(BridgeOwned, LocalHeadersAreFoundAfterTheOthers) {
  std::vector<Header> headers{{"a", Value::of("1")}, {"a", Value::of("2")}}, local{{"b", Value::of("3")}};
  Message m;
  m.headers = headers;
  m.local = local;
  EXPECT_EQ(m.find("a")->text, "2");
  EXPECT_EQ(m.find("b")->text, "3");
  EXPECT_EQ(m.find("c"), nullptr);
}

}  // namespace
}  // namespace mombridge
