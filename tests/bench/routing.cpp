// What routing itself costs a message: from receive() to settle(), with brokers that confirm at once.

#include <benchmark/benchmark.h>

#include "base/event_loop.hpp"
#include "broker/broker.hpp"
#include "routing/destination_broker.hpp"
#include "routing/router.hpp"

namespace mombridge::routing {
namespace {

class Sink final : public Broker {
 public:
  using Broker::Broker;
  void start(mombridge::Sink&) override {}
  void publish(Publication& publication) noexcept override {
    benchmark::DoNotOptimize(publication.target.data());
    publication.completed({});
  }
  void stop_intake() override {}
  void stop(Duration) override {}
  [[nodiscard]] std::vector<LinkStatus> status() const override { return {}; }
  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {}; }
};

class Arrival final : public Delivery {
 public:
  Arrival() {
    message.target = "order.50";
    message.body = "{}";
    message.headers = headers;
  }
  void settle(Settlement) noexcept override { ++settled; }
  uint64_t settled = 0;
  std::vector<Header> headers{{"traceparent", Value::of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
                              {"tenant", Value::of("t1")}};
};

// How the routes' patterns look; the arrival's target "order.50" fits one of them.
enum Patterns : int64_t { exact, star_first, hash_first, hash_last, hash_between };

std::string pattern(int64_t kind, int64_t number) {
  auto n = std::to_string(number);
  switch (kind) {
    case star_first:
      return "*." + n;
    case hash_first:
      return "#." + n;
    case hash_last:
      return number == 50 ? "order.#" : "order" + n + ".#";
    case hash_between:
      return "order.#." + n;
    default:
      return "order." + n;
  }
}

config::Config configuration(int64_t kind, int64_t destinations, const std::string& target, int64_t routes = 100) {
  config::Config config;
  for (auto name : {"in", "out"}) {
    auto settings = std::make_shared<config::KindSettings<config::Subscription>>();
    auto& queue = settings->subscriptions.emplace_back();
    queue.source = "queue";
    queue.targets = {"#"};
    config.brokers.push_back({name, "amqp", {}, settings});
  }
  for (int64_t i = routes <= 50 ? 50 : 0, n = 0; n < routes; ++i, ++n) {
    config::Route route;
    route.name = "route " + std::to_string(i);
    route.from.broker = "in";
    route.from.target.value = pattern(kind, i);
    for (int64_t d = 0; d < destinations; ++d) {
      config::Destination to;
      to.broker = "out";
      to.target.value = target;
      route.to.push_back(to);
    }
    config.routes.push_back(route);
  }
  return config;
}

void run(benchmark::State& state, const config::Config& config) {
  EventLoop loop("timers");
  Router router(loop);
  Sink in("in"), out("out");
  config::Diagnostics diagnostics;
  router.use(RouteTable::compile(std::make_shared<const config::Config>(config), {broker_destination_kind()},
                                 {{"in", &in}, {"out", &out}}, {}, diagnostics));
  auto& ingress = router.ingress("in");
  Arrival arrival;
  for (auto _ : state) ingress.receive(DeliveryHandle(&arrival));
  if (static_cast<int64_t>(arrival.settled) != state.iterations()) state.SkipWithError("not settled");
  state.SetItemsProcessed(state.iterations());
}

// One of a hundred routes takes the message.
void to(benchmark::State& state, const std::string& target) {
  run(state, configuration(state.range(0), state.range(1), target));
}
void constant_target(benchmark::State& state) { to(state, "orders"); }
void same_target(benchmark::State& state) { to(state, "{target}"); }
void template_target(benchmark::State& state) { to(state, "orders.{header.tenant}"); }

// What further routes cost a message that they do not take. The figure for one route is the one to compare with.
void many_routes(benchmark::State& state) { run(state, configuration(state.range(0), 1, "orders", state.range(1))); }

void compile_routes(benchmark::State& state) {
  auto config = std::make_shared<const config::Config>(configuration(state.range(0), 1, "orders", state.range(1)));
  Sink in("in"), out("out");
  for (auto _ : state) {
    config::Diagnostics diagnostics;
    auto table =
        RouteTable::compile(config, {broker_destination_kind()}, {{"in", &in}, {"out", &out}}, {}, diagnostics);
    benchmark::DoNotOptimize(table.get());
  }
}

void ways(benchmark::internal::Benchmark* b) {
  b->ArgNames({"pattern", "destinations"});
  for (int pattern : {0, 1})
    for (int destinations : {1, 3}) b->Args({pattern, destinations});
}
BENCHMARK(constant_target)->Apply(ways);
BENCHMARK(same_target)->Apply(ways);
BENCHMARK(template_target)->Apply(ways);

void sizes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"pattern", "routes"});
  for (int64_t kind : {exact, star_first, hash_first, hash_last, hash_between})
    for (int64_t routes : {1, 4, 5, 1'000, 10'000}) b->Args({kind, routes});
}
BENCHMARK(many_routes)->Apply(sizes);
BENCHMARK(compile_routes)->ArgNames({"pattern", "routes"})->Args({star_first, 10'000})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mombridge::routing

BENCHMARK_MAIN();
