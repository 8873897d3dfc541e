#include "broker/amqp/delivery_limit.hpp"

#include <algorithm>
#include <utility>

#include "base/counters.hpp"

namespace mombridge::amqp {

namespace {

constexpr int64_t kSupposedLimit = 2;  ///< of a queue whose limit is not known
constexpr int64_t kMostPutBacks = 3;   ///< of a message in such a queue, where there is a dead letter

template <class T>
const T* argument(const Subscription& s, const std::string& name) {
  if (!s.declare) return nullptr;
  auto found = s.declare->arguments.find(name);
  return found == s.declare->arguments.end() ? nullptr : std::get_if<T>(&found->second);
}

std::optional<int64_t> limit_of(const Subscription& s) {
  if (s.delivery_limit) return *s.delivery_limit;
  auto* declared = argument<int64_t>(s, "x-delivery-limit");
  return declared ? std::optional(std::max<int64_t>(*declared, 0)) : std::nullopt;  // -1: none
}

// A quorum queue with a single active consumer refuses basic.get; the others do not count.
bool can_count(const Subscription& s) {
  if (s.queue.empty()) return false;
  if (!s.declare) return true;
  auto* type = argument<std::string>(s, "x-queue-type");
  auto* single = argument<bool>(s, "x-single-active-consumer");
  return !s.declare->exclusive && (!type || *type != "classic") && !(single && *single);
}

std::string times(int64_t n) { return n == 1 ? "once" : std::to_string(n) + " times"; }

}  // namespace

DeliveryLimit::DeliveryLimit(const std::string& broker, const Subscription& subscription, const Settings& settings)
    : broker_(broker),
      subscription_(subscription),
      settings_(settings),
      limit_(limit_of(subscription)),
      may_count_(can_count(subscription)) {
  copy_options_.author = settings.endpoints.empty() ? std::string() : settings.endpoints.front().user;
}

std::unique_ptr<DeliveriesLeft> DeliveryLimit::check(const QueueNotes& notes, Message& message) {
  bool ours = own(notes.user_id);
  if (notes.put_backs && !ours) counter("headers_dropped").add();
  auto put_backs = ours ? notes.put_backs.value_or(0) : 0;
  if (ours && notes.put_back_target) message.target = *notes.put_back_target;
  auto count = notes.delivery_count.value_or(0);
  if (count <= 0) return nullptr;
  if (!limit_ && !std::exchange(warned_, true))
    log::warn("the queue counts deliveries, and its limit is not known: what comes a third time is put back to its end",
              {{"broker", broker_},
               {"queue", subscription_.queue},
               {"mend",
                "delivery_limit: the queue's x-delivery-limit, or 0 where it has none (RabbitMQ 4: 20 by "
                "default)"}});
  if (limit_ == 0) return nullptr;
  if (limit_ && count + 1 < *limit_) return nullptr;
  if (!limit_ && count < kSupposedLimit) return nullptr;
  auto left = put_back(put_backs, message);
  left->known = limit_.has_value();
  left->another = limit_ && count < *limit_;
  left->dead_letter = limit_ || put_backs >= kMostPutBacks;
  if (limit_)
    left->reason = "delivered " + times(count + 1) + ", its queue's limit (x-delivery-limit " +
                   std::to_string(*limit_) + ") allows " + (left->another ? "one" : "no") + " further delivery";
  else
    left->reason = "delivered " + times(count + 1) + (put_backs ? " and put back " + times(put_backs) : "") +
                   " without being settled, and its queue's limit is not known (delivery_limit)";
  return left;
}

std::unique_ptr<DeliveriesLeft> DeliveryLimit::put_back(int64_t put_backs, const Message& message) const {
  auto left = std::make_unique<DeliveriesLeft>();
  left->back_to = subscription_.queue;
  left->options = &copy_options_;
  left->headers = {Header{header::kPutBacks, Value::of(put_backs + 1)},
                   Header{header::kPutBackTarget, Value::of(message.target)}};
  return left;
}

bool DeliveryLimit::own(std::string_view user) const {
  return !user.empty() && std::ranges::any_of(settings_.endpoints, [&](auto& e) { return e.user == user; });
}

}  // namespace mombridge::amqp
