// How long a route table stays.

#include "routing/table_use.hpp"

#include <thread>

#include "world.hpp"

namespace mombridge::routing::test {
namespace {

class TableUseTest : public testing::Test {
 protected:
  static std::shared_ptr<const RouteTable> table() {
    auto loaded = load_text(kBrokers, false);
    config::Diagnostics diagnostics;
    return compile(loaded.config, diagnostics);
  }
  std::shared_ptr<TableUse> add(std::shared_ptr<const RouteTable> table) {
    auto* origin = table->origin("shop");
    uses.use(std::move(table), origin);
    return uses.renew(0);
  }
  TableUses uses;
};

TEST_F(TableUseTest, ATableStaysUntilItsLastDeliveryIsSettled) {
  auto first = table();
  std::weak_ptr watch = first;
  auto use = add(std::move(first));
  ASSERT_TRUE(use->enter());
  ASSERT_TRUE(use->enter());
  uses.use(nullptr, nullptr);
  EXPECT_FALSE(use->enter()) << "another table is used now";
  EXPECT_EQ(uses.in_flight(), 2u);
  use->settled();
  EXPECT_FALSE(watch.expired());
  use->settled();
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(uses.in_flight(), 0u);
}

TEST_F(TableUseTest, AnIdleOneGoesAtOnce) {
  auto first = table();
  std::weak_ptr watch = first;
  auto use = add(std::move(first));
  uses.use(nullptr, nullptr);
  EXPECT_TRUE(watch.expired());
  EXPECT_FALSE(use->enter());
  EXPECT_FALSE(use->enter());
}

TEST_F(TableUseTest, CountsWhatIsHeld) {
  auto one = table();
  auto use = add(one);
  ASSERT_TRUE(use->enter());
  use->held(true);
  EXPECT_EQ(uses.held(), 1);
  use->held(false);
  EXPECT_EQ(uses.held(), 0);
  use->settled();
}

// One thread enters, others settle, one retires.
TEST_F(TableUseTest, GoesOnceUnderConcurrentUse) {
  for (int round = 0; round < 200; ++round) {
    auto first = table();
    std::weak_ptr watch = first;
    auto use = add(std::move(first));
    std::atomic<int> open{0}, entered{0};
    std::atomic<bool> ended{false};
    std::thread settler([&] {
      while (!ended || open > 0)
        if (open > 0) {
          --open;
          use->settled();
        }
    });
    std::thread source([&] {
      while (use->enter()) {
        ++entered;
        ++open;
      }
      ended = true;
    });
    while (entered == 0 && !ended) std::this_thread::yield();
    uses.use(nullptr, nullptr);
    source.join();
    settler.join();
    EXPECT_TRUE(watch.expired());
    EXPECT_EQ(uses.in_flight(), 0u);
  }
}

}  // namespace
}  // namespace mombridge::routing::test
