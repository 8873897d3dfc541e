// What two configurations are compared by.

#include "loading_parts.hpp"

namespace mombridge::config::test {
namespace {

using testing::IsEmpty;
using testing::Not;

std::string section(const Written& written, const std::string& broker) { return written.brokers.at(broker).reveal(); }
std::string route(const Written& written) { return written.routes.at("r").reveal(); }

const std::string kFirst =
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, prefetch_count: 10}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092}\n"
    "failures: {attempts: 3}\n"
    "routes: [{name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: t}}]\n";

TEST(Written, LayoutAndOrderDoNotCount) {
  auto first = load_parts(kFirst).written;
  auto second = load_parts(
                    "# another layout\n"
                    "failures:\n  attempts: 3\n"
                    "routes:\n  - to: {target: t, broker: lake}\n    from: {queue: q, broker: shop}\n    name: r\n"
                    "brokers:\n"
                    "  lake: {bootstrap_servers: localhost:9092, type: kafka}\n"
                    "  shop:\n    prefetch_count: 10\n    url: amqp://localhost\n    type: amqp\n")
                    .written;
  EXPECT_EQ(section(first, "shop"), section(second, "shop"));
  EXPECT_EQ(section(first, "lake"), section(second, "lake"));
  EXPECT_EQ(route(first), route(second));
  EXPECT_THAT(route(first), Not(IsEmpty()));
  EXPECT_EQ(first.globals.at("failures").reveal(), second.globals.at("failures").reveal());
  EXPECT_EQ(first.globals.size(), 1u);
}

TEST(Written, AChangedValueCountsAndWhatASectionSubscribesToDoesNot) {
  auto first = load_parts(kFirst).written;
  auto changed = kFirst;
  changed.replace(changed.find("prefetch_count: 10"), 18, "prefetch_count: 11");
  auto second = load_parts(changed).written;
  EXPECT_NE(section(first, "shop"), section(second, "shop"));
  auto more = kFirst;
  more.replace(more.find("prefetch_count: 10"), 18, "prefetch_count: 10, subscribe: [{queue: other}]");
  auto third = load_parts(more).written;
  EXPECT_EQ(section(first, "shop"), section(third, "shop"));
  EXPECT_NE(first.subscriptions.at("shop").reveal(), third.subscriptions.at("shop").reveal());
}

TEST(Written, QuotesCountBecauseTheyChangeTheTypeOfAHeader) {
  auto header = [](const std::string& value) {
    auto loaded = load_parts(kBrokers +
                             "routes: [{name: r, from: {broker: shop, queue: q}, to: {broker: lake, target: t, "
                             "headers: {x: " +
                             value + "}}}]\n");
    return route(loaded.written);
  };
  EXPECT_NE(header("1"), header("'1'"));
}

// A new connection reads it again, and those that are open need not end for it.
TEST(Written, ASecretCountsAsItIsWritten) {
  Folder folder;
  auto shop = [&](const std::string& password, const std::string& host) {
    folder.write("password", password);
    folder.write("host", host);
    auto file = folder.write("c.yaml",
                             "brokers: {shop: {type: amqp, url: 'amqp://bridge@${file:host}/', password: "
                             "'${file:password}'}, lake: {type: kafka, bootstrap_servers: 'localhost:9092'}}\n"
                             "routes: [{from: {broker: shop, queue: q}, to: {broker: lake, target: t}}]\n");
    for (auto* name : {"password", "host", "c.yaml"})
      std::filesystem::permissions(folder.path() / name, std::filesystem::perms::owner_all);
    auto loaded = load_parts(file, true);
    EXPECT_THAT(loaded.errors, IsEmpty());
    return section(loaded.written, "shop");
  };
  auto first = shop("one", "here");
  EXPECT_EQ(first, shop("two", "here"));
  EXPECT_NE(first, shop("one", "there"));
  EXPECT_THAT(first, Not(testing::HasSubstr("one")));
}

TEST(Written, IsNotNotedWhereThereAreErrors) {
  Folder folder;
  auto file = folder.write("c.yaml", "brokers: {shop: {type: amqp, url: 'amqp://localhost', nonsense: 1}}\n");
  auto loaded = load_parts(file, true);
  EXPECT_THAT(loaded.errors, Not(IsEmpty()));
  EXPECT_TRUE(loaded.written.brokers.empty());
}

}  // namespace
}  // namespace mombridge::config::test
