#pragma once
// What a plugin in a worker process publishes: the bridge does it, and says how it ended.

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "handler/done_thread.hpp"
#include "handler/worker/outbox.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler::worker {

/// Life: open, publish*, refuse, close. publish() may be called from any thread at any time.
class RemotePublisher {
 public:
  /// `outbox` and `breaches` outlive this.
  RemotePublisher(const std::string& handler, Outbox& outbox, Breaches& breaches)
      : outbox_(outbox), done_(handler, breaches) {}

  void open() { open_ = true; }
  void refuse() { open_ = false; }
  /// The answers of handler.h. Waits for the bridge where the broker's name is used for the first time.
  mombridge_status publish(std::string_view broker, const mombridge_message* message, mombridge_publish_done done,
                           void* user);

  /// The bridge's answers.
  void published(uint64_t token, mombridge_status status, std::string_view reason);
  void broker(std::string_view name, bool known);

  /// Once. What nobody has answered ends as closed; every callback has run when this returns, if it comes back at all.
  void close();

 private:
  struct Waiting {
    mombridge_publish_done done;
    void* user;
  };

  bool known(std::string_view broker);
  mombridge_status take(std::string_view broker, const mombridge_message& message, Waiting waiting);

  Outbox& outbox_;
  DoneThread done_;
  std::atomic<bool> open_{false};
  std::mutex mutex_;
  std::condition_variable answered_;
  std::map<std::string, bool, std::less<>> brokers_;  ///< those asked for, and whether there are such
  std::map<uint64_t, Waiting> waiting_;
  uint64_t tokens_ = 0;
};

}  // namespace mombridge::handler::worker
