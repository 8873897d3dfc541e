#pragma once
// The configuration is read anew while the bridge runs: checked whole, compared, and used, or refused whole.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "admin/verdict.hpp"
#include "base/event_loop.hpp"
#include "config/config.hpp"
#include "config/diagnostics.hpp"
#include "config/written.hpp"
#include "daemon/bridge.hpp"

namespace mombridge {

using admin::Verdict;

/// For status and metrics.
struct ReloadRecord {
  std::chrono::system_clock::time_point last_good;  ///< when the configuration in force was loaded
  bool successful = true;                           ///< the last reload was; true before the first
  std::chrono::system_clock::time_point last_at;    ///< when the last verdict was there; at first the start
  uint64_t count = 0;                               ///< reloads since the process began
  Verdict last;                                     ///< of the last one; empty before the first

  /// "reloaded: added route orders", or "reload failed: …"; empty before the first.
  [[nodiscard]] std::string text() const;
};

/// Reloads one after the other. Each has one verdict, which stands in the log and in the service manager's status.
class Reload {
 public:
  /// [on a thread of its own, which may outlive this] Reads and checks the files, as at the start.
  using Load = std::function<std::shared_ptr<const config::Config>(config::Diagnostics&, config::Written&)>;
  using Done = std::function<void(const Verdict&)>;

  /// Belongs to `loop`'s thread, as `bridge` does; both outlive this. Throws std::runtime_error where no thread can be
  /// made.
  Reload(EventLoop& loop, Bridge& bridge, Load load);
  ~Reload();
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

  /// [loop] Reloads, and calls `done` (which may be null) with the verdict, once. While a reload is under way, one more
  /// follows it, because the files may have changed since it read them; all that ask meanwhile share that one. While
  /// the bridge drains, it is refused.
  void request(Done done = {});
  /// [loop] The bridge drains: a reload under way is given up, and nothing of it has been used.
  void stop();

  /// [any thread]
  [[nodiscard]] ReloadRecord record() const;

 private:
  struct Loaded {
    std::shared_ptr<const config::Config> config;
    config::Diagnostics diagnostics;
    config::Written written;
  };
  struct Reading;  ///< the thread that reads the files
  void begin();
  void loaded(Result<Loaded> loaded);
  [[nodiscard]] Verdict use(Loaded loaded);
  void end(const Verdict& verdict);

  Bridge& bridge_;
  const Load load_;
  const std::unique_ptr<Reading> reading_;
  std::vector<Done> now_, next_;  ///< who hears of the reload under way, and of the one after it
  bool under_way_ = false, again_ = false;
  mutable std::mutex mutex_;
  ReloadRecord record_;
};

}  // namespace mombridge
