// Plain senders and sinks for the fault tests.
//   fault-load amqp-send|kafka-send WHERE JOURNAL FLOW...
//   fault-load amqp-sink|kafka-sink WHERE JOURNAL QUEUE|TOPIC...
// Ends when its standard input does; a sender holds back while an 'h' is the last that came there, until a 'g'.

#include <cstdio>
#include <signal.h>
#include <thread>
#include <unistd.h>

#include "clients.hpp"

using namespace faults;

int main(int argc, char** argv) {
  if (argc < 5) return std::fprintf(stderr, "usage: fault-load CLIENT WHERE JOURNAL WHAT...\n"), 64;
  signal(SIGPIPE, SIG_IGN);
  std::string client = argv[1], where = argv[2];
  std::vector<std::string> what(argv + 4, argv + argc);
  Journal journal(argv[3]);
  if (!journal.ok()) return std::perror(argv[3]), 73;

  std::thread([] {
    for (char command; ::read(STDIN_FILENO, &command, 1) > 0;) holding = command == 'h';
    stopping = true;
  }).detach();

  if (client == "amqp-sink") return amqp_sink(where, what, journal);
  if (client == "kafka-sink") return kafka_sink(where, what, journal);
  std::vector<Flow> flows;
  for (auto& text : what) flows.push_back(parse_flow(text));
  if (client == "amqp-send") return amqp_send(where, flows, journal);
  if (client == "kafka-send") return kafka_send(where, flows, journal);
  return std::fprintf(stderr, "fault-load: no client '%s'\n", client.c_str()), 64;
}
