// The tightest at-least-once pump that rabbitmq-c and librdkafka allow, as a measure for the bridge. It has no feature:
// one source, one sink, headers that are text, no reconnect; whatever goes wrong ends it.
//   bare-loop amqp|kafka SOURCE amqp|kafka SINK [--prefetch N] [--window N] [--linger MS] [--rest US] [--group NAME]
// The brokers are those of MOMBRIDGE_TEST_AMQP and MOMBRIDGE_TEST_KAFKA. TERM ends it when what is under way is
// confirmed and acknowledged.

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <unistd.h>

#include "pump.hpp"

namespace {

using namespace bare;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kMuch = 16;  ///< messages and confirms of a round that is worth a rest
constexpr int kIdleMs = 1000;
constexpr auto kPatience = std::chrono::seconds(20);  ///< for what is under way after TERM

volatile std::sig_atomic_t stopping = 0;

std::string address(const char* variable) {
  auto* value = std::getenv(variable);
  if (!value) give_up(std::string(variable) + " does not say where the broker is");
  return value;
}

[[noreturn]] void usage() {
  std::fputs(
      "usage: bare-loop amqp|kafka SOURCE amqp|kafka SINK [--prefetch N] [--window N] [--linger MS] [--rest US]"
      " [--group NAME]\n",
      stderr);
  std::exit(64);
}

void set(Settings& settings, std::string_view name, const std::string& value) {
  if (name == "--prefetch")
    settings.prefetch = static_cast<uint16_t>(std::stoul(value));
  else if (name == "--window")
    settings.window = std::stoul(value);
  else if (name == "--linger")
    settings.linger_ms = static_cast<unsigned>(std::stoul(value));
  else if (name == "--rest")
    settings.rest_us = static_cast<unsigned>(std::stoul(value));
  else if (name == "--group")
    settings.group = value;
  else
    usage();
}

void pump(Source& source, Sink& sink, const Settings& settings) {
  bool busy = false;
  Clock::time_point end;
  while (!stopping || sink.confirmed() < source.sent()) {
    if (stopping && end == Clock::time_point{}) end = Clock::now() + kPatience;
    if (stopping && Clock::now() > end) give_up("not all was confirmed in time");
    auto before = source.sent() + sink.confirmed();
    bool reading = !stopping && source.sent() - sink.confirmed() < settings.window && sink.has_room();
    pollfd ready[] = {source.waits_for(reading), sink.waits_for()};
    if (busy && settings.rest_us) ::usleep(settings.rest_us);
    if (::poll(ready, 2, kIdleMs) < 0 && errno != EINTR) give_up("poll");
    constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
    sink.serve(ready[1].revents & kReadable);
    auto under_way = source.sent() - sink.confirmed();
    if (!stopping && under_way < settings.window)
      source.read(sink, settings.window - under_way, ready[0].revents & kReadable);
    sink.flush();
    source.settle(sink.confirmed());
    busy = source.sent() + sink.confirmed() - before > kMuch;
  }
  source.finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc % 2 == 0) usage();
  std::string_view from = argv[1], to = argv[3];
  if ((from != "amqp" && from != "kafka") || (to != "amqp" && to != "kafka")) usage();
  Settings settings;
  settings.amqp = address("MOMBRIDGE_TEST_AMQP");
  settings.servers = address("MOMBRIDGE_TEST_KAFKA");
  settings.source = argv[2];
  settings.sink = argv[4];
  for (int i = 5; i + 1 < argc; i += 2) set(settings, argv[i], argv[i + 1]);

  struct sigaction action {};
  action.sa_handler = [](int) { stopping = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  auto sink = to == "amqp" ? amqp_sink(settings) : kafka_sink(settings);
  auto source = from == "amqp" ? amqp_source(settings) : kafka_source(settings);
  pump(*source, *sink, settings);
}
