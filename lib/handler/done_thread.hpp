#pragma once
// The thread on which a plugin's publish-done callbacks run. They are somebody else's code: one that blocks or throws
// must not do so on the thread of a broker, which serves everybody.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/thread.hpp"
#include "handler/breaches.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler {

class DoneThread {
 public:
  /// One callback, with what became of its publish.
  struct Done {
    mombridge_publish_done function;
    void* user;
    mombridge_status status;
    std::string error;
  };

  /// `handler` names the thread and stands in logs. `breaches` outlives this.
  DoneThread(std::string handler, Breaches& breaches) : handler_(std::move(handler)), breaches_(breaches) {}

  /// [any thread] Makes the thread, where there is none yet; false where it cannot be made. `keeps` stays alive for as
  /// long as the thread runs, also when it is left behind.
  [[nodiscard]] bool ensure(std::shared_ptr<const void> keeps);
  /// [any thread] Runs it on the thread, in the order of adding; after stop(), here and now.
  void add(Done done);
  /// Once. Runs what is left and joins the thread. False: a callback has not come back after `patience`, and the thread
  /// is left behind in it.
  [[nodiscard]] bool stop(Duration patience);

 private:
  void run();
  void call(Done& done);

  const std::string handler_;
  Breaches& breaches_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Done> waiting_;
  Thread thread_;
  bool running_ = false, stopping_ = false;
};

}  // namespace mombridge::handler
