#pragma once
// What is asked of the broker beside publishing and consuming.

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "broker/amqp/question.hpp"

namespace mombridge::amqp {

/// A channel of its own for what the broker may refuse, because a broker refuses by closing the channel. One question
/// at a time, because the broker reads nothing that comes behind a refused one. Belongs to its loop's thread.
class SideChannel final : private ChannelUser {
 public:
  /// `why`: the broker's words, where it refused.
  using Answered = std::function<void(const Question& question, bool yes, const std::string& why)>;

  SideChannel(Connection& connection, Answered answered) : connection_(connection), answered_(std::move(answered)) {}

  /// The connection is another one, or closed: questions without an answer are dropped. Later ones go over `channel`.
  void reset(uint16_t channel);
  void ask(Question question);
  /// Returns true if every question has its answer.
  [[nodiscard]] bool idle() const { return questions_.empty(); }
  /// The question whose answer is awaited; only while not idle.
  [[nodiscard]] const Question& asked() const { return questions_.front(); }

 private:
  void method(amqp_method_number_t id, void* decoded, std::string_view arguments) override;
  void content_header(uint64_t, std::string_view) override {}
  void content_body(std::string_view) override {}
  void send();
  void answer(bool yes, const std::string& why);

  Connection& connection_;
  const Answered answered_;
  uint16_t channel_ = 0;
  bool yes_ = false;  ///< the broker has said so; its channel is not closed yet
  std::deque<Question> questions_;
};

}  // namespace mombridge::amqp
