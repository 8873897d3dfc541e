// The built samples through the fake bridge: each does what its first lines say.
#include <chrono>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mombridge/testing.hpp"

namespace mombridge::sdk::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StrEq;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;

const mombridge_handler& sample(const std::string& name) { return open_plugin(SAMPLES "/" + name + ".so"); }

TEST(Samples, GreeterGreets) {
  FakeHost bridge(sample("greeter"));
  EXPECT_EQ(bridge.start().request({.body = "Hi there", .reply_to = "me"})->reply->body, "Hi there too");
  FakeHost other(sample("greeter"));
  EXPECT_EQ(other.config("greeting", "Moin").start().request({})->reply->body, "Moin");
}

TEST(Samples, EnrichTransforms) {
  FakeHost bridge(sample("enrich"));
  bridge.config("header.value", "test").start();
  const auto end = bridge.request({.body = "abc 1\xC3\xA9", .key = "k", .headers = {{"a", "b"}}});
  EXPECT_EQ(end->reply->body, "ABC 1\xC3\xA9");
  EXPECT_EQ(end->reply->key, "k");
  EXPECT_THAT(end->reply->headers, ElementsAre(Pair("a", "b"), Pair("enriched-by", "test")));
  EXPECT_THAT(bridge.counts(), ElementsAre(Pair("enriched", 1u)));
  EXPECT_EQ(bridge.request({})->verdict, Status::reject);
}

TEST(Samples, EchoInPlainC) {
  FakeHost bridge(sample("echo"));
  EXPECT_EQ(bridge.start().request({.body = std::string("a\0b", 3)})->reply->body, std::string("a\0b", 3));
}

TEST(Samples, ArchiveIsDoneWhenTheCopyIsConfirmed) {
  FakeHost bridge(sample("archive"));
  bridge.config("broker", "lake").config("target", "copies").broker("lake").start();
  bridge.publishing(FakeHost::Publishing::hold);
  const auto confirmed = bridge.send({.target = "orders", .body = "x", .key = "k"});
  const auto refused = bridge.send({.target = "orders", .body = "y"});
  const auto failed = bridge.send({.target = "orders", .body = "z"});
  EXPECT_FALSE(bridge.wait(confirmed, std::chrono::milliseconds(1)));
  ASSERT_EQ(bridge.published().size(), 3u);
  EXPECT_EQ(bridge.published()[0].broker, "lake");
  EXPECT_EQ(bridge.published()[0].message.target, "copies");
  EXPECT_EQ(bridge.published()[0].message.key, "k");
  bridge.settle(0, Status::ok);
  bridge.settle(1, Status::reject, "too large");
  bridge.settle(2, Status::retry, "away");
  EXPECT_EQ(bridge.wait(confirmed)->verdict, Status::ok);
  EXPECT_EQ(bridge.wait(refused)->verdict, Status::reject);
  EXPECT_EQ(bridge.wait(refused)->error, "too large");
  EXPECT_EQ(bridge.wait(failed)->verdict, Status::retry);
  bridge.publishing(FakeHost::Publishing::refuse);
  EXPECT_EQ(bridge.request({.body = "x"})->verdict, Status::retry);
}

TEST(Samples, ArchiveSaysThatThereIsNoSuchBroker) {
  FakeHost bridge(sample("archive"));
  bridge.config("broker", "pond").config("target", "copies").start();
  EXPECT_EQ(bridge.request({.body = "x"})->verdict, Status::retry);
  EXPECT_THAT(bridge.logs().at(0).text, HasSubstr("no broker 'pond'"));
}

TEST(Samples, DelayAnswersLaterAndInOrder) {
  FakeHost bridge(sample("delay"));
  bridge.config("delay", "20ms").start();
  const auto begin = std::chrono::steady_clock::now();
  const auto first = bridge.send({.body = "1"});
  const auto second = bridge.send({.body = "2"});
  EXPECT_EQ(bridge.wait(second)->reply->body, "2");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
  EXPECT_EQ(bridge.wait(first, std::chrono::milliseconds(0))->reply->body, "1");
}

