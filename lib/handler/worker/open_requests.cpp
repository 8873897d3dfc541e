#include "handler/worker/open_requests.hpp"

#include <algorithm>
#include <exception>

#include "handler/abi.hpp"

namespace mombridge::handler::worker {

namespace {

/// A longer reason is cut by the bridge anyway.
constexpr size_t kLongestError = 4096;

uint64_t nanoseconds_since(TimePoint began) {
  return static_cast<uint64_t>(std::max<Duration>(Clock::now() - began, Duration::zero()).count());
}

/// How the result breaks the contract; empty: it does not.
std::string fault_of(const mombridge_result* result) {
  bool known = result && result->struct_size >= MOMBRIDGE_RESULT_SIZE_1_0 && result->status <= MOMBRIDGE_OK &&
               result->status >= MOMBRIDGE_REJECT;
  if (!known) return "the handler's result breaks the contract";
  if (result->status != MOMBRIDGE_OK || !result->reply) return {};
  auto checked = check_message(*result->reply);
  return checked ? std::string() : checked.error().in("the handler's reply breaks the contract").text;
}

}  // namespace

void OpenRequests::open(std::unique_ptr<RemoteCall> call) {
  std::lock_guard lock(mutex_);
  auto id = call->id();
  open_.emplace_hint(open_.end(), id, Open{.call = std::move(call)});
}

bool OpenRequests::begin(mombridge_request_id id, TimePoint now) {
  std::lock_guard lock(mutex_);
  auto found = open_.find(id);
  auto& open = found->second;  // it is in the queue, so nothing has removed it
  open.queued = false;
  open.running = true;
  open.began = now;
  if (!open.answered) return true;
  open.running = false;
  open_.erase(found);
  return false;
}

void OpenRequests::forget_if_over(Found found) {
  auto& open = found->second;
  if (open.answered && !open.running && !open.queued) open_.erase(found);
}

bool OpenRequests::answer(mombridge_request_id id, TimePoint& began) {
  std::lock_guard lock(mutex_);
  auto found = open_.find(id);
  if (found == open_.end() || found->second.answered) return false;
  found->second.answered = true;
  began = found->second.began;
  forget_if_over(found);
  return true;
}

void OpenRequests::returned(mombridge_request_id id, mombridge_status status) {
  WireResult result{.id = id, .how = WireResult::How::returned, .status = status};
  {
    std::lock_guard lock(mutex_);
    auto found = open_.find(id);
    auto& open = found->second;  // nothing removes a request whose handle() runs
    open.running = false;
    open.call.reset();
    bool answers = !open.answered && status != MOMBRIDGE_OK;
    result.nanoseconds = nanoseconds_since(open.began);
    open.answered = open.answered || answers;
    forget_if_over(found);
    if (!answers) return;
  }
  outbox_.gather([&](FrameBuffer& out) { write_result(out, result, nullptr); });
}

mombridge_status OpenRequests::complete(mombridge_request_id id, const mombridge_result* result) {
  TimePoint began;
  if (!answer(id, began)) return MOMBRIDGE_NOT_FOUND;
  WireResult wire{.id = id, .how = WireResult::How::completed, .nanoseconds = nanoseconds_since(began)};
  auto fault = fault_of(result);
  try {
    if (fault.empty()) {
      wire.status = result->status;
      if (result->status != MOMBRIDGE_OK) wire.error = view(result->error).substr(0, kLongestError);
      auto* reply = result->status == MOMBRIDGE_OK ? result->reply : nullptr;
      outbox_.gather([&](FrameBuffer& out) { write_result(out, wire, reply); });
      return MOMBRIDGE_OK;
    }
  } catch (const std::exception&) {
    fault = "the handler's reply breaks the contract: there is no memory for a message of that size";
  }
  wire.how = WireResult::How::broken;
  wire.error = fault;
  outbox_.gather([&](FrameBuffer& out) { write_result(out, wire, nullptr); });
  return MOMBRIDGE_INVALID;
}

void OpenRequests::cancel(mombridge_request_id id) {
  TimePoint ignored;
  (void)answer(id, ignored);
}

void OpenRequests::give_back(mombridge_request_id id) {
  WireResult result{.id = id, .how = WireResult::How::given_back};
  {
    std::lock_guard lock(mutex_);
    auto found = open_.find(id);
    bool answers = !found->second.answered;
    open_.erase(found);
    if (!answers) return;
  }
  outbox_.gather([&](FrameBuffer& out) { write_result(out, result, nullptr); });
}

}  // namespace mombridge::handler::worker
