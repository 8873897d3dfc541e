#pragma once
// A handler's calls in the order of their messages: `order_by`.

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/text.hpp"
#include "config/config.hpp"
#include "handler/handler.hpp"

namespace mombridge::handler {

/// In front of a handler: of the messages with one key, or with one value of a header, each goes to it when the one
/// before has ended, so that `concurrency` works on different keys. Messages without one go at once. Calls that wait
/// here are as many as their subscriptions may have in flight. Shared, because calls that a plugin has left behind may
/// end later. [any thread]
class OrderedCalls final : public Handler, public std::enable_shared_from_this<OrderedCalls> {
 public:
  OrderedCalls(std::shared_ptr<Handler> handler, config::OrderBy by)
      : handler_(std::move(handler)), by_(std::move(by)) {}

  void handle(Call& call) noexcept override;
  /// After the handler has stopped: ends as retry what still waits for a call that has not come back.
  void give_back_waiting();

 private:
  class Turn;
  /// Calls of one value.
  struct Lane {
    std::deque<Turn*> waiting;
    bool busy = false;       ///< the handler has one
    bool advancing = false;  ///< a thread is about to hand it the next
  };

  [[nodiscard]] std::optional<std::string> value_of(const Message& message) const;
  void ended(const std::string& value);
  /// Hands over what may go. Only by the thread that has set `advancing`. In a loop, because a handler may end a call
  /// before handle() returns, and many may wait.
  void advance(const std::string& value);

  const std::shared_ptr<Handler> handler_;
  const config::OrderBy by_;
  std::mutex mutex_;
  std::unordered_map<std::string, Lane, TextHash, std::equal_to<>> lanes_;  ///< those that have calls
};

}  // namespace mombridge::handler
