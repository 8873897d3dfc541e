#include "handler/ordered_calls.hpp"

#include <utility>

namespace mombridge::handler {

/// A call that waits for those before it. Deletes itself when it has ended.
class OrderedCalls::Turn final : public Call {
 public:
  Turn(std::shared_ptr<OrderedCalls> calls, Call& call, std::string value)
      : calls_(std::move(calls)), call_(call), value_(std::move(value)) {
    message = call.message;
    broker = call.broker;
    attempt = call.attempt;
    counted_in = call.counted_in;
  }

  void finished(Verdict verdict) noexcept override {
    std::unique_ptr<Turn> own(this);
    call_.finished(std::move(verdict));
    calls_->ended(value_);
  }
  /// Without its turn.
  void give_back() {
    std::unique_ptr<Turn> own(this);
    call_.finished({Verdict::Kind::retry, "the bridge is stopping", nullptr});
  }

 private:
  const std::shared_ptr<OrderedCalls> calls_;
  Call& call_;
  const std::string value_;
};

std::optional<std::string> OrderedCalls::value_of(const Message& message) const {
  if (by_.header.empty()) return message.key ? std::optional<std::string>(*message.key) : std::nullopt;
  auto* value = message.find(by_.header);
  return value ? scalar_text(*value) : std::nullopt;
}

void OrderedCalls::handle(Call& call) noexcept {
  auto value = value_of(*call.message);
  if (!value) return handler_->handle(call);
  auto turn = std::make_unique<Turn>(shared_from_this(), call, *value);
  {
    std::lock_guard lock(mutex_);
    auto& lane = lanes_[*value];
    lane.waiting.push_back(turn.release());
    if (lane.busy || std::exchange(lane.advancing, true)) return;
  }
  advance(*value);
}

void OrderedCalls::give_back_waiting() {
  std::deque<Turn*> all;
  {
    std::lock_guard lock(mutex_);
    for (auto& [value, lane] : lanes_) {
      all.insert(all.end(), lane.waiting.begin(), lane.waiting.end());
      lane.waiting.clear();
    }
  }
  for (auto* turn : all) turn->give_back();
}

void OrderedCalls::ended(const std::string& value) {
  {
    std::lock_guard lock(mutex_);
    auto& lane = lanes_.find(value)->second;
    lane.busy = false;
    if (std::exchange(lane.advancing, true)) return;
  }
  advance(value);
}

void OrderedCalls::advance(const std::string& value) {
  for (;;) {
    Turn* next = nullptr;
    {
      std::lock_guard lock(mutex_);
      auto found = lanes_.find(value);
      auto& lane = found->second;
      if (lane.busy || lane.waiting.empty()) {
        lane.advancing = false;
        if (!lane.busy) lanes_.erase(found);
        return;
      }
      next = lane.waiting.front();
      lane.waiting.pop_front();
      lane.busy = true;
    }
    handler_->handle(*next);
  }
}

}  // namespace mombridge::handler
