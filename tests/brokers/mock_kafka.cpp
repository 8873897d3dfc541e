// A Kafka without a JVM: librdkafka's mock cluster as a process of its own, for the demo and for tests that stop or
// kill it, or order errors. Prints `bootstrap=HOST:PORT` and stays until its standard input is closed or it gets TERM.
//   mock-kafka [--brokers N] TOPIC[:PARTITIONS]...
// It keeps 5 MiB or 100,000 messages a partition and drops the rest: nothing that counts messages may run on it.
// Standard input takes commands, one a line, each answered with `ok` or what is wrong:
//   topic NAME PARTITIONS                 leader TOPIC PARTITION BROKER       coordinator GROUP BROKER
//   down BROKER                           up BROKER                           delay BROKER MILLISECONDS
//   error BROKER API-KEY CODE [COUNT]     what BROKER answers to the next COUNT requests of that kind

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <signal.h>
#include <sstream>
#include <string>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace {

using Cluster = rd_kafka_mock_cluster_t;
using Command = std::function<rd_kafka_resp_err_t(Cluster*, std::istringstream&)>;

template <class T>
T next(std::istringstream& words) {
  T value{};
  words >> value;
  return value;
}

rd_kafka_resp_err_t push_errors(Cluster* cluster, std::istringstream& words) {
  auto broker = next<int>(words);
  auto api_key = next<int16_t>(words);
  auto code = static_cast<rd_kafka_resp_err_t>(next<int>(words));
  int count = 1;
  if (!(words >> count)) words.clear(), count = 1;
  for (int i = 0; i < count; ++i)
    if (auto failed = rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, api_key, 1, code, 0)) return failed;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t create_topic(Cluster* cluster, std::istringstream& words) {
  auto name = next<std::string>(words);
  return rd_kafka_mock_topic_create(cluster, name.c_str(), next<int>(words), 1);
}

rd_kafka_resp_err_t set_leader(Cluster* cluster, std::istringstream& words) {
  auto topic = next<std::string>(words);
  auto partition = next<int>(words);
  return rd_kafka_mock_partition_set_leader(cluster, topic.c_str(), partition, next<int>(words));
}

rd_kafka_resp_err_t set_coordinator(Cluster* cluster, std::istringstream& words) {
  auto group = next<std::string>(words);
  return rd_kafka_mock_coordinator_set(cluster, "group", group.c_str(), next<int>(words));
}

const std::map<std::string, Command> kCommands{
    {"topic", create_topic},
    {"leader", set_leader},
    {"coordinator", set_coordinator},
    {"error", push_errors},
    {"down", [](auto* cluster, auto& words) { return rd_kafka_mock_broker_set_down(cluster, next<int>(words)); }},
    {"up", [](auto* cluster, auto& words) { return rd_kafka_mock_broker_set_up(cluster, next<int>(words)); }},
    {"delay",
     [](auto* cluster, auto& words) {
       auto broker = next<int>(words);
       return rd_kafka_mock_broker_set_rtt(cluster, broker, next<int>(words));
     }},
};

void obey(Cluster* cluster, const std::string& line) {
  std::istringstream words(line);
  auto command = kCommands.find(next<std::string>(words));
  if (command == kCommands.end()) return void(std::printf("no such command\n"));
  auto failed = command->second(cluster, words);
  std::printf("%s\n", !words ? "too few words" : failed ? rd_kafka_err2str(failed) : "ok");
}

}  // namespace

int main(int argc, char** argv) {
  // A default handler ends the process, which is all that TERM needs to do here.
  signal(SIGTERM, SIG_DFL);
  int first = 1, brokers = 1;
  if (argc > 2 && std::string(argv[1]) == "--brokers") {
    brokers = std::atoi(argv[2]);
    first = 3;
  }
  char error[256];
  auto* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "client.id", "mock-kafka", error, sizeof error);
  rd_kafka_conf_set(conf, "log_level", "3", error,
                    sizeof error);  // it has no bootstrap.servers, and would warn of that
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error), rd_kafka_destroy);
  if (!client) return std::fprintf(stderr, "mock-kafka: %s\n", error), 1;
  std::unique_ptr<Cluster, decltype(&rd_kafka_mock_cluster_destroy)> cluster(
      rd_kafka_mock_cluster_new(client.get(), brokers), rd_kafka_mock_cluster_destroy);
  if (!cluster) return std::fprintf(stderr, "mock-kafka: the mock cluster does not start\n"), 1;

  for (int i = first; i < argc; ++i) {
    std::string topic = argv[i];
    int partitions = 1;
    if (auto colon = topic.find(':'); colon != std::string::npos) {
      partitions = std::atoi(topic.c_str() + colon + 1);
      topic.resize(colon);
    }
    if (auto failed = rd_kafka_mock_topic_create(cluster.get(), topic.c_str(), partitions, 1))
      return std::fprintf(stderr, "mock-kafka: topic %s: %s\n", topic.c_str(), rd_kafka_err2str(failed)), 1;
  }
  std::printf("bootstrap=%s\n", rd_kafka_mock_cluster_bootstraps(cluster.get()));
  std::fflush(stdout);

  for (std::string line; std::getline(std::cin, line);) {
    obey(cluster.get(), line);
    std::fflush(stdout);
  }
  return 0;
}