TEST(Samples, DelayGivesBackWhatWaitsAtStop) {
  FakeHost bridge(sample("delay"));
  const auto id = bridge.config("delay", "1h").start().send({});
  bridge.stop();
  EXPECT_EQ(bridge.wait(id)->verdict, Status::retry);
  EXPECT_THAT(bridge.wait(id)->error, HasSubstr("without an answer"));
}

TEST(Samples, PriceAnswersAndRejects) {
  FakeHost bridge(sample("price"));
  bridge.config("currency", "EUR").config("markets.0", "DE").config("markets.1", "FR").config("tax.DE", "19");
  bridge.config("tax.FR", "20").start();
  EXPECT_EQ(bridge.request({.body = "1000"})->reply->body, "EUR 11.90");
  EXPECT_EQ(bridge.request({.body = "5", .headers = {{"market", "FR"}}})->reply->body, "EUR 0.06");
  EXPECT_THAT(bridge.request({.body = "5", .headers = {{"market", "UK"}}})->error, HasSubstr("market 'UK'"));
  for (const char* body : {"", "-1", "1.5", "x", "99999999999999999999"}) {
    EXPECT_EQ(bridge.request({.body = body})->verdict, Status::reject) << body;
  }
}

void expect_price_refuses(std::initializer_list<std::pair<std::string, std::string>> settings,
                          const std::string& words) {
  FakeHost bridge(sample("price"));
  for (const auto& [path, value] : settings) bridge.config(path, value);
  EXPECT_THAT([&] { bridge.create(); }, ThrowsMessage<std::runtime_error>(StrEq(words)));
}

TEST(Samples, PriceSaysWhatIsWrongWithItsConfiguration) {
  expect_price_refuses({}, "config: missing key 'currency'");
  expect_price_refuses({{"currency", "Euro"}},
                       "config.currency: expected three capital letters such as EUR, found 'Euro'");
  expect_price_refuses({{"currency", "EUR"}}, "config.markets: expected a list of at least one market");
  expect_price_refuses({{"currency", "EUR"}, {"markets.0", "DE"}}, "config: missing key 'tax.DE'");
  expect_price_refuses({{"currency", "EUR"}, {"markets.0", "DE"}, {"tax.DE", "a lot"}},
                       "config.tax.DE: expected a whole number, found 'a lot'");
  expect_price_refuses({{"currency", "EUR"}, {"markets.0", "DE"}, {"tax.DE", "101"}},
                       "config.tax.DE: expected a percentage from 0 to 100, found 101");
}

TEST(Samples, GateRetriesAndRejects) {
  FakeHost bridge(sample("gate"));
  bridge.config("header", "due").start();
  EXPECT_EQ(bridge.request({.body = "x", .headers = {{"due", "1700000000"}}})->reply->body, "x");
  EXPECT_EQ(bridge.request({.headers = {{"due", "32503680000"}}})->verdict, Status::retry);
  EXPECT_EQ(bridge.request({.headers = {{"due", "32503680000"}}})->error, "it is too early");
  EXPECT_EQ(bridge.request({.headers = {{"due", "soon"}}})->verdict, Status::reject);
  EXPECT_EQ(bridge.request({})->error, "the header 'due' is missing");
}

TEST(Samples, MeterCounts) {
  FakeHost bridge(sample("meter"));
  bridge.config("large", "3").start();
  EXPECT_FALSE(bridge.request({.body = "123"})->reply);
  bridge.wait(bridge.send({.body = "1234"}, 2));
  EXPECT_THAT(bridge.counts(), UnorderedElementsAre(Pair("messages", 2u), Pair("bytes", 7u), Pair("large_messages", 1u),
                                                    Pair("messages_seen_before", 1u)));
}

}  // namespace
}  // namespace mombridge::sdk::testing
