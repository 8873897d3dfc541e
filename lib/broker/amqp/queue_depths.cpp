#include "broker/amqp/queue_depths.hpp"

#include <algorithm>
#include <utility>

namespace mombridge::amqp {

void QueueDepths::begin(std::vector<std::string> queues) {
  std::erase_if(refused_, [&](auto& one) { return Clock::now() - one.second > refused_for_; });
  depths_.clear();
  to_ask_ = std::move(queues);
  std::ranges::reverse(to_ask_);
  ask_next();
}

void QueueDepths::ask_next() {
  while (!to_ask_.empty()) {
    auto queue = std::move(to_ask_.back());
    to_ask_.pop_back();
    if (refused_.contains(queue)) continue;
    if (!ask_(queue)) to_ask_.clear();
    return;
  }
  counted_(std::exchange(depths_, {}));
}

void QueueDepths::answered(const std::string& queue, std::optional<uint64_t> messages) {
  if (messages)
    depths_.push_back({queue, *messages});
  else
    refused_[queue] = Clock::now();
  ask_next();
}

}  // namespace mombridge::amqp
