#pragma once
// What a plugin in a worker process asks of its host, as the bridge does it.

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "handler/breaches.hpp"
#include "handler/plugin_counters.hpp"
#include "handler/plugin_log.hpp"
#include "handler/plugin_messages.hpp"
#include "handler/publisher.hpp"
#include "handler/verdicts.hpp"
#include "handler/worker/frames.hpp"

namespace mombridge::handler::worker {

/// [loop] unless said otherwise.
class HostFrames {
 public:
  /// `wake` is called on any thread when answers() has something new.
  HostFrames(const std::string& handler, std::function<void()> wake);

  /// From now on what the plugin publishes is sent, and keeps `owner` until it is answered.
  void open(FindBroker find_broker, const std::weak_ptr<const void>& owner);
  /// [any thread] See Publisher.
  [[nodiscard]] Publisher& publisher() { return publisher_; }
  [[nodiscard]] const Publisher& publisher() const { return publisher_; }

  /// A new process: what the one before has published is not answered to it.
  void begin_process();
  /// Does what the frame asks for; answers go into `out`. False: the frame is none of these. An error: it is broken.
  Result<bool> take(const Frame& frame, BodyFiles& files, FrameBuffer& out);
  /// Adds the ends of publishes.
  void answer(FrameBuffer& out);
  /// What the result means. The error says that the frame is broken.
  Verdict verdict(const WireResult& result);

 private:
  struct Confirm;
  struct Confirmed {
    uint64_t process, token;
    mombridge_status status;
    std::string reason;
  };

  static void done(void* user, mombridge_status status, mombridge_slice error);
  void publish(uint64_t token, std::string_view broker, const mombridge_message& message, FrameBuffer& out);

  const std::string handler_;
  const std::function<void()> wake_;
  FindBroker find_broker_;
  Breaches breaches_;
  PluginMessages messages_;
  PluginCounters counters_;
  PluginLog log_;
  Publisher publisher_;
  uint64_t process_ = 0;  ///< counts them
  std::mutex mutex_;
  std::vector<Confirmed> confirmed_;
};

}  // namespace mombridge::handler::worker
