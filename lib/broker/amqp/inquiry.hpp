#pragma once
// A connection that is asked one question after the other, by a thread that waits for each answer.

#include <future>
#include <optional>
#include <string>

#include "base/event_loop.hpp"
#include "broker/amqp/connection.hpp"
#include "broker/amqp/side_channel.hpp"

namespace mombridge::amqp {

/// What the broker said to a question.
struct Answer {
  bool yes = false;
  unsigned code = 0;  ///< of a refusal; 0: the connection ended, or there was no answer in time
  std::string words;  ///< of a refusal: the broker's, with the code in front
};

/// Connects and logs in as the broker's other connections do. All methods are for one thread, and block.
class Inquiry final : private ConnectionUser {
 public:
  /// `tokens`: as Connection's. All references outlive this.
  Inquiry(const std::string& broker, const Settings& settings, token::Source* tokens);
  ~Inquiry();

  /// One attempt, at the next of the urls; takes the connect_timeout at most.
  Result<> connect();
  /// Waits for the answer, twice the connect_timeout at most. Where the connection has ended it is made anew; when that
  /// fails, every further answer is a refusal.
  Answer ask(const Question& question);

  /// "host:port" of the last attempt.
  [[nodiscard]] std::string endpoint();
  /// As in "RabbitMQ 3.10.8", as the server calls itself.
  [[nodiscard]] std::string server();
  /// Why the broker takes nothing that is published now, if it has said so; empty: it has not.
  [[nodiscard]] std::string alarm();

 private:
  void opened() override;
  void closed(const Error& error) override;
  void blocked(const std::string& reason) override;
  /// Attempts at all of the urls, until one connects.
  Result<> reconnect();
  /// Nothing: there was no answer in time, and the connection is closed.
  std::optional<Answer> ask_once(const Question& question);
  /// Ends the connection with connection.close, so that the broker's log does not speak of one that broke.
  void disconnect();

  const Settings& settings_;
  std::string gone_;  ///< why no further connection is made; empty: one may be
  EventLoop loop_;
  // For the loop's thread, from here on.
  Connection connection_;
  SideChannel side_;
  bool blocked_ = false;  ///< this connection is
  std::string alarm_;
  std::optional<std::promise<Result<>>> opening_, closing_;
  std::optional<std::promise<Answer>> asking_;
};

}  // namespace mombridge::amqp
