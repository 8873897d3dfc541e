#include "handler/worker/remote_publisher.hpp"

#include <exception>
#include <memory>
#include <utility>

#include "handler/worker/frames.hpp"

namespace mombridge::handler::worker {

namespace {
constexpr size_t kMaxUnconfirmed = 10000;  ///< as in process
}  // namespace

mombridge_status RemotePublisher::publish(std::string_view broker, const mombridge_message* message,
                                          mombridge_publish_done done, void* user) {
  if (!open_) return MOMBRIDGE_CLOSED;
  if (!known(broker)) return MOMBRIDGE_NOT_FOUND;
  if (!message || !check_message(*message) || !message->target.data || !message->target.size) return MOMBRIDGE_INVALID;
  // The thread lives as long as the process, as this object does.
  if (done && !done_.ensure(std::shared_ptr<const void>(std::shared_ptr<void>(), this))) return MOMBRIDGE_BUSY;
  if (outbox_.full()) return MOMBRIDGE_BUSY;
  return take(broker, *message, {done, user});
}

mombridge_status RemotePublisher::take(std::string_view broker, const mombridge_message& message, Waiting waiting) {
  uint64_t token = 0;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxUnconfirmed) return MOMBRIDGE_BUSY;
    token = ++tokens_;
    waiting_.emplace_hint(waiting_.end(), token, waiting);
  }
  try {
    outbox_.gather(
        [&](FrameBuffer& out) { FrameWriter(out, FrameType::publish).number(token).text(broker).message(message); });
    return MOMBRIDGE_OK;
  } catch (const std::exception&) {
    std::lock_guard lock(mutex_);
    waiting_.erase(token);
    return MOMBRIDGE_INVALID;
  }
}

bool RemotePublisher::known(std::string_view broker) {
  std::unique_lock lock(mutex_);
  if (auto found = brokers_.find(broker); found != brokers_.end() && found->second) return true;
  brokers_.erase(std::string(broker));  // one that was not there may be there after a reload
  lock.unlock();
  outbox_.send([&](FrameBuffer& out) { FrameWriter(out, FrameType::find_broker).text(broker); });
  lock.lock();
  // The bridge answers always, or this process ends with it.
  answered_.wait(lock, [&] { return brokers_.contains(broker); });
  return brokers_.find(broker)->second;
}

void RemotePublisher::broker(std::string_view name, bool known) {
  std::lock_guard lock(mutex_);
  brokers_.insert_or_assign(std::string(name), known);
  answered_.notify_all();
}

void RemotePublisher::published(uint64_t token, mombridge_status status, std::string_view reason) {
  Waiting waiting{};
  {
    std::lock_guard lock(mutex_);
    auto found = waiting_.find(token);
    if (found == waiting_.end()) return;
    waiting = found->second;
    waiting_.erase(found);
  }
  if (waiting.done) done_.add({waiting.done, waiting.user, status, std::string(reason)});
}

void RemotePublisher::close() {
  refuse();
  std::map<uint64_t, Waiting> rest;
  {
    std::lock_guard lock(mutex_);
    rest.swap(waiting_);
  }
  for (auto& [token, waiting] : rest)
    if (waiting.done) done_.add({waiting.done, waiting.user, MOMBRIDGE_CLOSED, "the bridge is stopping"});
  (void)done_.stop(std::chrono::hours(1));  // the bridge ends the process sooner
}

}  // namespace mombridge::handler::worker
