#pragma once
// Memory that the bridge shares with a worker process: what the worker does this moment, so that the bridge can see it
// also when the worker cannot say it any more.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "mombridge/handler.h"

namespace mombridge::handler::worker {

/// The worker writes and the bridge reads, but for `log_level`. A plugin can have written anything here by mistake, so
/// that the bridge takes nothing of it for granted.
struct PageContent {
  static constexpr size_t kMostThreads = 1024;

  std::atomic<uint64_t> begun{0};          ///< the latest request whose handle() was called; all before were, too
  std::atomic<uint32_t> out_of_memory{0};  ///< 1: an allocation has failed, or it crashed near the limit
  std::atomic<uint32_t> log_level{0};      ///< the least severity that the bridge logs
  std::atomic<uint64_t> running[kMostThreads]{};  ///< for each thread: the request whose handle() it is in; 0: none
};

/// Maps the memory. The mapping ends with the object.
class Page {
 public:
  Page() = default;
  Page(Page&& other) noexcept;
  Page& operator=(Page&& other) noexcept;
  ~Page();

  /// [bridge] New memory, and a descriptor to hand to the worker.
  static Result<Page> make(Fd& descriptor);
  /// [worker] What the bridge has made. Closes the descriptor, because a plugin may write to whatever is open.
  static Result<Page> attach(Fd descriptor);

  [[nodiscard]] PageContent& content() const { return *content_; }
  /// handle() of this request has begun or is about to, for all that the page says.
  [[nodiscard]] bool begun(mombridge_request_id id) const;
  /// A thread is in handle() with it.
  [[nodiscard]] bool running(mombridge_request_id id) const;

 private:
  PageContent* content_ = nullptr;
};

}  // namespace mombridge::handler::worker
