#pragma once
// Keeps the service manager's status of the running bridge up to date: links and the rate of messages.

#include <cstdint>
#include <functional>
#include <string>

#include "admin/status.hpp"
#include "base/event_loop.hpp"

namespace mombridge {

/// For the thread of `loop`.
class ManagerStatus {
 public:
  /// Looks and tells every five seconds, but while the bridge drains. `tell` must not block. `loop` outlives this, and
  /// what the functions use.
  ManagerStatus(EventLoop& loop, std::function<std::string()> last_reload, std::function<admin::Status()> look,
                std::function<void(const std::string&)> tell);
  ~ManagerStatus() { loop_.cancel(timer_); }
  ManagerStatus(const ManagerStatus&) = delete;
  ManagerStatus& operator=(const ManagerStatus&) = delete;

 private:
  void refresh();

  EventLoop& loop_;
  const std::function<std::string()> last_reload_;
  const std::function<admin::Status()> look_;
  const std::function<void(const std::string&)> tell_;
  EventLoop::TimerId timer_;
  TimePoint looked_;       ///< the last time
  uint64_t received_ = 0;  ///< until then
};

/// "3 of 4 links up, 1200 msg/s in; drained: route orders".
[[nodiscard]] std::string one_line(const admin::Status& status, uint64_t received, Duration in);

/// Messages a second, to be read: "0.3", "12", "1200".
[[nodiscard]] std::string per_second(uint64_t messages, Duration in);

}  // namespace mombridge
