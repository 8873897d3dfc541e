#pragma once
// The requests that a plugin in a worker process has open: each is answered to the bridge once at the most.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "handler/handler.hpp"
#include "handler/worker/frames.hpp"
#include "handler/worker/outbox.hpp"

namespace mombridge::handler::worker {

/// A call as it came from the bridge. Nobody finishes it: its answer is a frame.
class RemoteCall final : public Call {
 public:
  /// A copy of the fields behind the id.
  RemoteCall(mombridge_request_id id, std::string_view fields) : id_(id), bytes_(fields) {}
  /// False: the frame is broken.
  [[nodiscard]] bool read(BodyFiles& files) {
    ByteReader reader(bytes_);
    return content_.read(reader, files) && reader.at_end();
  }
  void finished(Verdict) noexcept override {}

  [[nodiscard]] mombridge_request_id id() const { return id_; }
  [[nodiscard]] const mombridge_message& content() const { return *content_.get(); }

 private:
  const mombridge_request_id id_;
  const std::string bytes_;
  WireMessage content_;
};

/// [any thread] All of it.
class OpenRequests {
 public:
  /// `outbox` outlives this.
  explicit OpenRequests(Outbox& outbox) : outbox_(outbox) {}

  /// Keeps the call until its handle() has returned, and the request until it is answered.
  void open(std::unique_ptr<RemoteCall> call);
  /// Its handle() is about to be called. False: the bridge does not want it any longer.
  [[nodiscard]] bool begin(mombridge_request_id id, TimePoint now);
  /// Its handle() has returned.
  void returned(mombridge_request_id id, mombridge_status status);
  /// complete() of handler.h.
  mombridge_status complete(mombridge_request_id id, const mombridge_result* result);
  /// The bridge waits no longer: the request is not open any more.
  void cancel(mombridge_request_id id);
  /// Its handle() will not be called.
  void give_back(mombridge_request_id id);

 private:
  struct Open {
    std::unique_ptr<RemoteCall> call;
    bool queued = true, running = false, answered = false;
    TimePoint began{};
  };
  using Found = std::map<mombridge_request_id, Open>::iterator;

  void forget_if_over(Found found);
  /// Marks it as answered. False: it is not open.
  [[nodiscard]] bool answer(mombridge_request_id id, TimePoint& began);

  Outbox& outbox_;
  std::mutex mutex_;
  std::map<mombridge_request_id, Open> open_;
};

}  // namespace mombridge::handler::worker
