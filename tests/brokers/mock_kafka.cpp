// A Kafka without a JVM: librdkafka's mock cluster as a process of its own, for the demo and for tests that stop or kill
// it. Prints `bootstrap=HOST:PORT` and stays until its standard input is closed or it gets TERM.
//   mock-kafka TOPIC[:PARTITIONS]...
// It keeps 5 MiB or 100,000 messages a partition and drops the rest: nothing that counts messages may run on it.

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

int main(int argc, char** argv) {
  // A default handler ends the process, which is all that TERM needs to do here.
  signal(SIGTERM, SIG_DFL);
  char error[256];
  auto* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "client.id", "mock-kafka", error, sizeof error);
  rd_kafka_conf_set(conf, "log_level", "3", error, sizeof error);  // it has no bootstrap.servers, and would warn of that
  std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error), rd_kafka_destroy);
  if (!client) return std::fprintf(stderr, "mock-kafka: %s\n", error), 1;
  std::unique_ptr<rd_kafka_mock_cluster_t, decltype(&rd_kafka_mock_cluster_destroy)> cluster(
      rd_kafka_mock_cluster_new(client.get(), 1), rd_kafka_mock_cluster_destroy);
  if (!cluster) return std::fprintf(stderr, "mock-kafka: the mock cluster does not start\n"), 1;

  for (int i = 1; i < argc; ++i) {
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

  char ignored[64];
  while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
  return 0;
}
