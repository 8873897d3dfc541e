// Makes backlogs, counts what arrived, and times messages on their way.
//   load-messages fill TO TARGET COUNT SIZE                        returns when the broker has confirmed all
//   load-messages count FROM SOURCE COUNT SIZE                     takes them out of a queue, or reads a topic
//   load-messages time TO TARGET FROM SOURCE COUNT SIZE RATE       sends RATE a second and receives
// TO and FROM are amqp or kafka; the brokers are those of MOMBRIDGE_TEST_AMQP and MOMBRIDGE_TEST_KAFKA.
// `count` goes on until all numbers below COUNT have come and then nothing for a second, and prints how many came, how
// many different ones, and how many were whole: of that size, with their headers. `time` prints a line for each
// message: microseconds from before it was sent until it was there. A few that do not count go first, one after the
// other.

#include <iostream>
#include <string_view>
#include <vector>

#include "clocks.hpp"
#include "messages.hpp"

namespace {

using namespace load;

constexpr uint64_t kFirst = 100;  ///< not counted: connections, leaders and caches
constexpr unsigned kManyAtOnceMs = 5;
constexpr double kManyRequests = 500;  ///< a second; above, Kafka's own limit would be what is measured
constexpr auto kQuiet = std::chrono::seconds(1);

[[noreturn]] void usage() {
  std::cerr << "usage: load-messages fill TO TARGET COUNT SIZE | count FROM SOURCE COUNT SIZE\n"
               "       | time TO TARGET FROM SOURCE COUNT SIZE RATE\n";
  std::exit(64);
}

bool is_kafka(std::string_view kind) {
  if (kind != "amqp" && kind != "kafka") usage();
  return kind == "kafka";
}

std::unique_ptr<Sender> sender(const std::string& kind, const std::string& target, size_t size, unsigned linger_ms) {
  if (is_kafka(kind)) return kafka_sender(broker(true), target, size, linger_ms);
  return amqp_sender(broker(false), target, size);
}

std::unique_ptr<Receiver> receiver(const std::string& kind, const std::string& source, Taken taken) {
  return (is_kafka(kind) ? kafka_receiver : amqp_receiver)(broker(is_kafka(kind)), source, std::move(taken));
}

void fill(const std::string& kind, const std::string& target, uint64_t count, size_t size) {
  auto to = sender(kind, target, size, kManyAtOnceMs);
  for (uint64_t number = 0; number < count; ++number) to->send(number);
  to->finish();
}

void count(const std::string& kind, const std::string& source, uint64_t count, size_t size) {
  std::vector<char> seen(count);
  std::atomic<uint64_t> total{0}, distinct{0}, whole{0};
  auto from = receiver(kind, source, [&](uint64_t number, size_t its_size, bool its_headers) {
    whole += its_size == size && its_headers;
    if (number < seen.size() && !seen[number]) {
      seen[number] = true;
      ++distinct;
    }
    ++total;
  });
  wait_for(
      count, [&] { return distinct.load(); }, "messages");
  for (uint64_t before = 0; before != total; std::this_thread::sleep_for(kQuiet)) before = total;
  from.reset();
  std::cout << total << ' ' << distinct << ' ' << whole << '\n';
}

struct Way {
  std::string to, target, from, source;
};

void time_each(const Way& way, uint64_t count, size_t size, double rate) {
  Clocks clocks(count);
  auto from = receiver(way.from, way.source, [&](uint64_t number, size_t, bool) { clocks.arrived(number); });
  auto to = sender(way.to, way.target, size, rate > kManyRequests ? 1 : 0);
  for (uint64_t i = 0; i < kFirst; ++i) {
    to->send(count + i);
    wait_for(
        i + 1, [&] { return clocks.first(); }, "first messages");
  }
  auto begin = Clock::now();
  for (uint64_t number = 0; number < count; ++number) {
    std::this_thread::sleep_until(begin + std::chrono::duration<double>(static_cast<double>(number) / rate));
    clocks.sent(number);
    to->send(number);
  }
  to->finish();
  wait_for(
      count, [&] { return clocks.arrived(); }, "messages");
  from.reset();
  clocks.print();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 5 && words[0] == "fill")
    fill(words[1], words[2], std::stoul(words[3]), std::stoul(words[4]));
  else if (words.size() == 5 && words[0] == "count")
    count(words[1], words[2], std::stoul(words[3]), std::stoul(words[4]));
  else if (words.size() == 8 && words[0] == "time")
    time_each({words[1], words[2], words[3], words[4]}, std::stoul(words[5]), std::stoul(words[6]),
              std::stod(words[7]));
  else
    usage();
}
