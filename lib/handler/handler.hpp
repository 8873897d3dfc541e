#pragma once
// What the router knows of a handler: it takes a message and, once, says what became of it.

#include <memory>
#include <string>
#include <string_view>

#include "message/message.hpp"
#include "message/owned.hpp"

namespace mombridge::handler {

struct Verdict {
  enum class Kind {
    ok,      ///< done; `reply` may hold what it returned
    retry,   ///< failed: counts as an attempt
    reject,  ///< give up: to the dead letter at once
  };
  Kind kind = Kind::ok;
  std::string reason;
  std::unique_ptr<OwnedMessage> reply;  ///< its target, correlation id and reply address are not looked at
};

struct HandlerCounts;

/// One message that a handler works on. Lent to Handler::handle() until finished() is called, exactly once.
class Call {
 public:
  const Message* message = nullptr;     ///< valid until finished()
  std::string_view broker;              ///< where it came from
  unsigned attempt = 1;                 ///< 2 for the first retry
  HandlerCounts* counted_in = nullptr;  ///< who hears of the end counts it there; outlives the call. Null: nowhere

  /// [any thread]
  virtual void finished(Verdict verdict) noexcept = 0;

 protected:
  ~Call() = default;
};

class Handler {
 public:
  virtual ~Handler() = default;
  /// [any thread] Never blocks: the call waits for one of the handler's threads.
  virtual void handle(Call& call) noexcept = 0;
};

}  // namespace mombridge::handler
