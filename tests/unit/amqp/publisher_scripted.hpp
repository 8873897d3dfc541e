#pragma once
// A broker that only publishes, and the server that it publishes to, played by the test.

#include <deque>
#include <list>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "broker/amqp/broker.hpp"
#include "broker/amqp/settings.hpp"
#include "probe.hpp"
#include "scripted_server.hpp"

namespace mombridge::amqp::test {

struct Published {
  std::string exchange, key, header, body;
  /// Flags and values, as they came.
  [[nodiscard]] std::string_view properties() const { return std::string_view(header).substr(12); }
};

class ScriptedPublisher : public testing::Test {
 protected:
  ScriptedPublisher() {
    log::init(log::Level::off, log::Format::text);
    settings->endpoints = {{.host = "127.0.0.1", .port = server.port(), .user = "me", .password = Secret("pw")}};
    settings->heartbeat = Duration::zero();
    settings->reconnect_delay = settings->reconnect_delay_max = 1ms;
    broker = create({.name = "shop", .type = "amqp", .mark = {}, .settings = settings});
  }
  void start() {
    start_alone();
    connect();
  }
  /// The server has not said anything yet.
  void start_alone() { broker->start(nobody_); }
  /// The server's part up to where publications come.
  void connect() {
    socket = server.login(greeting);
    confirm_select();
  }
  void confirm_select() {
    ASSERT_TRUE(socket.await(AMQP_CHANNEL_OPEN_METHOD));
    socket.method(1, AMQP_CHANNEL_OPEN_OK_METHOD, std::string(4, '\0'));
    ASSERT_TRUE(socket.await(AMQP_CONFIRM_SELECT_METHOD));
    socket.method(1, AMQP_CONFIRM_SELECT_OK_METHOD);
  }
  /// Probes that outlive the publisher, also where a test ends early.
  std::deque<Probe>& numbered(size_t count) {
    auto& lot = probes_.emplace_back();
    for (size_t i = 0; i < count; ++i) lot.emplace_back("queue", std::to_string(i));
    return lot;
  }
  Probe& one(std::string target = "queue", std::string body = "body", std::string exchange = "") {
    return probes_.emplace_back().emplace_back(std::move(target), std::move(body), std::move(exchange));
  }
  void publish(std::deque<Probe>& probes) {
    for (auto& p : probes) broker->publish(p);
  }
  /// The next publication that the server receives.
  Published receive() {
    Published p;
    auto frame = socket.await(AMQP_BASIC_PUBLISH_METHOD);
    auto header = socket.read();
    if (!frame || !header || header->type != 2) {
      ADD_FAILURE() << "no publication comes";
      return p;
    }
    Reader in(frame->arguments());
    in.number<uint16_t>();
    p.exchange = in.short_string();
    p.key = in.short_string();
    p.header = header->payload;
    Reader sizes(p.header);
    sizes.number<uint32_t>();
    for (auto size = sizes.number<uint64_t>(); p.body.size() < size;) {
      auto body = socket.read();
      if (!body || body->type != 3) break;
      p.body += body->payload;
    }
    return p;
  }
  std::vector<std::string> receive_bodies(size_t count) {
    std::vector<std::string> bodies;
    for (size_t i = 0; i < count && !HasFailure(); ++i) bodies.push_back(receive().body);
    return bodies;
  }
  void ack(uint64_t tag, bool multiple) { confirm(AMQP_BASIC_ACK_METHOD, tag, multiple); }
  void nack(uint64_t tag, bool multiple) { confirm(AMQP_BASIC_NACK_METHOD, tag, multiple); }
  void return_it(const Published& p) { return_it(p, p.properties()); }
  void return_it(const Published& p, std::string_view properties) {
    auto method = arguments([&](Writer& w) {
      w.number(uint16_t{312});
      w.short_string("NO_ROUTE");
      w.short_string(p.exchange);
      w.short_string(p.key);
    });
    socket.write(method_bytes(1, AMQP_BASIC_RETURN_METHOD, method) +
                 frame_bytes(2, 1, p.header.substr(0, 12) + std::string(properties)));
    if (!p.body.empty()) socket.write(frame_bytes(3, 1, p.body));
  }
  /// The publisher's; there is no other.
  [[nodiscard]] LinkStatus link() const { return broker->status().front(); }
  void await_state(LinkStatus::State state) {
    auto deadline = Clock::now() + kPatience;
    while (link().state != state && Clock::now() < deadline) std::this_thread::sleep_for(1ms);
    ASSERT_EQ(to_string(link().state), to_string(state));
  }

  std::list<std::deque<Probe>> probes_;
  ScriptedServer server;
  Greeting greeting;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  std::unique_ptr<Broker> broker;
  FrameSocket socket;

 private:
  struct : Sink {
    void receive(DeliveryHandle) noexcept override {}
  } nobody_;  ///< nothing is subscribed to
  void confirm(uint32_t method, uint64_t tag, bool multiple) {
    socket.method(1, method, arguments([&](Writer& w) {
                    w.number(tag);
                    w.octet(multiple);
                  }));
  }
};

}  // namespace mombridge::amqp::test
