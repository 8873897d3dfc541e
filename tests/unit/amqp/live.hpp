#pragma once
// A broker of ours against the live RabbitMQ, with queues that are removed afterwards.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "broker/amqp/broker.hpp"
#include "broker/amqp/settings.hpp"
#include "entry.hpp"
#include "probe.hpp"
#include "raw_client.hpp"

namespace mombridge::amqp::test {

class LiveTest : public testing::Test, public Sink {
 protected:
  void SetUp() override {
    log::init(log::Level::off, log::Format::text);
    if (auto why = no_live_broker(); !why.empty()) GTEST_SKIP() << why;
    raw = std::make_unique<RawClient>();
    settings->appname = "test";
    settings->endpoints = {live_broker()};
    settings->reconnect_delay = settings->reconnect_delay_max = 20ms;
  }
  void TearDown() override {
    if (broker) broker->stop(10s);
    take();
    broker.reset();
    if (!raw) return;
    RawClient cleaner;  // the test's own may have been closed by the broker
    for (auto& queue : queues_) cleaner.delete_queue(queue);
    for (auto& exchange : exchanges_) cleaner.delete_exchange(exchange);
  }

  std::string unique(const std::string& what) {
    static std::atomic<unsigned> number{0};
    return "unit." + what + "." + std::to_string(unix_ms()) + "." + std::to_string(::getpid()) + "." +
           std::to_string(++number);
  }
  /// A name; the queue need not exist, and is deleted where it does.
  std::string queue() { return queues_.emplace_back(unique("queue")); }
  std::string exchange() { return exchanges_.emplace_back(unique("exchange")); }

  void subscribe(const test::Entry& entry) { settings->subscriptions.push_back(entry); }
  void start() {
    broker = create({.name = "shop", .type = "amqp", .mark = {}, .settings = settings});
    broker->start(*this);
  }
  /// Links: 0 is the publisher, then the subscriptions.
  [[nodiscard]] LinkStatus link(size_t i) const { return broker->status().at(i); }
  bool await_state(size_t i, LinkStatus::State state) {
    return await([&] { return link(i).state == state; });
  }
  static bool await(const std::function<bool()>& condition) {
    for (auto deadline = Clock::now() + kPatience; Clock::now() < deadline; std::this_thread::sleep_for(2ms))
      if (condition()) return true;
    return false;
  }
  Probe& publish(const std::string& target, const std::string& body, const std::string& to_exchange = "") {
    auto& probe = probes_.emplace_back(target, body, to_exchange);
    broker->publish(probe);
    return probe;
  }

  void receive(DeliveryHandle d) noexcept override {
    std::lock_guard lock(mutex_);
    ++arrived;
    held_.push_back(std::move(d));
    changed_.notify_all();
  }
  std::vector<DeliveryHandle> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(held_, {});
  }
  /// Waits until so many are held and takes them.
  std::vector<DeliveryHandle> await_held(size_t least, Duration patience = kPatience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return held_.size() >= least; });
    return std::exchange(held_, {});
  }
  [[nodiscard]] size_t held() {
    std::lock_guard lock(mutex_);
    return held_.size();
  }

  std::atomic<size_t> arrived{0};
  std::unique_ptr<RawClient> raw;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();

 private:
  std::list<Probe> probes_;

 protected:
  std::unique_ptr<Broker> broker;

 private:
  std::vector<std::string> queues_, exchanges_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<DeliveryHandle> held_;
};

/// Flags and nothing.
inline const std::string kNoProperties = std::string(2, '\0');

}  // namespace mombridge::amqp::test
