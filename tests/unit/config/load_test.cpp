// Files into a Config: expansion, merging, defaults, routes.

#include <cstdlib>

#include "loading.hpp"

namespace mombridge::config::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

template <class Options>
const Options& options(const Destination& to) {
  return dynamic_cast<const Options&>(*to.options);
}

TEST(Load, SmallestFileOfTheContract) {
  auto loaded = load_paths({{std::filesystem::path(SAMPLE_FOLDER) / "smallest.yaml"}, true, {}}, SAMPLE_FOLDER);
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& config = loaded.config;
  EXPECT_EQ(config.name, "mombridge");
  ASSERT_THAT(config.routes, SizeIs(1));
  auto& route = config.routes[0];
  EXPECT_EQ(route.name, "shop:orders -> lake:orders");
  EXPECT_EQ(route.from.target.value, "#");
  EXPECT_EQ(route.from.subscription, 0u);
  EXPECT_FALSE(route.failures);
  auto& subscription = config.broker("shop")->settings->subscription(0);
  EXPECT_EQ(subscription.source, "orders");
  EXPECT_TRUE(subscription.of_route);
  EXPECT_EQ(config.broker("shop")->settings->appname, "mombridge");
  EXPECT_THAT(config.broker("lake")->settings->own_names, ElementsAre("mombridge.replies", "mombridge.dead"));
  EXPECT_FALSE(config.broker("none"));
}

