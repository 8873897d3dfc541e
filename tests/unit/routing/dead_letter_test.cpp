// What a dead letter carries, and what is left out of it until its broker takes it.

#include "routing/dead_letter.hpp"

#include <map>
#include <set>

#include <gmock/gmock.h>

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

struct Pub final : Publication {
  void completed(Outcome) noexcept override {}
};

class Letter : public testing::Test {
 protected:
  Letter() {
    delivery.partition = 3;
    delivery.offset = 42;
    auto& m = delivery.message;
    m.key = "key";
    m.correlation_id = "c1";
    m.content_type = content_type;
    m.message_id = "kafka:lake/orders/3/42";
    m.made_id = true;
    m.record_time_ms = 1'700'000'000'123;
    m.timestamp = 1'577'836'800;
    delivery.header("one", "1").header("two", "2");
  }

  void fill(bool as_record) {
    rendered.headers = {{header::kHops, Value::of("1")}};
    publication.key = delivery.message.key;
    letter.fill(publication, rendered, delivery, {"lake", "orders", "up", reason, 5}, as_record);
    headers.clear();
    for (auto& h : publication.headers) headers[std::string(h.name)] = std::string(h.value.text);
  }
  /// Leaves out so much, and fills it in.
  void leave_out(int steps, bool as_record = true) {
    for (int i = 0; i < steps; ++i) ASSERT_TRUE(letter.leave_out_more(delivery.message));
    fill(as_record);
  }
  /// Bytes of all that may be left out.
  [[nodiscard]] size_t size() const {
    auto& m = *publication.message;
    size_t sum = publication.key.value_or("").size();
    for (auto list : {publication.headers, m.headers})
      for (auto& h : list) sum += h.name.size() + h.value.text.size();
    for (auto& text : {m.correlation_id, m.content_type, m.message_id}) sum += text.value_or("").size();
    return sum;
  }
  [[nodiscard]] size_t own_headers() const { return publication.message->headers.size(); }

  std::string content_type = "text/plain", reason = std::string(2000, 'r');
  FakeDelivery delivery{"orders", "body"};
  Pub publication;
  Rendered rendered;
  DeadLetter letter;
  std::map<std::string, std::string> headers;
};

TEST_F(Letter, Whole) {
  fill(true);
  EXPECT_EQ(headers["mombridge-dead-reason"].size(), 1024u + 3);
  EXPECT_EQ(headers["kafka_dlt-exception-message"], headers["mombridge-dead-reason"]);
  EXPECT_EQ(headers["mombridge-hops"], "1");
  EXPECT_FALSE(headers.contains("mombridge-dead-left-out"));
  EXPECT_EQ(letter.left_out(), "");
}

TEST_F(Letter, ShortReason) {
  leave_out(1);
  EXPECT_EQ(headers["mombridge-dead-reason"].size(), 120u + 3);
  EXPECT_EQ(headers["mombridge-dead-attempts"], "5");
  EXPECT_EQ(headers["mombridge-dead-left-out"], "the end of the reason");
  EXPECT_FALSE(headers.contains("kafka_dlt-exception-message"));
  EXPECT_EQ(own_headers(), 2u);
}

TEST_F(Letter, WithoutReason) {
  leave_out(2);
  std::set<std::string> names;
  for (auto& [name, value] : headers) names.insert(name);
  EXPECT_THAT(names, ElementsAre("mombridge-dead-broker", "mombridge-dead-left-out", "mombridge-dead-offset",
                                 "mombridge-dead-partition", "mombridge-dead-source", "mombridge-dead-target",
                                 "mombridge-hops"));
  EXPECT_EQ(headers["mombridge-dead-left-out"], "the reason");
  EXPECT_EQ(own_headers(), 2u);
}

// What a topic had taken fits a topic with the same limits.
TEST_F(Letter, AsItCame) {
  leave_out(3);
  EXPECT_THAT(headers, IsEmpty());
  EXPECT_EQ(own_headers(), 2u);
  EXPECT_FALSE(publication.message->message_id) << "the bridge had made it";
  EXPECT_EQ(publication.message->correlation_id, "c1");
  EXPECT_EQ(publication.key, "key");
  delivery.message.made_id = false;
  fill(true);
  EXPECT_TRUE(publication.message->message_id);
}

TEST_F(Letter, WithoutTheMessagesHeaders) {
  content_type.assign(300, 't');
  delivery.message.content_type = content_type;
  leave_out(4);
  EXPECT_EQ(own_headers(), 0u);
  EXPECT_EQ(headers["mombridge-dead-headers-left-out"], "2");
  EXPECT_EQ(headers["mombridge-dead-left-out"], "the message's headers");
  EXPECT_EQ(headers["mombridge-dead-reason"].size(), 1024u + 3);
  EXPECT_FALSE(publication.message->content_type) << "AMQP takes it as a header only";
  EXPECT_EQ(publication.message->correlation_id, "c1");
  EXPECT_TRUE(letter.without_headers());
  leave_out(1);
  EXPECT_FALSE(headers.contains("mombridge-dead-reason"));
  EXPECT_EQ(headers["mombridge-dead-source"], "orders");
}

TEST_F(Letter, OnlyTheBodyAndKafkasKey) {
  leave_out(6);
  EXPECT_THAT(headers, IsEmpty());
  auto& m = *publication.message;
  EXPECT_EQ(m.body, "body");
  EXPECT_FALSE(m.correlation_id || m.content_type || m.message_id || m.timestamp || m.record_time_ms);
  EXPECT_EQ(publication.key, "key");
  fill(false);
  EXPECT_FALSE(publication.key) << "on AMQP it is a header";
  EXPECT_FALSE(letter.leave_out_more(delivery.message));
}

TEST_F(Letter, EachStepUpToTheBodyIsSmallerOrGivesUpMoreOfTheMessage) {
  size_t before = SIZE_MAX;
  fill(true);
  for (int step = 0;; ++step) {
    if (step != 4) {
      EXPECT_LT(size(), before) << step;
    }
    before = size();
    if (!letter.leave_out_more(delivery.message)) break;
    fill(true);
  }
  EXPECT_EQ(before, 3u) << "the key";
}

TEST_F(Letter, WithoutHeadersOfItsOwnThereAreNoneToLeaveOut) {
  FakeDelivery bare("orders");
  int steps = 0;
  while (letter.leave_out_more(bare.message)) ++steps;
  EXPECT_EQ(steps, 4);
}

// Which time the dead letter itself has as a record is said by the options of its destination.
TEST_F(Letter, SaysWhenItWasARecord) {
  fill(true);
  EXPECT_EQ(headers["kafka_dlt-original-timestamp"], std::string("\0\0\x01\x8b\xcf\xe5\x68\x7b", 8));
  EXPECT_EQ(publication.message->timestamp, 1'577'836'800u);
  EXPECT_EQ(publication.message->record_time_ms, 1'700'000'000'123);
  fill(false);
  EXPECT_EQ(publication.message->record_time_ms, 1'700'000'000'123) << "AMQP deletes nothing by it";
}

}  // namespace
}  // namespace mombridge::routing::test
