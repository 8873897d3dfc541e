#pragma once
// What the router knows of a handler: it takes a message and, once, says what became of it.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/inbox.hpp"
#include "message/message.hpp"

namespace mombridge::handler {

/// What a handler returned, in memory of its own.
struct Reply {
  std::string body;
  std::optional<std::string> key, content_type;
  std::string target;  ///< empty: as the route or the request says
  std::vector<std::pair<std::string, std::string>> headers;
};

struct Verdict {
  enum class Kind {
    ok,      ///< done; `reply` may hold what it returned
    retry,   ///< failed: counts as an attempt
    reject,  ///< give up: to the dead letter at once
  };
  Kind kind = Kind::ok;
  std::string reason;
  std::unique_ptr<Reply> reply;
};

/// One message that a handler works on. Lent to Handler::handle() until finished() is called, exactly once.
class Call : public InboxItem<Call> {
 public:
  const Message* message = nullptr;  ///< valid until finished()
  std::string_view broker;           ///< where it came from

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
