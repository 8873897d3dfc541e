// Kafka as the suite sees it: the broker that MOMBRIDGE_TEST_KAFKA names (host:port), and the same through the listener
// with TLS and logins that MOMBRIDGE_TEST_STATE tells of.

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "adapter.hpp"
#include "broker/kafka/broker.hpp"
#include "broker/kafka/settings.hpp"
#include "kafka_admin.hpp"

namespace mombridge::conformance {

namespace {

using Kind = Value::Kind;

constexpr int kSmallLimit = 50'000;
constexpr const char* kLargeLimit = "4000000";
/// The least that a Kafka broker allows by default.
constexpr const char* kSessionMs = "6000";
constexpr Duration kLongerThanASession = 8s;

std::atomic<int> refused_port{0};  ///< connections to it are refused; 0: none is

/// Shuts down this process's connections to that port.
void shut_connections(int port) {
  auto* folder = ::opendir("/proc/self/fd");
  while (auto* entry = ::readdir(folder)) {
    int fd = std::atoi(entry->d_name);
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (entry->d_name[0] == '.' || ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family == AF_INET && ntohs(peer.sin_port) == port) ::shutdown(fd, SHUT_RDWR);
  }
  ::closedir(folder);
}

class KafkaAdapter : public Adapter {
 public:
  KafkaAdapter() {
    if (auto* servers = std::getenv("MOMBRIDGE_TEST_KAFKA")) plain_servers_ = servers_ = servers;
  }

  [[nodiscard]] std::string unusable() const override {
    return servers_.empty() ? "MOMBRIDGE_TEST_KAFKA is not set" : "";
  }
  [[nodiscard]] Capabilities capabilities() const override { return {.can_cut = true}; }

  std::string new_target(int partitions) override {
    auto name = unique_name();
    KafkaAdmin(plain_servers_).create_topic(name, partitions, kLargeLimit);
    return name;
  }
  // By its name alone: the broker may make a topic that is merely not there.
  std::string missing_target() override { return "no such/topic"; }

  std::unique_ptr<Broker> make(const Wish& wish) override {
    auto settings = std::make_shared<kafka::Settings>();
    settings->appname = "conformance";
    settings->bootstrap_servers = wish.reachable ? servers_ : "127.0.0.1:1";
    settings->group_id = wish.target.empty() ? unique_name() : wish.target;
    settings->security = security_;
    settings->reconnect_delay = 100ms;
    settings->reconnect_delay_max = 1s;
    settings->prefetch_count = wish.prefetch;
    settings->librdkafka = {{"message.max.bytes", wish.small_limit ? std::to_string(kSmallLimit) : kLargeLimit},
                            {"session.timeout.ms", kSessionMs},
                            {"heartbeat.interval.ms", "1000"}};
    if (!wish.target.empty()) {
      auto& s = settings->subscriptions.emplace_back();
      s.source = s.topic = wish.target;
      s.targets = {wish.target};
    }
    sections_.push_back({.name = "lake", .type = "kafka", .mark = {}, .settings = settings});
    return kafka::create(sections_.back());
  }

  // For longer than the session: a connection that merely breaks and comes back changes nothing for a consumer. No
  // relay could do it, as clients connect to the address that the broker advertises.
  void cut() override {
    int port = std::atoi(servers_.substr(servers_.rfind(':') + 1).c_str());
    refused_port = port;
    for (auto end = Clock::now() + kLongerThanASession; Clock::now() < end; std::this_thread::sleep_for(10ms))
      shut_connections(port);
    refused_port = 0;
  }

  [[nodiscard]] OwnMessage as_received(OwnMessage sent, const OwnMessage& received) const override {
    sent.delivery_mode = {};
    if (!sent.record_time_ms) sent.record_time_ms = received.record_time_ms;  // that of its arrival
    if (!sent.message_id && received.message_id && received.message_id->starts_with("kafka:lake/conformance."))
      sent.message_id = received.message_id;
    return sent;
  }

 protected:
  std::string servers_;        ///< for the brokers that are tested; empty: there are none
  std::string plain_servers_;  ///< for everything else
  kafka::Security security_;

 private:
  std::vector<config::BrokerSection> sections_;
};

class SecureKafkaAdapter final : public KafkaAdapter {
 public:
  SecureKafkaAdapter() {
    servers_.clear();
    auto* path = std::getenv("MOMBRIDGE_TEST_STATE");
    std::ifstream file(path ? path : "");
    auto state = nlohmann::json::parse(file, nullptr, false);
    if (state.is_discarded() || !state["kafka"].contains("logins")) return;
    auto& node = state["kafka"];
    servers_ = node["secure"]["SCRAM"];
    security_.tls.emplace().ca = node["logins"]["ca"];
    auto& sasl = security_.sasl.emplace();
    sasl.mechanism = kafka::Mechanism::scram_sha_512;
    sasl.username = node["logins"]["user"];
    sasl.password = Secret(node["logins"]["password"]);
  }

  [[nodiscard]] std::string unusable() const override {
    return servers_.empty() ? "MOMBRIDGE_TEST_STATE tells of no Kafka with logins" : "";
  }
};

int connect_unless_refused(int fd, const sockaddr* address, socklen_t size) {
  static auto* original = reinterpret_cast<decltype(&::connect)>(::dlsym(RTLD_NEXT, "connect"));
  if (int port = refused_port; port && address->sa_family == AF_INET) {
    sockaddr_in to{};
    std::memcpy(&to, address, std::min<size_t>(size, sizeof to));
    if (ntohs(to.sin_port) == port) return errno = ECONNREFUSED, -1;
  }
  return original(fd, address, size);
}

}  // namespace

std::unique_ptr<Adapter> kafka_adapter() { return std::make_unique<KafkaAdapter>(); }
std::unique_ptr<Adapter> kafka_sasl_ssl_adapter() { return std::make_unique<SecureKafkaAdapter>(); }

}  // namespace mombridge::conformance

// Stands before the C library's, for librdkafka as well.
extern "C" int connect(int fd, const sockaddr* address, socklen_t size) {
  return mombridge::conformance::connect_unless_refused(fd, address, size);
}
