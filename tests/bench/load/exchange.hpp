#pragma once
// A requester and a responder as plain clients write them, without a line of the bridge's own. Both speak to one
// broker.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace load {

using Clock = std::chrono::steady_clock;

/// Sends requests that are told apart by a number, and hears their replies.
class Requester {
 public:
  Requester() = default;
  Requester(const Requester&) = delete;
  Requester& operator=(const Requester&) = delete;
  virtual ~Requester() = default;
  /// [one thread]
  virtual void send(uint64_t id) = 0;
};
/// [the requester's own thread] A reply to this request has come.
using Replied = std::function<void(uint64_t id)>;

/// Answers requests on a thread of its own.
class Responder {
 public:
  Responder() = default;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  virtual ~Responder() = default;
  /// [any thread] The requests that it has, those included that it holds back.
  [[nodiscard]] virtual uint64_t seen() const = 0;
  /// [any thread] From now on it holds nothing back: what it has is answered, too.
  virtual void release() = 0;
};

/// What the responders of both brokers share: requests wait here until they may be answered. Derived classes use it on
/// their own thread.
template <class Request>
class HoldingResponder : public Responder {
 public:
  [[nodiscard]] uint64_t seen() const final { return seen_; }
  void release() final { holding_ = false; }

 protected:
  explicit HoldingResponder(bool hold) : holding_(hold) {}
  void take(Request request) {
    held_.push_back(std::move(request));
    ++seen_;
  }
  template <class Answer>
  void answer_all(Answer answer) {
    if (holding_) return;
    for (auto& request : held_) answer(request);
    held_.clear();
  }

 private:
  std::atomic<bool> holding_;
  std::atomic<uint64_t> seen_{0};
  std::vector<Request> held_;
};

std::unique_ptr<Requester> amqp_requester(const std::string& url, const std::string& queue, Replied replied);
std::unique_ptr<Responder> amqp_responder(const std::string& url, const std::string& queue, bool hold);
/// Replies come to the topic TOPIC.mailbox. Topics have one partition, and are read from their present end.
std::unique_ptr<Requester> kafka_requester(const std::string& servers, const std::string& topic, Replied replied);
std::unique_ptr<Responder> kafka_responder(const std::string& servers, const std::string& topic, bool hold);

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "load-requests: %s\n", why.c_str());
  std::exit(69);
}

}  // namespace load
