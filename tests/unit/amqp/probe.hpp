#pragma once
// A publication of a test's own, with all that it views.

#include <condition_variable>
#include <mutex>
#include <string>

#include "broker/amqp/settings.hpp"
#include "frame_socket.hpp"
#include "message/publication.hpp"

namespace mombridge::amqp::test {

class Probe final : public Publication {
 public:
  explicit Probe(std::string to, std::string content = "body", std::string to_exchange = "")
      : target_(std::move(to)), body_(std::move(content)) {
    own.body = body_;
    message = &own;
    target = target_;
    own_options.exchange = std::move(to_exchange);
    options = &own_options;
  }
  void completed(Outcome o) noexcept override {
    std::lock_guard lock(mutex_);
    outcome_ = std::move(o);
    ++completions_;
    changed_.notify_all();
  }
  /// "delivered", "refused: REASON", "away: REASON"; "nothing" after `patience`.
  [[nodiscard]] std::string outcome(Duration patience = kPatience) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [this] { return completions_ > 0; })) return "nothing";
    if (completions_ > 1) return "completed " + std::to_string(completions_) + " times";
    switch (outcome_.kind) {
      case Outcome::Kind::delivered:
        return "delivered";
      case Outcome::Kind::refused:
        return "refused: " + outcome_.reason;
      case Outcome::Kind::away:
        return "away: " + outcome_.reason;
    }
    return "unknown";
  }
  [[nodiscard]] bool pending() { return outcome(Duration::zero()) == "nothing"; }

  Message own;
  PublishOptions own_options;

 private:
  std::string target_, body_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Outcome outcome_;
  int completions_ = 0;
};

}  // namespace mombridge::amqp::test
