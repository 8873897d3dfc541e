#include "routing/latest_letters.hpp"

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

LatestLetter letter(int64_t time, std::string reason = "no") { return {.unix_ms = time, .reason = std::move(reason)}; }

TEST(LatestLetters, TheLatestIsFirst) {
  LatestLetters letters;
  EXPECT_TRUE(letters.read().empty());
  letters.add(letter(1));
  letters.add(letter(2));
  ASSERT_EQ(letters.read().size(), 2u);
  EXPECT_EQ(letters.read()[0].unix_ms, 2);
  EXPECT_EQ(letters.read()[1].unix_ms, 1);
}

TEST(LatestLetters, KeepsTheLastFew) {
  LatestLetters letters;
  constexpr auto kLast = static_cast<int64_t>(3 * LatestLetters::kKept + 1);
  for (int64_t i = 1; i <= kLast; ++i) letters.add(letter(i, std::string(5000, 'x')));
  auto kept = letters.read();
  ASSERT_EQ(kept.size(), LatestLetters::kKept);
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i].unix_ms, kLast - static_cast<int64_t>(i));
  EXPECT_EQ(kept[0].reason.size(), LatestLetters::kLongestText);
}

TEST(LatestLetters, ADeadLetterIsNotedWhenItIsConfirmed) {
  World world(
      "brokers:\n"
      "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}, {queue: other}]}\n"
      "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
      "failures: {attempts: 2, backoff: 1ms, dead_letter: {broker: lake, target: dead}}\n"
      "unrouted: dead_letter\n"
      "routes: [{name: letters, from: {broker: shop, target: a}, to: {broker: shop, target: b}}]\n");
  world.broker("shop").answer({2, Outcome::refused("not\nthere")});
  world.broker("lake").keep();
  auto delivery = std::make_unique<FakeDelivery>("a");
  delivery->subscription = 1;
  delivery->offset = 7;
  auto before = unix_ms();
  auto& first = world.receive("shop", std::move(delivery));
  ASSERT_TRUE(mombridge::test::eventually([&] { return world.broker("lake").sent_count() == 1; }));
  auto noted = [] {
    auto letters = latest_letters().read();
    return letters.empty() ? LatestLetter{} : letters[0];
  };
  EXPECT_NE(noted().route, "letters") << "not yet";
  world.broker("lake").complete();
  ASSERT_TRUE(settled(first, Settlement::accept));
  auto seen = noted();
  EXPECT_EQ(seen.route, "letters");
  EXPECT_EQ(seen.broker + "/" + seen.source + "/" + seen.target, "shop/other/a");
  EXPECT_EQ(seen.partition, -1);
  EXPECT_EQ(seen.offset, 7);
  EXPECT_EQ(seen.code, "undeliverable");
  EXPECT_EQ(seen.reason, "not\nthere");
  EXPECT_EQ(seen.attempts, 2u);
  EXPECT_GE(seen.unix_ms, before);

  world.receive("shop", "nobody.takes.it");
  ASSERT_TRUE(mombridge::test::eventually([&] { return world.broker("lake").sent_count() == 2; }));
  world.broker("lake").complete();
  ASSERT_TRUE(mombridge::test::eventually([&] { return noted().code == "unrouted"; }));
  EXPECT_EQ(noted().route, "");
}

}  // namespace
}  // namespace mombridge::routing::test
