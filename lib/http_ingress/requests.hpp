#pragma once
// The open requests: each is published to its broker, and answered when the broker has said what became of it.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/event_loop.hpp"
#include "base/inbox.hpp"
#include "handler/publisher.hpp"
#include "http_ingress/counts.hpp"
#include "http_ingress/listener.hpp"
#include "http_ingress/open_requests.hpp"
#include "http_ingress/replies.hpp"
#include "http_ingress/rules.hpp"

namespace mombridge::http_ingress {

/// [loop] All of it, but where it says otherwise.
class Requests final : public Listener::User {
 public:
  /// `loop` and `counts` outlive this; the loop serves it before each of its sleeps.
  Requests(EventLoop& loop, std::shared_ptr<const Rules> rules, handler::FindBroker find_broker, MakeClient make_client,
           Counts& counts);
  ~Requests();

  /// `difference`: to what it went by before.
  void use(std::shared_ptr<const Rules> rules, const topology::Difference& difference);
  /// What comes from now on is refused; what is open goes on.
  void drain() { draining_ = true; }
  /// The brokers have stopped. What is still open is answered: it may or may not have arrived.
  void stop();
  /// Answers what brokers have completed. Before each sleep of the loop; returns how long that may last at most.
  Duration serve();

  /// [any thread] Requests without an answer.
  [[nodiscard]] size_t open() const { return unanswered_; }
  /// [any thread] Bytes of the requests whose bodies are being read or that a broker has.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

  tl::expected<Admission, Answer> judge(const RequestHead& head, std::optional<uint64_t> length) override;
  void begin(Admission admission, RequestHead head, std::string body, Respond respond) override;
  void invalid() override { counts_.ended("", End::invalid); }
  void busy() override { counts_.ended("", End::busy); }
  void unheard() override { counts_.unheard.add(); }
  [[nodiscard]] uint64_t most_body() const override { return rules_->ingress().max_body; }

 private:
  class Open;

  tl::expected<Admission, Answer> admit(Address address, std::optional<uint64_t> length);
  [[nodiscard]] std::optional<Answer> unavailable(const std::string& broker) const;
  [[nodiscard]] Answer full(const std::string& broker, const OpenRequests& all) const;
  std::optional<Answer> start(Open& request);
  void replied(Open& request, const Message& reply);
  void finished(Open& request);
  void timed_out(Open& request);
  void end(Open& request, const Answer& answer);

  EventLoop& loop_;
  std::shared_ptr<const Rules> rules_;
  const handler::FindBroker find_broker_;
  Counts& counts_;
  Replies replies_;
  bool draining_ = false;
  std::map<std::string, OpenRequests> by_broker_;
  std::unordered_map<const Open*, std::unique_ptr<Open>> open_;
  Inbox<Open> completed_;
  std::atomic<size_t> unanswered_{0};
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace mombridge::http_ingress
