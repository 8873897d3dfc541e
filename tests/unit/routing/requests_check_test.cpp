// What `check` and `explain` say of requests and their replies.

#include "compiling.hpp"
#include "loading.hpp"
#include "routing/check.hpp"
#include "routing/explain.hpp"

namespace mombridge::routing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::Config loaded(const std::string& text) {
  auto loaded = config::test::load_text(text, false);
  EXPECT_THAT(loaded.said, IsEmpty());
  return std::move(loaded.config);
}

/// Without what is said of a file without a dead letter: check_test.cpp has that.
std::vector<std::string> said_of(const std::string& text) {
  auto config = loaded(text);
  config::Diagnostics diagnostics;
  check(std::make_shared<const config::Config>(config), test::kinds(), diagnostics);
  std::vector<std::string> said;
  // That a requester may name any address, and that nothing takes what is refused, is check_test's.
  auto said_elsewhere = [](auto& d) {
    return d.what.find("may have its answer written") != std::string::npos ||
           d.what.find("no dead_letter: what") != std::string::npos;
  };
  for (auto& d : diagnostics.sorted())
    if (!said_elsewhere(d)) said.push_back(d.text());
  return said;
}

std::string brokers(const std::string& shop, const std::string& lake) {
  return "brokers:\n"
         "  shop: {type: amqp, url: amqp://localhost, subscribe: [{queue: q}]" +
         shop +
         "}\n"
         "  lake: {type: kafka, bootstrap_servers: k, subscribe: [{topic: t}]" +
         lake +
         "}\n"
         "routes:\n"
         "  - {name: up, from: {broker: shop}, to: {broker: lake, target: work}}\n"
         "  - {name: down, from: {broker: lake}, to: {broker: shop, target: work}}\n";
}
const std::string kKeys = "replies: {keys: [{id: k, secret: 0123456789abcdef}]}\n";
const std::string kAccept = ", accept_replies: true";

TEST(CheckRequests, SaysNothingWhereNobodySpeaksOfReplies) { EXPECT_THAT(said_of(brokers("", "")), IsEmpty()); }

TEST(CheckRequests, SaysNothingWhereAllAreAnswered) {
  EXPECT_THAT(said_of(brokers(kAccept, kAccept) + kKeys), IsEmpty());
}

TEST(CheckRequests, NamesTheBrokersThatGetPlainMessages) {
  EXPECT_THAT(said_of(brokers("", kAccept) + kKeys),
              ElementsAre(HasSubstr("2:3: warning: brokers.shop: requests that routes bring here are forwarded as "
                                    "plain messages, and no reply comes back (as by route 'down')")));
  EXPECT_THAT(said_of(brokers(", allow_reply_to: ['rpc.*']", "")),
              ElementsAre(HasSubstr("brokers.shop: requests"), HasSubstr("brokers.lake: requests")));
}

TEST(CheckRequests, AcceptRepliesFalseIsAnAnswer) {
  EXPECT_THAT(said_of(brokers(", accept_replies: false", kAccept) + kKeys), IsEmpty());
}

TEST(CheckRequests, AddressesThatCannotFit) {
  const std::string longest(249, 'a');
  // Kafka to AMQP: 255 bytes are all there is. In full, a name is interned.
  EXPECT_THAT(said_of(brokers(kAccept, kAccept + ", allow_reply_to: ['" + longest.substr(0, 200) + "*', '" + longest +
                                           "', 'short.*']") +
                      kKeys),
              ElementsAre(testing::AllOf(HasSubstr("brokers.lake.allow_reply_to: no reply address that 'aaa"),
                                         HasSubstr("can go through broker 'shop'"), HasSubstr("255 bytes"))));
  // AMQP to Kafka has room.
  EXPECT_THAT(said_of(brokers(kAccept + ", allow_reply_to: ['" + longest + "*']", kAccept) + kKeys), IsEmpty());
}

TEST(CheckRequests, NamesThatHaveOneHash) {
  // Found by trying: FNV-1a of both is the same.
  EXPECT_THAT(said_of("brokers: {local: {type: memory}}\nroutes:\n"
                      "  - {name: costarring, from: {broker: local, target: a}, to: {broker: local, target: b}}\n"
                      "  - {name: liquid, from: {broker: local, target: b}, to: {broker: local, target: c}}\n"
                      "  - {name: end, from: {broker: local, target: c}, to: {broker: local, target: b2}}\n"
                      "  - {name: last, from: {broker: local, target: b2}, to: {broker: local, target: z}}\n"
                      "  - {name: sink, from: {broker: local, target: z}, to: {handler: h}}\n"
                      "handlers: {h: {plugin: h.so}}\n"),
              ElementsAre(HasSubstr("routes.liquid: cannot be told from 'costarring' in a return path")));
}

TEST(ExplainRequests, SaysHowARequestIsAnswered) {
  auto config = loaded(brokers("", kAccept) + kKeys);
  config::Diagnostics diagnostics;
  auto table = test::compile(config, diagnostics);
  EXPECT_THAT(explain(*table, "shop", "x", {}).text,
              HasSubstr("-> lake (kafka), target 'work', requests answered through 'mombridge.replies'\n"));
  EXPECT_THAT(explain(*table, "lake", "t", {}).text, HasSubstr("-> shop (amqp), target 'work'\n"));
}

}  // namespace
}  // namespace mombridge::routing
