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

config::Config configuration(bool pattern, int64_t destinations, const std::string& target) {
  config::Config config;
  for (auto name : {"in", "out"}) {
    auto settings = std::make_shared<config::KindSettings<config::Subscription>>();
    auto& queue = settings->subscriptions.emplace_back();
    queue.source = "queue";
    queue.targets = {"#"};
    config.brokers.push_back({name, "amqp", {}, settings});
  }
  for (int i = 0; i < 100; ++i) {
    config::Route route;
    route.name = "route " + std::to_string(i);
    route.from.broker = "in";
    route.from.target.value = (pattern ? "*." : "order.") + std::to_string(i);
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

void run(benchmark::State& state, const std::string& target) {
  auto config = configuration(state.range(0), state.range(1), target);
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
void constant_target(benchmark::State& state) { run(state, "orders"); }
void same_target(benchmark::State& state) { run(state, "{target}"); }
void template_target(benchmark::State& state) { run(state, "orders.{header.tenant}"); }

void ways(benchmark::internal::Benchmark* b) {
  b->ArgNames({"pattern", "destinations"});
  for (int pattern : {0, 1})
    for (int destinations : {1, 3}) b->Args({pattern, destinations});
}
BENCHMARK(constant_target)->Apply(ways);
BENCHMARK(same_target)->Apply(ways);
BENCHMARK(template_target)->Apply(ways);

}  // namespace
}  // namespace mombridge::routing

BENCHMARK_MAIN();
