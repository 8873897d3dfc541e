// Between the wire and a Message, in steady state: no memory is asked for, as what an earlier message needed is used
// again.

#include <gtest/gtest.h>

#include "broker/amqp/properties.hpp"
#include "broker/kafka/record.hpp"
#include "counting.hpp"

namespace mombridge {
namespace {

struct Sent final : Publication {
  explicit Sent(const Message& m) { message = &m; }
  void completed(Outcome) noexcept override {}
};

/// A message as most are: properties, and headers with texts.
class Example {
 public:
  Example() {
    message.target = "orders.new";
    message.body = body;
    message.content_type = "application/json";
    message.correlation_id = "0b9c2d0e-5f5d-4c57-8f43-0a3f5b1c7d11";
    message.message_id = "message-17-of-a-long-name";
    message.app_id = "shop";
    message.timestamp = 1'700'000'000;
    message.headers = headers;
  }

  std::string body = std::string(500, 'b');
  std::vector<Header> headers{
      {"traceparent", Value::of(std::string_view("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))},
      {"tenant", Value::of(std::string_view("t1"))},
      {"a-header-with-a-long-name-and-text", Value::of(std::string_view("a text that is longer than a short string"))}};
  Message message;
};

constexpr int kWarmUp = 10, kMessages = 1000;

/// How many allocations `kMessages` calls make after some of them have filled what is kept.
template <class Call>
uint64_t allocations_of(Call call) {
  for (int i = 0; i < kWarmUp; ++i) call();
  auto before = test::allocations();
  for (int i = 0; i < kMessages; ++i) call();
  return test::allocations() - before;
}

TEST(Allocations, AreCounted) {
  auto before = test::allocations();
  auto one = std::make_unique<int>(1);
  EXPECT_EQ(test::allocations(), before + 1);
}

TEST(Allocations, NoneOfAnAmqpMessage) {
  Example example;
  Sent sent(example.message);
  Buffer encoded;
  EXPECT_EQ(allocations_of([&] {
              encoded.clear();
              amqp::Writer writer(encoded);
              ASSERT_TRUE(amqp::encode_properties(writer, sent));
            }),
            0u);
  DecodedHeaders storage;
  unsigned dropped = 0;
  EXPECT_EQ(allocations_of([&] {
              storage.clear();
              Message message;
              ASSERT_TRUE(amqp::decode_properties(encoded.view(), message, storage, dropped));
              ASSERT_EQ(message.headers.size(), example.headers.size());
            }),
            0u);
}

// A number has a type of its own on AMQP: reading and writing it needs no memory either.
TEST(Allocations, NoneOfTypedAmqpHeaders) {
  Example example;
  for (int64_t n : {1, 2, 3}) example.headers.push_back({"number", Value::of(n)});
  example.headers.push_back({"yes", Value::of_bool(true)});
  example.headers.erase(example.headers.begin() + 3, example.headers.begin() + 5);  // one of each name
  example.message.headers = example.headers;
  Sent sent(example.message);
  Buffer encoded;
  DecodedHeaders storage;
  unsigned dropped = 0;
  EXPECT_EQ(allocations_of([&] {
              encoded.clear();
              storage.clear();
              amqp::Writer writer(encoded);
              ASSERT_TRUE(amqp::encode_properties(writer, sent));
              Message message;
              ASSERT_TRUE(amqp::decode_properties(encoded.view(), message, storage, dropped));
            }),
            0u);
}

TEST(Allocations, NoneOfAKafkaRecordBeyondTheClientsOwn) {
  Example example;
  Sent sent(example.message);
  unsigned dropped = 0;
  EXPECT_EQ(allocations_of([&] { ASSERT_TRUE(kafka::encode_headers(sent, dropped)); }), 0u);

  auto headers = kafka::encode_headers(sent, dropped);
  rd_kafka_message_t record{};
  kafka::RecordStorage storage;
  for (size_t size : {example.body.size(), kafka::kCopied + 1}) {  // copied and kept
    std::string body(size, 'b');
    record.payload = body.data();
    record.len = body.size();
    EXPECT_EQ(allocations_of([&] {
                storage.clear();
                Message message;
                auto decoded = kafka::decode_content(record, headers.get(), message, storage, dropped);
                ASSERT_EQ(decoded.copied, size <= kafka::kCopied - 200);
                ASSERT_EQ(message.headers.size(), example.headers.size());
              }),
              0u);
  }
}

}  // namespace
}  // namespace mombridge
