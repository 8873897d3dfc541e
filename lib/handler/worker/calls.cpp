#include "handler/worker/calls.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include "base/event_loop.hpp"
#include "config/text.hpp"
#include "handler/abi.hpp"
#include "handler/requests.hpp"
#include "handler/worker/frames.hpp"

namespace mombridge::handler::worker {

namespace {

// What a worker has at the most: enough for a batch that fills both processes, little enough for its memory.
constexpr size_t kMostHeld = 1000;
constexpr size_t kMostBytes = 8 << 20;

/// For the worker's own way to an answer, on a machine that is busy.
constexpr Duration kGrace = std::chrono::seconds(1);

Verdict stopping() { return {Verdict::Kind::retry, "the bridge is stopping", nullptr}; }

mombridge_request_id next_id() {
  static std::atomic<mombridge_request_id> ids{0};
  return ++ids;
}

}  // namespace

Calls::Calls(const config::Handler& config, HostFrames& host)
    : config_(config),
      host_(host),
      held_(config.timeout),
      seconds_(handler_seconds().at({config.name})),
      timeouts_(counter("handler_timeouts", config.name)) {}

void Calls::send(FrameBuffer& out, BodySlots& slots) {
  while (held_.size() < kMostHeld && held_.bytes() < kMostBytes) {
    auto pending = pending_.next(held_);
    if (!pending) return;
    send(*pending, out, slots);
  }
}

void Calls::send(const Pending& pending, FrameBuffer& out, BodySlots& slots) {
  AbiMessage message(*pending.call);
  if (auto sendable = check_message(*message.get()); !sendable)
    return pending.call->finished({Verdict::Kind::reject, sendable.error().text, nullptr});
  auto id = next_id();
  auto before = out.size();
  FrameWriter(out, FrameType::call).number(id).message(*message.get(), slots, id);
  auto large = message.get()->body.size;
  held_.add(id, pending, out.size() - before + (large >= kLargeBody ? large : 0), recent_time());
}

Result<> Calls::result(ByteReader reader, BodyFiles& files, BodySlots& slots) {
  WireResult result;
  if (!result.read(reader, files)) return fail("a result that cannot be read");
  slots.answered(result.id);
  auto* call = held_.take(result.id, recent_time());
  if (!call) return {};  // it came too late, and its worker does not know that yet
  if (Histogram::wanted()) seconds_.observe(Duration(std::min<uint64_t>(result.nanoseconds, uint64_t{INT64_MAX})));
  call->finished(host_.verdict(result));
  return {};
}

Duration Calls::look_interval() const {
  return std::clamp<Duration>(config_.timeout / 8, std::chrono::milliseconds(5), std::chrono::seconds(1));
}

std::optional<std::string> Calls::look(const Page& page, FrameBuffer& out) {
  auto now = Clock::now();
  held_.look(page, now);
  auto overdue = held_.overdue(now);
  std::ranges::copy_if(overdue, std::back_inserter(causes_), [&page](auto id) { return page.running(id); });
  if (!overdue.empty())
    log_.event(log::Level::warn,
               causes_.empty() ? "handler did not answer in time" : "handler does not return from handle()",
               {{"handler", config_.name}});
  timeouts_.add(causes_.empty() ? overdue.size() : causes_.size());
  if (causes_.empty()) end_late(overdue, now, out);
  // Otherwise the rest may have been answered by a process that has stood still since.
  if (!causes_.empty()) return "handle() had not returned after " + config::to_text(config_.timeout);
  if (held_.stuck(now, kGrace)) return "it had taken no call for " + config::to_text(config_.timeout + kGrace);
  return std::nullopt;
}

void Calls::end_late(const std::vector<mombridge_request_id>& ids, TimePoint now, FrameBuffer& out) {
  for (auto id : ids) {
    FrameWriter(out, FrameType::cancel).number(id);
    held_.take(id, now)->finished({Verdict::Kind::retry, "the handler did not answer in time", nullptr});
  }
}

Calls::Lost Calls::worker_ended(const Page& page, const std::string& why) {
  bool alone = held_.alone();
  auto calls = held_.end(page, std::exchange(causes_, {}));
  Lost lost{calls.size(), alone && calls.front().suspect};
  if (lost.rejected) {
    calls.front().call->finished(
        {Verdict::Kind::reject, why + " while it had this message alone, as one before it had ended with it", nullptr});
    return lost;
  }
  if (alone) calls.front().suspect = true;  // its handle() was not called, so it is neither guilty nor cleared
  pending_.give_back(calls);
  return lost;
}

void Calls::give_back_waiting() {
  for (auto& pending : pending_.take()) pending.call->finished(stopping());
}

void Calls::give_back_all(const Page& page) {
  give_back_waiting();
  for (auto& pending : held_.end(page, {})) pending.call->finished(stopping());
}

}  // namespace mombridge::handler::worker
