#include "config/listen.hpp"

#include "config/admin.hpp"
#include "loading.hpp"

namespace mombridge::config::test {
namespace {

using testing::IsEmpty;

TEST(Listen, ReadsAddressesAndPaths) {
  auto v4 = *parse_listen("127.0.0.1:8420");
  EXPECT_EQ(v4.host, "127.0.0.1");
  EXPECT_EQ(v4.port, 8420);
  EXPECT_EQ(parse_listen("[::1]:1")->host, "::1");
  EXPECT_EQ(parse_listen("bridge.example:65535")->port, 65535);
  EXPECT_EQ(parse_listen("unix:/run/mombridge/admin.sock")->path, "/run/mombridge/admin.sock");
}

TEST(Listen, SaysWhatIsWrong) {
  EXPECT_EQ(parse_listen("").error().text, "has no port");
  EXPECT_EQ(parse_listen("localhost").error().text, "has no port");
  EXPECT_EQ(parse_listen(":8420").error().text, "has no host");
  EXPECT_EQ(parse_listen("::1:8420").error().text, "is not an address; an IPv6 address stands in brackets");
  EXPECT_EQ(parse_listen("unix:admin.sock").error().text, "has no absolute path");
  EXPECT_EQ(parse_listen("unix:/" + std::string(107, 'a')).error().text,
            "is too long: the path of a socket has 107 bytes at most");
  for (auto* text : {"a:", "a:0", "a:65536", "a:-1", "a:http", "a:80 "})
    EXPECT_EQ(parse_listen(text).error().text, "has no port from 1 to 65535") << text;
}

TEST(Listen, KnowsWhatOnlyThisMachineReaches) {
  for (auto* text : {"127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "localhost:1", "unix:/a"})
    EXPECT_TRUE(parse_listen(text)->local()) << text;
  for (auto* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "128.0.0.1:1", "localhost.example:1", "bridge:1", "127:1"})
    EXPECT_FALSE(parse_listen(text)->local()) << text;
}

TEST(Listen, OfTheConfiguration) {
  auto none = load_text(kBrokers + "routes: [{from: {broker: shop, queue: q}, to: {broker: lake}}]\n");
  EXPECT_FALSE(none.config.admin);
  EXPECT_FALSE(none.config.probes);
  auto both = load_text(kBrokers +
                        "routes: [{from: {broker: shop, queue: q}, to: {broker: lake}}]\n"
                        "admin: {listen: 127.0.0.1:8420, token: t}\n"
                        "probes: {listen: 0.0.0.0:8421}\n");
  EXPECT_THAT(both.said, IsEmpty()) << "everybody may ask probes";
  EXPECT_EQ(both.config.admin->listener.listen.port, 8420);
  EXPECT_EQ(both.config.admin->listener.mark.line, 5);
  EXPECT_EQ(both.config.admin->token.read().value.reveal(), "t");
  EXPECT_EQ(both.config.probes->listen.port, 8421);
}

// Where references are left alone, nothing is said of what they would stand for.
TEST(Listen, WithoutEnvironment) {
  auto loaded = load_text(kBrokers +
                              "routes: [{from: {broker: shop, queue: q}, to: {broker: lake}}]\n"
                              "admin: {listen: '${env:ADMIN}', token: '${file:/run/secrets/admin}'}\n"
                              "probes: {listen: '${env:PROBES}'}\n",
                          false);
  EXPECT_THAT(loaded.said, IsEmpty());
}

}  // namespace
}  // namespace mombridge::config::test
