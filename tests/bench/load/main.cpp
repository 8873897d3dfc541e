// Sends requests at a rate, answers them, and says how long each took.
//   load-requests FROM TARGET TO TARGET COUNT RATE [hold]
// FROM and TO are amqp or kafka; the brokers are those of MOMBRIDGE_TEST_AMQP and MOMBRIDGE_TEST_KAFKA. RATE is in
// requests a second, 0: as fast as they can be sent. Prints a line for each request, in their order: microseconds from
// before it was sent until its reply was there. A few that do not count go first, one after the other. With `hold` no
// request is answered until all are with the responder: then it prints "held", waits for a line on its standard input,
// and answers.

#include <atomic>
#include <iostream>
#include <string_view>
#include <thread>
#include <vector>

#include "exchange.hpp"

namespace {

using namespace std::chrono_literals;
using load::Clock;

constexpr uint64_t kFirst = 100;  ///< not counted: connections, leaders and caches
constexpr auto kPatience = 120s;  ///< without a reply, or a request, that is new

class Clocks {
 public:
  explicit Clocks(size_t count) : sent_(count), took_(count) {}
  void sent(uint64_t id) { sent_[id] = Clock::now(); }
  void replied(uint64_t id) {
    if (id >= took_.size()) return void(++first_);
    auto us = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - sent_[id].load()).count() / 1000.0;
    if (took_[id].exchange(us) == 0) ++replied_;
  }
  [[nodiscard]] uint64_t replied() const { return replied_; }
  /// Of those beyond the count.
  [[nodiscard]] uint64_t first() const { return first_; }
  void print() const {
    for (auto& us : took_) std::cout << us << '\n';
  }

 private:
  std::vector<std::atomic<Clock::time_point>> sent_;
  std::vector<std::atomic<double>> took_;  ///< 0: no reply yet
  std::atomic<uint64_t> replied_{0}, first_{0};
};

std::string broker(bool kafka) {
  auto* address = std::getenv(kafka ? "MOMBRIDGE_TEST_KAFKA" : "MOMBRIDGE_TEST_AMQP");
  if (!address) load::give_up("the environment does not say where the brokers are");
  return address;
}

template <class Counter>
void wait_for(uint64_t count, Counter counter, const char* what) {
  auto last = Clock::now();
  for (uint64_t before = 0, now = 0; (now = counter()) < count; std::this_thread::sleep_for(1ms)) {
    if (now != before) last = Clock::now();
    before = now;
    if (Clock::now() - last > kPatience)
      load::give_up(std::to_string(count - now) + " of " + std::to_string(count) + " " + what + " did not come");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) return std::cerr << "usage: load-requests FROM TARGET TO TARGET COUNT RATE [hold]\n", 64;
  bool from_kafka = std::string_view(argv[1]) == "kafka", to_kafka = std::string_view(argv[3]) == "kafka";
  size_t count = std::stoul(argv[5]);
  double rate = std::stod(argv[6]);
  bool hold = argc > 7;
  Clocks clocks(count);
  auto responder = (to_kafka ? load::kafka_responder : load::amqp_responder)(broker(to_kafka), argv[4], hold);
  auto requester = (from_kafka ? load::kafka_requester : load::amqp_requester)(
      broker(from_kafka), argv[2], [&](uint64_t id) { clocks.replied(id); });

  for (uint64_t i = 0; !hold && i < kFirst; ++i) {
    requester->send(count + i);
    wait_for(
        i + 1, [&] { return clocks.first(); }, "first replies");
  }
  auto begin = Clock::now();
  for (size_t id = 0; id < count; ++id) {
    if (rate > 0) std::this_thread::sleep_until(begin + std::chrono::duration<double>(id / rate));
    clocks.sent(id);
    requester->send(id);
  }
  if (hold) {
    wait_for(
        count, [&] { return responder->seen(); }, "requests");
    std::cout << "held" << std::endl;
    std::string go;
    std::getline(std::cin, go);
    responder->release();
  }
  wait_for(
      count, [&] { return clocks.replied(); }, "replies");
  clocks.print();
}