TEST(Load, MemoryOfTheProcess) {
  constexpr uint64_t kMiB = 1 << 20;
  EXPECT_EQ(default_memory(std::nullopt), 512 * kMiB);
  EXPECT_EQ(default_memory(128 * kMiB), 64 * kMiB);
  EXPECT_EQ(default_memory(64 * 1024 * kMiB), 1024 * kMiB);
  EXPECT_EQ(default_memory(20 * kMiB), 16 * kMiB) << "with less nothing goes well";
  auto route = "routes: [{from: {broker: shop, queue: q}, to: {broker: lake}}]\n";
  auto loaded = load_text(kBrokers + route + "memory: 256MiB\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_EQ(loaded.config.memory, 256 * kMiB);
  EXPECT_THAT(load_text(kBrokers + route + "memory: 1MiB\n").said, Contains(HasSubstr("memory")));
}

// They count as they are written, but the whole is bounded all the same.
TEST(Load, WhatIsMoreThanTheMemoryOfTheProcess) {
  auto with = [](const std::string& more) {
    return load_text(
               "memory: 32MiB\nbrokers:\n  shop: {type: amqp, url: amqp://localhost}\n  lake: {type: kafka, "
               "bootstrap_servers: localhost" +
               more + "}\nroutes: [{from: {broker: lake, topic: t}, to: {broker: shop}}]\n")
        .said;
  };
  EXPECT_THAT(with(""), IsEmpty());
  EXPECT_THAT(with(", prefetch_size: 32MiB"), IsEmpty());
  EXPECT_THAT(with(", prefetch_size: 33MiB"), Contains(HasSubstr("brokers.lake.prefetch_size")));
  EXPECT_THAT(with(", librdkafka: {queued.max.messages.kbytes: 30000}"), IsEmpty());
  EXPECT_THAT(with(", librdkafka: {queued.max.messages.kbytes: 65536}"), Contains(HasSubstr("more ahead")));
  EXPECT_THAT(with(", librdkafka: {fetch.max.bytes: 52428800}"), Contains(HasSubstr("32MiB")));
}

TEST(Load, RatesOfRoutes) {
  auto rate = [](const std::string& text) {
    auto loaded =
        load_text(kBrokers + "routes: [{from: {broker: shop, queue: q}, to: {broker: lake}, rate: " + text + "}]\n");
    EXPECT_THAT(loaded.said, IsEmpty()) << text;
    return loaded.config.routes.at(0).rate.value_or(Rate{});
  };
  EXPECT_EQ(rate("500/s").interval(), 2ms);
  EXPECT_EQ(rate("30/m").interval(), 2s);
  EXPECT_EQ(rate("1/h").interval(), 1h);
  EXPECT_EQ(rate("1000000/s").interval(), std::chrono::microseconds(1));
  EXPECT_EQ(rate("3600000000/h").interval(), std::chrono::microseconds(1));
  for (auto text : {"500/s", "30/m", "1/h"}) EXPECT_EQ(rate(text).text(), text);
  EXPECT_FALSE(load_text(kBrokers + "routes: [{from: {broker: shop, queue: q}, to: {broker: lake}}]\n")
                   .config.routes.at(0)
                   .rate);
}

TEST(Load, AHeaderThatMustBeAbsent) {
  auto loaded = load_text(kBrokers +
                          "routes: [{from: {broker: shop, queue: q, headers: {a: null, b: ~, c: 'null', d: "
                          "'x-*'}}, to: {broker: lake}}]\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  std::vector<std::optional<std::string>> values;
  for (auto& wanted : loaded.config.routes.at(0).from.headers) values.push_back(wanted.value);
  EXPECT_THAT(values, ElementsAre(std::nullopt, std::nullopt, "null", "x-*"));
}

Typed typed(const std::string& value) {
  auto loaded = load_text(
      kBrokers + "routes: [{from: {broker: shop, queue: q}, to: {broker: lake, headers: {h: " + value + "}}}]\n");
  EXPECT_THAT(loaded.said, IsEmpty()) << value;
  return loaded.config.routes.at(0).to.at(0).headers.at(0).value;
}

TEST(Load, HeadersHaveTheTypeOfTheFile) {
  EXPECT_EQ(typed("5"), Typed(int64_t{5}));
  EXPECT_EQ(typed("-9223372036854775808"), Typed(INT64_MIN));
  EXPECT_EQ(typed("1.5"), Typed(1.5));
  EXPECT_EQ(typed("-.5"), Typed(-0.5));
  EXPECT_EQ(typed("true"), Typed(true));
  EXPECT_EQ(typed("false"), Typed(false));
  for (auto text : {"yes", "True", "inf", "nan", "-infinity", "1.2.3", "1e3", "5s", "-", "."})
    EXPECT_EQ(typed(text), Typed(std::string(text)));
  EXPECT_EQ(typed("\"5\""), Typed(std::string("5")));
  EXPECT_EQ(typed("'true'"), Typed(std::string("true")));
}

TEST(Load, SampleOfTheContractIsRead) {
  auto file = std::filesystem::path(BAD_FOLDER).parent_path() / "contract.yaml";
  auto said = load_paths({{file}, false, {}}, file.parent_path()).said;
  EXPECT_THAT(said, IsEmpty());
}

TEST(Load, RepliesHaveDefaults) {
  auto loaded = load_text(kBrokers + "routes: [{from: {broker: shop, queue: q}, to: {broker: lake}}]\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_EQ(loaded.config.replies.timeout, 30s);
  EXPECT_EQ(loaded.config.replies.unusable, Unusable::drop);
  EXPECT_TRUE(loaded.config.replies.keys.empty());
  EXPECT_FALSE(loaded.config.broker("shop")->settings->accept_replies);
  auto& route = loaded.config.routes.at(0);
  EXPECT_FALSE(route.reply_timeout);
  EXPECT_FALSE(route.error_replies);
  EXPECT_EQ(route.late_replies, Unusable::drop);
}

TEST(Load, RepliesWithKeys) {
  auto loaded = load_text(
      "name: b\nbrokers:\n  shop: {type: amqp, url: amqp://localhost, accept_replies: true}\n"
      "  lake: {type: kafka, bootstrap_servers: k, accept_replies: true, reply_topic: answers}\n"
      "  local: {type: memory, accept_replies: true}\n"
      "replies: {timeout: 5s, unusable: dead_letter, keys: [{id: new, secret: 0123456789abcdef}, {id: old, secret: "
      "fedcba9876543210}]}\n"
      "failures: {dead_letter: {broker: shop, target: dead}}\n"
      "routes:\n- {from: {broker: shop, queue: q}, to: {broker: lake}, reply_timeout: 250ms, error_replies: true, "
      "late_replies: dead_letter}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& replies = loaded.config.replies;
  EXPECT_EQ(replies.timeout, 5s);
  EXPECT_EQ(replies.unusable, Unusable::dead_letter);
  ASSERT_THAT(replies.keys, SizeIs(2));
  EXPECT_EQ(replies.keys[0].id, "new");
  EXPECT_EQ(replies.keys[1].secret.reveal(), "fedcba9876543210");
  auto& route = loaded.config.routes.at(0);
  EXPECT_EQ(route.reply_timeout, 250ms);
  EXPECT_TRUE(route.error_replies);
  EXPECT_EQ(route.late_replies, Unusable::dead_letter);

  auto& shop = dynamic_cast<const amqp::Settings&>(*loaded.config.broker("shop")->settings);
  EXPECT_EQ(shop.reply_address, "b.replies");
  EXPECT_EQ(shop.kind->longest_correlation_id, 255u);
  ASSERT_THAT(shop.subscriptions, SizeIs(2));  // the route's queue came second
  EXPECT_TRUE(shop.subscriptions[0].replies);
  EXPECT_EQ(shop.subscriptions[0].queue, "b.replies");
  EXPECT_TRUE(shop.subscriptions[0].passive_first);
  EXPECT_TRUE(shop.subscriptions[0].declare->durable);
  EXPECT_EQ(shop.subscriptions[0].declare->arguments.at("x-message-ttl"), amqp::Argument(int64_t{86'400'000}));
  EXPECT_EQ(route.from.subscription, 1u);

  auto& lake = dynamic_cast<const kafka::Settings&>(*loaded.config.broker("lake")->settings);
  EXPECT_EQ(lake.reply_address, "answers");
  EXPECT_THAT(lake.own_names, ElementsAre("b.replies", "b.dead", "answers"));
  EXPECT_EQ(lake.subscriptions.at(0).topic, "answers");
  EXPECT_EQ(lake.subscriptions[0].start, kafka::Start::earliest);
  auto& local = dynamic_cast<const memory::Settings&>(*loaded.config.broker("local")->settings);
  ASSERT_THAT(local.subscriptions, SizeIs(2));
  EXPECT_EQ(local.subscriptions[0].source, "#");
  EXPECT_EQ(local.subscriptions[1].source, "b.replies");
  EXPECT_TRUE(local.subscriptions.at(1).replies);
}

TEST(Load, WithoutKeysTheReplyQueueIsThisProcesssOwn) {
  auto loaded = load_text(
      "brokers: {shop: {type: amqp, url: amqp://localhost, accept_replies: true}}\n"
      "routes: [{from: {broker: shop, queue: q}, to: {broker: shop, target: r}}]\n");
  EXPECT_THAT(loaded.said, ElementsAre(HasSubstr("without keys replies will not survive")));
  auto& shop = dynamic_cast<const amqp::Settings&>(*loaded.config.broker("shop")->settings);
  EXPECT_EQ(shop.reply_address.size(), std::string("mombridge.replies.").size() + 32);
  EXPECT_THAT(shop.own_names, Contains(shop.reply_address));
  EXPECT_FALSE(shop.subscriptions.at(0).passive_first);
  EXPECT_TRUE(shop.subscriptions[0].declare->exclusive);
}

TEST(Load, ExpandsReferences) {
  Folder folder;
  folder.write("secret", "p{}$@ss\n\n");
  folder.write("credentials/key", "from systemd\n");
  ::setenv("MOMBRIDGE_TEST", "value", 1);
  ::setenv("MOMBRIDGE_TEST_EMPTY", "", 1);
  ::setenv("CREDENTIALS_DIRECTORY", (folder.path() / "credentials").c_str(), 1);
  auto file = folder.write(
      "c.yaml",
      "brokers: {m: {type: memory}}\nroutes: []\nhandlers:\n  h:\n    plugin: /bin/sh\n    config:\n"
      "      file: ${file:secret}\n      variable: a${env:MOMBRIDGE_TEST}b${env:MOMBRIDGE_TEST}c\n"
      "      fallback: ${env:MOMBRIDGE_TEST_UNSET:-a:-b}\n      empty: ${env:MOMBRIDGE_TEST_EMPTY:-x}\n"
      "      nothing: \"${env:MOMBRIDGE_TEST_EMPTY}\"\n      plain: $${env:X} $$ $x {y} $${\n"
      "      credential: ${credential:key}\n      list: [\"${env:MOMBRIDGE_TEST}\", {deep: 1}]\n      none:\n");
  auto loaded = load_paths({{file}, true, {}}, folder.path());
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(loaded.said, IsEmpty());
  std::map<std::string, std::string> expected{{"file", "p{}$@ss\n"},
                                              {"variable", "avaluebvaluec"},
                                              {"fallback", "a:-b"},
                                              {"empty", "x"},
                                              {"nothing", ""},
                                              {"plain", "${env:X} $$ $x {y} ${"},
                                              {"credential", "from systemd"},
                                              {"list.0", "value"},
                                              {"list.1.deep", "1"},
                                              {"none", ""}};
  EXPECT_EQ(loaded.config.handler("h")->settings, expected);
}

TEST(Load, WithoutEnvironmentNothingIsLookedAt) {
  auto loaded = load_text(
      "name: ${env:MOMBRIDGE_TEST_UNSET}\nbrokers:\n  shop: {type: amqp, url: \"${env:X}\", password: "
      "\"${file:/none}\", prefetch_count: \"${env:X}\"}\n"
      "  lake: {type: kafka, bootstrap_servers: \"${env:X}\", librdkafka: {linger.ms: \"${env:X}\"}}\n"
      "handlers: {h: {plugin: none.so, timeout: \"${env:X}\"}, i: {plugin: \"${env:X}/i.so\"}}\n"
      "routes: [{from: {broker: lake, topic: \"${env:X}\"}, to: {broker: shop, target: \"a.${env:X}\"}},\n"
      "         {from: {broker: \"${env:B}\"}, to: {broker: \"${env:B}\", target: \"$${x\"}}]\n",
      false);
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_EQ(loaded.config.routes[1].to[0].target.value, "${x");
}

TEST(Load, WithoutEnvironmentReferencesAreStillRead) {
  auto said = load_text("name: ${vault:x}\nbrokers: {m: {type: memory}}\nroutes: []\n", false).said;
  EXPECT_THAT(said, ElementsAre(HasSubstr("c.yaml:1:7: error: name: unknown reference '${vault:x}'")));
}

TEST(Load, MergesFoldersAndFiles) {
  Folder folder;
  folder.write("d/20-routes.yaml", "version: 1\nroutes:\n  - {from: {broker: b}, to: {broker: a, target: t}}\n");
  folder.write("d/10-brokers.yaml", "version: 1\nbrokers: {a: {type: memory}}\n");
  folder.write("d/.hidden.yaml", "rubbish");
  folder.write("d/30-empty.yaml", "# nothing\n");
  auto more = folder.write(
      "more.yaml", "brokers: {b: {type: memory}}\nroutes:\n  - {from: {broker: a}, to: {broker: b, target: t}}\n");
  auto loaded = load_paths({{folder.path() / "d", more}, true, {}}, folder.path());
  EXPECT_THAT(loaded.said, IsEmpty());
  ASSERT_THAT(loaded.config.routes, SizeIs(2));
  EXPECT_EQ(loaded.config.routes[0].name, "b -> a:t");
  EXPECT_EQ(loaded.config.routes[1].name, "a -> b:t");
}

TEST(Load, NamesDefinedTwiceInTwoFiles) {
  Folder folder;
  auto one = folder.write(
      "z.yaml", "name: x\nbrokers: {a: {type: memory}}\nroutes:\n  - {name: r, from: {broker: a}, to: {broker: a}}\n");
  auto two = folder.write(
      "a.yaml",
      "name: x\nbrokers:\n  a: {type: memory}\nroutes: [{name: r, from: {broker: a}, to: {broker: a}}]\nlog: {}\n");
  EXPECT_THAT(load_paths({{one, two}, true, {}}, folder.path()).said,
              ElementsAre("a.yaml:1:1: error: 'name' is set twice (first at z.yaml:1)",
                          "a.yaml:3:3: error: brokers.a: defined twice (first at z.yaml:2)",
                          "a.yaml:4:17: error: routes[1].name: 'r' is defined twice (first at z.yaml:4)"));
}

TEST(Load, RoutesThatLookAlikeAreToldApart) {
  auto routes =
      load_text(
          kBrokers +
          "routes:\n- &r {from: {broker: shop, target: a.b}, to: [{broker: lake}, {broker: shop, target: x}]}\n- *r\n")
          .config.routes;
  EXPECT_EQ(routes.at(0).name, "shop:a.b -> lake, shop:x");
  EXPECT_EQ(routes.at(1).name, "shop:a.b -> lake, shop:x (2)");
}

TEST(Load, Destinations) {
  auto loaded =
      load_text(kBrokers +
                "handlers: {h: {plugin: /bin/sh}}\nroutes:\n- from: {broker: shop, headers: {kind: x, n: 1}}\n  to:\n"
                "  - {broker: shop, target: \"a.{target}\", exchange: e, key: k, headers: {b: \"{key}\", a: 1}, allow: "
                "a.*, mandatory: false}\n"
                "  - {handler: h, reply_to: {broker: lake, target: r}}\n  - {broker: lake}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& route = loaded.config.routes.at(0);
  ASSERT_THAT(route.from.headers, SizeIs(2));
  EXPECT_EQ(route.from.headers[0].name, "kind");
  EXPECT_EQ(route.from.headers[0].value, "x");
  EXPECT_EQ(route.from.headers[1].value, "1");
  ASSERT_THAT(route.to, SizeIs(3));
  auto& first = route.to[0];
  EXPECT_EQ(first.target.value, "a.{target}");
  EXPECT_EQ(first.target.mark.line, 8);
  EXPECT_EQ(first.target.mark.column, 28);
  EXPECT_EQ(options<amqp::PublishOptions>(first).exchange, "e");
  EXPECT_EQ(*first.options->named_exchange(), "e");
  EXPECT_EQ(first.key->value, "k");
  EXPECT_EQ(first.headers.at(0).name, "b");
  EXPECT_EQ(first.headers.at(0).text.value, "{key}");
  EXPECT_THAT(first.allow, ElementsAre("a.*"));
  EXPECT_FALSE(options<amqp::PublishOptions>(first).mandatory);
  EXPECT_EQ(route.to[1].handler, "h");
  EXPECT_EQ(route.to[1].reply_to->target.value, "r");
  EXPECT_EQ(route.to[2].target.value, "{target}");
  EXPECT_EQ(options<kafka::PublishOptions>(route.to[2]).time, kafka::RecordTime::own);
  EXPECT_FALSE(route.to[2].options->named_exchange());
}

TEST(Load, FailuresAreOverriddenKeyByKey) {
  auto loaded =
      load_text(kBrokers +
                "failures: {attempts: 9, backoff: 1s..1m, dead_letter: {broker: shop, target: dead}}\nunrouted: "
                "dead_letter\nroutes:\n"
                "- {from: {broker: shop}, to: {broker: lake}, failures: {backoff: 2s}}\n"
                "- {from: {broker: shop}, to: {broker: lake}, failures: {on_exhausted: reject}}\n"
                "- {from: {broker: shop}, to: {broker: lake}, failures: {dead_letter: {broker: lake, target: d}}}\n"
                "- {from: {broker: shop}, to: {broker: lake}, failures: {on_exhausted: hold}}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& config = loaded.config;
  EXPECT_EQ(config.unrouted, Unrouted::dead_letter);
  // Dead letters go through the default exchange unless they name one.
  EXPECT_EQ(options<amqp::PublishOptions>(*config.failures.dead_letter).exchange, "");
  auto failures = [&](size_t i) { return *config.routes.at(i).failures; };
  EXPECT_EQ(failures(0).attempts, 9u);
  EXPECT_EQ(failures(0).backoff_first, 2s);
  EXPECT_EQ(failures(0).backoff_longest, 2s);
  EXPECT_EQ(failures(0).dead_letter->target.value, "dead");
  EXPECT_TRUE(failures(1).reject_when_exhausted);
  EXPECT_FALSE(failures(1).dead_letter);
  EXPECT_EQ(failures(2).dead_letter->target.value, "d");
  EXPECT_EQ(options<kafka::PublishOptions>(*failures(2).dead_letter).time, kafka::RecordTime::arrival);
  EXPECT_FALSE(failures(3).dead_letter);
  EXPECT_FALSE(failures(3).reject_when_exhausted);
}

TEST(Load, DeadLetterOfARouteStandsAboveGlobalReject) {
  auto loaded = load_text(kBrokers +
                          "failures: {on_exhausted: reject}\nroutes:\n- {from: {broker: shop}, to: {broker: lake}, "
                          "failures: {dead_letter: {broker: shop, target: d, exchange: x}}}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  EXPECT_TRUE(loaded.config.failures.reject_when_exhausted);
  EXPECT_FALSE(loaded.config.routes.at(0).failures->reject_when_exhausted);
  EXPECT_EQ(options<amqp::PublishOptions>(*loaded.config.routes[0].failures->dead_letter).exchange, "x");
}

TEST(Load, PluginsBesideTheFileThenInTheFolder) {
  Folder folder;
  folder.write("conf/a.so", "");
  folder.write("installed/a.so", "");
  folder.write("installed/b.so", "");
  auto file = folder.write("conf/c.yaml",
                           "brokers: {m: {type: memory}}\nroutes: []\nhandlers: {a: {plugin: a.so}, b: {plugin: b.so}, "
                           "c: {plugin: c.so}}\n");
  auto loaded = load_paths({{file}, true, folder.path() / "installed"}, folder.path());
  EXPECT_EQ(loaded.config.handler("a")->plugin.value, folder.path() / "conf/a.so");
  EXPECT_EQ(loaded.config.handler("b")->plugin.value, folder.path() / "installed/b.so");
  EXPECT_THAT(loaded.said, ElementsAre("conf/c.yaml:3:62: error: handlers.c.plugin: no such file: 'c.so' (neither "
                                       "beside this file nor in installed)"));
}

TEST(Load, TopLevelSettings) {
  auto config =
      load_text(
          "name: other\nlog: {level: debug, format: json, summary: 10s}\nshutdown_timeout: 5s\nbrokers: {shop: {type: "
          "amqp, url: amqp://localhost}}\nroutes: []\nunrouted: discard\n")
          .config;
  EXPECT_EQ(config.name, "other");
  EXPECT_EQ(config.log_level, log::Level::debug);
  EXPECT_EQ(config.log_format, log::Format::json);
  EXPECT_EQ(config.log_summary, 10s);
  EXPECT_EQ(config.shutdown_timeout, 5s);
  EXPECT_EQ(config.unrouted, Unrouted::discard);
  EXPECT_EQ(config.broker("shop")->settings->appname, "other");
}

TEST(Load, TheSummaryOfTheLogIsAnIntervalOrOff) {
  const std::string route = "routes: [{from: {broker: shop, queue: q}, to: {broker: lake}}]\n";
  auto summary = [&](const std::string& value) {
    auto loaded = load_text(kBrokers + route + "log: {summary: " + value + "}\n");
    EXPECT_THAT(loaded.said, testing::IsEmpty());
    return loaded.config.log_summary;
  };
  EXPECT_EQ(Config().log_summary, 1min);
  EXPECT_EQ(summary("off"), 0s);
  EXPECT_EQ(summary("24h"), 24h);
  EXPECT_THAT(load_text(kBrokers + route + "log: {summary: 100ms}\n").said,
              ElementsAre(HasSubstr("log.summary: '100ms' is out of range (from 1s to ")));
}

TEST(Load, WithoutRoutesAWarning) {
  EXPECT_THAT(load_text(kBrokers).said, ElementsAre(HasSubstr("warning: there are no routes")));
}

}  // namespace
}  // namespace mombridge::config::test
