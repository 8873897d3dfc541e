// RabbitMQ, the live one that MOMBRIDGE_TEST_AMQP names, and the same over TLS, as MOMBRIDGE_TEST_AMQPS says. A target
// is a durable queue.

#include <cmath>
#include <cstdlib>
#include <list>
#include <optional>

#include "../unit/amqp/raw_client.hpp"
#include "adapter.hpp"
#include "broker/amqp/broker.hpp"
#include "broker/amqp/config.hpp"
#include "broker/amqp/settings.hpp"
#include "relay.hpp"

namespace mombridge::conformance {

namespace {

using Kind = Value::Kind;

// AMQP has no unsigned 64-bit field that all read alike, and RabbitMQ dies of infinities.
void convert(std::vector<OwnHeader>& headers) {
  for (auto& h : headers) {
    if (h.value.kind == Kind::u64) h.value.kind = Kind::i64;
    if (std::isinf(h.value.real)) h.value = OwnValue::string(h.value.real < 0 ? "-inf" : "inf");
    convert(h.value.members);
  }
}

// One after the other where the first of them stood: on the way they were one array.
void gather_repeated(std::vector<OwnHeader>& headers) {
  std::vector<OwnHeader> gathered;
  for (auto& h : headers) {
    bool seen = false;
    for (auto& g : gathered) seen = seen || g.name == h.name;
    if (seen) continue;
    for (auto& other : headers)
      if (other.name == h.name) gathered.push_back(other);
  }
  headers = std::move(gathered);
}

/// Its host is empty where there is none.
amqp::Endpoint live_broker_with_tls() {
  auto *url = std::getenv("MOMBRIDGE_TEST_AMQPS"), *ca = std::getenv("MOMBRIDGE_TEST_AMQPS_CA");
  auto parsed = amqp::parse_url(url ? url : "");
  if (!parsed || !ca) return {};
  auto tls = std::make_shared<config::TlsSettings>();
  tls->ca = ca;
  parsed->endpoint.tls = tls;
  return parsed->endpoint;
}

class AmqpAdapter final : public Adapter {
 public:
  /// `endpoint`: what the brokers under test connect to.
  explicit AmqpAdapter(amqp::Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  ~AmqpAdapter() override {
    if (queues_.empty()) return;
    amqp::test::RawClient client;
    for (auto& queue : queues_) client.delete_queue(queue);
  }

  [[nodiscard]] std::string unusable() const override {
    auto why = amqp::test::no_live_broker();
    return why.empty() && endpoint_.host.empty() ? "MOMBRIDGE_TEST_AMQPS names no broker" : why;
  }
  [[nodiscard]] Capabilities capabilities() const override { return {.can_cut = true}; }
  std::string new_target(int) override { return queues_.emplace_back(unique_name()); }
  std::string missing_target() override { return unique_name(); }

  std::unique_ptr<Broker> make(const Wish& wish) override {
    auto settings = std::make_shared<amqp::Settings>();
    settings->endpoints = {endpoint_of(wish)};
    settings->prefetch_count = static_cast<uint16_t>(wish.prefetch);
    settings->reconnect_delay = 20ms;
    settings->reconnect_delay_max = 500ms;
    if (wish.small_limit) settings->max_message_size = 50'000;
    if (!wish.target.empty()) {
      auto& s = settings->subscriptions.emplace_back();
      s.source = s.queue = wish.target;
      s.targets = {"#"};
      s.declare = amqp::QueueDeclaration{};
    }
    sections_.push_back({.name = "shop", .type = "amqp", .mark = {}, .settings = settings});
    return amqp::create(sections_.back());
  }

  // Alternately, because the two are seen in different places: a failing call, and an end of the stream.
  void cut() override { relay_->cut(++cuts_ % 2 ? Relay::Cut::reset : Relay::Cut::close); }

  [[nodiscard]] OwnMessage as_received(OwnMessage sent, const OwnMessage&) const override {
    sent.delivery_mode = 2;  // published messages are persistent
    convert(sent.headers);
    gather_repeated(sent.headers);
    return sent;
  }

 private:
  amqp::Endpoint endpoint_of(const Wish& wish) {
    auto endpoint = endpoint_;
    if (!wish.reachable) endpoint.port = "1";
    if (!wish.cuttable) return endpoint;
    if (!relay_) relay_.emplace(endpoint.host, endpoint.port);
    endpoint.host = "127.0.0.1";
    endpoint.port = relay_->port();
    return endpoint;
  }

  const amqp::Endpoint endpoint_;
  std::optional<Relay> relay_;
  unsigned cuts_ = 0;
  std::vector<std::string> queues_;
  std::list<config::BrokerSection> sections_;
};

}  // namespace

std::unique_ptr<Adapter> amqp_adapter() { return std::make_unique<AmqpAdapter>(amqp::test::live_broker()); }
std::unique_ptr<Adapter> amqps_adapter() { return std::make_unique<AmqpAdapter>(live_broker_with_tls()); }

}  // namespace mombridge::conformance
