#include "http_ingress/content.hpp"

#include <gmock/gmock.h>

namespace mombridge::http_ingress {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string kApp = "the-bridge";

RequestHead head(HttpHeaders headers) {
  RequestHead head;
  head.headers = std::move(headers);
  return head;
}

std::string fault(HttpHeaders headers, Kind kind = Kind::publish) {
  Content content(head(std::move(headers)), "");
  auto read = content.read(kind, kApp);
  return read ? "" : read.error().text;
}

TEST(Content, MapsHeaders) {
  Content content(head({{"Host", "localhost"},
                        {"content-type", "text/plain"},
                        {"Content-Encoding", "br"},
                        {"Mombridge-Key", "k"},
                        {"mombridge-correlation-id", "c"},
                        {"Mombridge-Message-Id", "m"},
                        {"Mombridge-Type", "t"},
                        {"Mombridge-Expiration", "5000"},
                        {"Mombridge-Priority", "9"},
                        {"Mombridge-Timestamp", "1700000000"},
                        {"Mombridge-Header-customer", "ä"},
                        {"mombridge-header-Customer", "\xff"},
                        {"Mombridge-Header-customer", "two"},
                        {"TraceParent", "00-1-2-01"},
                        {"User-Agent", "curl"}}),
                  std::string("\0body", 5));
  ASSERT_TRUE(content.read(Kind::publish, kApp));
  auto& m = content.message();
  EXPECT_EQ(m.body, std::string("\0body", 5));
  EXPECT_EQ(m.content_type, "text/plain");
  EXPECT_EQ(m.content_encoding, "br");
  EXPECT_EQ(m.key, "k");
  EXPECT_EQ(m.correlation_id, "c");
  EXPECT_EQ(m.message_id, "m");
  EXPECT_EQ(m.type, "t");
  EXPECT_EQ(m.app_id, "the-bridge");
  EXPECT_EQ(m.expiration, "5000");
  EXPECT_EQ(m.priority, 9);
  EXPECT_EQ(m.timestamp, 1700000000u);
  std::vector<std::pair<std::string, std::string>> headers;
  for (auto& h : m.headers) headers.emplace_back(h.name, h.value.text);
  EXPECT_THAT(headers, ElementsAre(Pair("customer", "ä"), Pair("Customer", "\xff"), Pair("customer", "two"),
                                   Pair("traceparent", "00-1-2-01")));
  EXPECT_EQ(m.headers[1].value.kind, Value::Kind::bytes);
}

TEST(Content, RefusesWhatOthersOwnByName) {
  for (auto* name : {"kafka_replyTopic", "kafka_dlt-exception-message", "mombridge-hops", "mombridge-dead-reason",
                     "x-death", "CC", "mombridge-error"})
    EXPECT_THAT(fault({{"Mombridge-Header-" + std::string(name), "1"}}),
                HasSubstr("header " + std::string(name) + " "));
  EXPECT_EQ(fault({{"Mombridge-Header-kafka_own", "1"}}), "");
  EXPECT_EQ(fault({{"Mombridge-Header-x-delay", "1"}}), "");
  EXPECT_THAT(fault({{"Mombridge-Header-", "1"}}), HasSubstr("names no header"));
  EXPECT_THAT(fault({{"Mombridge-Reply-To", "q"}}), HasSubstr("unknown header Mombridge-Reply-To"));
  EXPECT_THAT(fault({{"Mombridge-Priority", "256"}}), HasSubstr("0 to 255"));
  EXPECT_THAT(fault({{"Mombridge-Expiration", "5s"}}), HasSubstr("milliseconds"));
  EXPECT_THAT(fault({{"Mombridge-Timestamp", "now"}}), HasSubstr("seconds since 1970"));
  EXPECT_THAT(fault({{"Mombridge-Key", "a"}, {"mombridge-key", "b"}}), HasSubstr("twice"));
  EXPECT_THAT(fault({{"Content-Type", "a"}, {"Content-Type", "b"}}), HasSubstr("twice"));
}

TEST(Content, OnARequestTheBridgeSetsTheIdAndTheTime) {
  EXPECT_THAT(fault({{"Mombridge-Correlation-Id", "a"}}, Kind::request), HasSubstr("set by the bridge"));
  EXPECT_THAT(fault({{"Mombridge-Expiration", "1"}}, Kind::request), HasSubstr("?timeout=2s"));
  EXPECT_EQ(fault({{"Mombridge-Message-Id", "a"}}, Kind::request), "");
}

TEST(Content, OfAReply) {
  Message reply;
  reply.content_type = "text/plain";
  reply.content_encoding = "gzip";
  reply.message_id = "m";
  reply.type = "a\r\nInjected: yes";
  reply.timestamp = 7;
  Header headers[] = {{"plain", Value::of("text")},
                      {"number", Value::of(int64_t{5})},
                      {"not a token", Value::of("x")},
                      {"line", Value::of("a\nb")},
                      {"nested", {.kind = Value::Kind::array, .text = {}, .members = {}}},
                      {"traceparent", Value::of("00")}};
  reply.headers = headers;
  unsigned left_out = 0;
  EXPECT_THAT(http_headers(reply, left_out),
              ElementsAre(Pair("Content-Encoding", "gzip"), Pair("Mombridge-Message-Id", "m"),
                          Pair("Mombridge-Timestamp", "7"), Pair("Mombridge-Header-plain", "text"),
                          Pair("Mombridge-Header-number", "5"), Pair("traceparent", "00")));
  EXPECT_EQ(left_out, 4u);
}

}  // namespace
}  // namespace mombridge::http_ingress
