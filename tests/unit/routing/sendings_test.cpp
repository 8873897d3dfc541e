// What a file sends to a broker.

#include "routing/sendings.hpp"

#include "loading.hpp"

namespace mombridge::routing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kHead =
    "replies: {keys: [{id: k1, secret: '${file:key}'}]}\n"
    "brokers:\n"
    "  shop: {type: amqp, url: amqp://localhost, exchange: events, subscribe: [{queue: q}]}\n"
    "  lake: {type: kafka, bootstrap_servers: localhost:9092, accept_replies: true, subscribe: [{topic: t}]}\n";

/// "exchange/target", with "?" for a target that each message says; replies marked.
std::vector<std::string> sent(const std::string& routes, const std::string& broker) {
  auto loaded = config::test::load_text(kHead + routes, false);
  EXPECT_THAT(loaded.said, IsEmpty());
  std::vector<std::string> texts;
  for (auto& sending : sent_to(loaded.config, *loaded.config.broker(broker)))
    texts.push_back((broker == "shop" && sending.options
                         ? static_cast<const amqp::PublishOptions&>(*sending.options).exchange + "/"
                         : "") +
                    sending.target.value_or("?") + (sending.reply ? " (reply)" : ""));
  return texts;
}

TEST(Sendings, OfRoutes) {
  const char* routes =
      "routes:\n"
      "  - {from: {broker: lake, target: t}, to: [{broker: shop}, {broker: shop, target: k, exchange: x}]}\n"
      "  - {from: {broker: lake}, to: {broker: shop, target: 'a.{key}', exchange: ''}}\n"
      "  - {from: {broker: shop}, to: {broker: lake, target: t}}\n";
  EXPECT_THAT(sent(routes, "shop"), ElementsAre("events/t", "x/k", "/?", "/? (reply)"));
  EXPECT_THAT(sent(routes, "lake"), ElementsAre("t"));
}

TEST(Sendings, ATemplateWithDefaultsSendsToWhatTheyMake) {
  EXPECT_THAT(sent("routes: [{from: {broker: shop, target: a}, to: [{broker: lake, target: 'o.{key:-none}'}, "
                   "{broker: lake, target: 'o.{target}.{key:-}'}, {broker: lake, target: 'o.{key}'}]}]\n",
                   "lake"),
              ElementsAre("o.none", "o.a.", "?"));
}

TEST(Sendings, OfDeadLetters) {
  EXPECT_THAT(sent("routes: [{from: {broker: lake}, to: {broker: lake, target: u}, "
                   "failures: {dead_letter: {broker: shop, target: one}}}]\n"
                   "failures: {dead_letter: {broker: shop, target: two}}\n",
                   "shop"),
              ElementsAre("/one", "/two"));
}

TEST(Sendings, OfTheServiceBesideIt) {
  const char* file =
      "routes: [{from: {broker: shop}, to: {broker: lake, target: t}}]\n"
      "ingress: {listen: 127.0.0.1:1, allow: [shop/one, 'shop/o.*', lake/two]}\n";
  EXPECT_THAT(sent(file, "shop"), ElementsAre("/? (reply)", "one", "?"));
  EXPECT_THAT(sent(file, "lake"), ElementsAre("t", "two"));
}

TEST(Sendings, OfHandlers) {
  EXPECT_THAT(sent("handlers: {h: {plugin: /h.so}}\n"
                   "routes: [{from: {broker: shop}, to: {handler: h, reply_to: {broker: shop, target: done}}}, "
                   "{from: {broker: shop}, to: {handler: h}}]\n",
                   "shop"),
              ElementsAre("events/done", "/? (reply)"));
}

}  // namespace
}  // namespace mombridge::routing
