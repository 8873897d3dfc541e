// Sends requests at a rate, answers them, and says how long each took.
//   load-requests FROM TARGET TO TARGET COUNT RATE [hold]
// FROM and TO are amqp or kafka; the brokers are those of MOMBRIDGE_TEST_AMQP and MOMBRIDGE_TEST_KAFKA. RATE is in
// requests a second, 0: as fast as they can be sent. Prints a line for each request, in their order: microseconds from
// before it was sent until its reply was there. A few that do not count go first, one after the other. With `hold` no
// request is answered until all are with the responder: then it prints "held", waits for a line on its standard input,
// and answers.

#include <iostream>
#include <string_view>
#include <thread>

#include "clocks.hpp"
#include "exchange.hpp"

namespace {

using namespace load;

constexpr uint64_t kFirst = 100;  ///< not counted: connections, leaders and caches

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) return std::cerr << "usage: load-requests FROM TARGET TO TARGET COUNT RATE [hold]\n", 64;
  bool from_kafka = std::string_view(argv[1]) == "kafka", to_kafka = std::string_view(argv[3]) == "kafka";
  size_t count = std::stoul(argv[5]);
  double rate = std::stod(argv[6]);
  bool hold = argc > 7;
  Clocks clocks(count);
  auto responder = (to_kafka ? kafka_responder : amqp_responder)(broker(to_kafka), argv[4], hold);
  auto requester = (from_kafka ? kafka_requester : amqp_requester)(broker(from_kafka), argv[2],
                                                                   [&](uint64_t id) { clocks.arrived(id); });

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
      count, [&] { return clocks.arrived(); }, "replies");
  clocks.print();
}
