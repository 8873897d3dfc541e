// What sealing and opening a return path cost; together they stay below 3 µs of CPU.

#include "reply/return_path.hpp"

#include <benchmark/benchmark.h>
#include <string>

namespace mombridge::reply {
namespace {

Sealer sealer() { return Sealer(KeyRing({{"k1", Secret(std::string(32, 's'))}}, "mombridge")); }

/// 0: a server-named queue and a UUID; 1: direct reply-to and a UUID; 2: a topic and 16 raw bytes.
ReturnPath path(int64_t kind) {
  static const std::string direct = "amq.rabbitmq.reply-to." + std::string(85, 'x');
  ReturnPath p;
  p.route = route_id("orders");
  p.origin = broker_id("shop");
  p.via = broker_id("lake");
  p.deadline_ms = 1'700'000'030'000;
  p.address = kind == 0 ? "amq.gen-JzTY20BRgKO-HjmUJj0wLg" : kind == 1 ? std::string_view(direct) : "orders.replies";
  p.correlation_id = kind == 2 ? "\x01\x80 23456789abcdef" : "0b9f6a3e-5d0c-4e0f-9c1b-2f4a6d8e0a1c";
  return p;
}

void seal(benchmark::State& state) {
  auto s = sealer();
  auto p = path(state.range(0));
  std::string storage;
  for (auto _ : state) benchmark::DoNotOptimize(s.seal(p, Sealer::kAmqpLimit, storage));
}
BENCHMARK(seal)->DenseRange(0, 2);

void open(benchmark::State& state) {
  auto s = sealer();
  std::string text, storage;
  if (!s.seal(path(state.range(0)), Sealer::kAmqpLimit, text)) return state.SkipWithError("does not fit");
  ReturnPath opened;
  for (auto _ : state)
    if (s.open(text, {broker_id("lake"), 1'700'000'000'000}, opened, storage) != Fault::none)
      return state.SkipWithError("not opened");
}
BENCHMARK(open)->DenseRange(0, 2);

}  // namespace
}  // namespace mombridge::reply

BENCHMARK_MAIN();
