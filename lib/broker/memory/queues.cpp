#include "broker/memory/queues.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "broker/source/target_from.hpp"
#include "message/merged_headers.hpp"

namespace mombridge::memory {

namespace {

// A queue that runs empty is kept, so that its target's subscriptions are looked for once. There may be any number of
// targets, so above this number empty queues are erased.
constexpr size_t kQueuesKept = 1024;

constexpr const char* kStopped = "the broker stopped";

Outcome outcome_of(const PendingPublication& pending) {
  if (pending.unsettled) return Outcome::away(kStopped);
  return pending.rejected ? Outcome::refused("rejected") : Outcome{};
}

}  // namespace

void MemoryDelivery::settle(Settlement s) noexcept {
  settlement = s;
  owner_.forward(*this);
}

void MemoryDelivery::held(bool yes) noexcept {
  if (pending->single) pending->publication->held(yes);
}

Queues::Queues(EventLoop& loop, const Settings& settings, std::function<void(MemoryDelivery&)> on_settled)
    : on_settled_(std::move(on_settled)),
      prefetch_(std::max(settings.prefetch_count, 1u)),
      implicit_first_(settings.implicit_first),
      queues_kept_(kQueuesKept),
      redelivery_(loop, [this](MemoryDelivery& delivery) { hand_out(delivery); }) {
  for (auto& s : settings.subscriptions) subscriptions_.push_back({Pattern(s.source), s.target_from, s.replies});
  if (subscriptions_.empty()) subscriptions_.push_back({Pattern("#"), {}, false});
}

void Queues::add(Publication& publication) {
  Queue& queue = queue_of(publication.target);
  if (queue.subscriptions.empty())
    return publication.completed(
        Outcome::refused("no subscription takes target '" + std::string(publication.target) + "'"));
  // Past the list where nothing waits, because that would ask for memory time and again, although it is empty.
  if (queue.waiting.empty() && takes_more(queue)) return hand_out(queue, publication);
  queue.waiting.push_back(&publication);
}

bool Queues::takes_more(const Queue& queue) const { return sink_ && !queue.paused && queue.in_flight < prefetch_; }

bool Queues::paused(const Queue& queue) const {
  return std::ranges::any_of(queue.subscriptions, [this](uint32_t i) { return i < paused_.size() && paused_[i]; });
}

void Queues::pause(const std::vector<bool>& paused_now) {
  paused_ = paused_now;
  for (auto& [target, queue] : queues_) {
    queue.paused = paused(queue);
    admit(queue);
  }
}

Queue& Queues::queue_of(std::string_view target) {
  if (auto found = queues_.find(target); found != queues_.end()) return found->second;
  if (queues_.size() >= queues_kept_) {
    std::erase_if(queues_, [](auto& q) { return !q.second.in_flight && q.second.waiting.empty(); });
    queues_kept_ = std::max(kQueuesKept, 2 * queues_.size());
  }
  Queue& queue = queues_[std::string(target)];
  for (uint32_t i = implicit_first_; i < subscriptions_.size(); ++i)
    if (subscriptions_[i].pattern.matches(target)) queue.subscriptions.push_back(i);
  // Replies are the bridge's own: a subscription to everything does not mean them.
  auto replies = std::ranges::find_if(queue.subscriptions, [&](uint32_t i) { return subscriptions_[i].replies; });
  if (replies != queue.subscriptions.end()) queue.subscriptions = {*replies};
  if (implicit_first_ && queue.subscriptions.empty()) queue.subscriptions.push_back(0);
  queue.paused = paused(queue);
  return queue;
}

void Queues::admit(Queue& queue) {
  while (!queue.waiting.empty() && takes_more(queue)) {
    Publication& publication = *queue.waiting.front();
    queue.waiting.pop_front();
    hand_out(queue, publication);
  }
}

void Queues::hand_out(Queue& queue, Publication& publication) {
  ++queue.in_flight;
  PendingPublication& pending = pending_.take();
  pending.publication = &publication;
  pending.queue = &queue;
  pending.rejected = false;
  pending.unsettled = static_cast<unsigned>(queue.subscriptions.size());
  pending.single = queue.subscriptions.size() == 1;
  std::span<const Header> headers = publication.message->headers;
  if (!publication.headers.empty()) {
    merge_headers(pending.headers, headers, publication.headers);
    headers = pending.headers;
  }
  // The list belongs to the queue, which stays while something of it is in flight: a settlement that the sink makes at
  // once comes back through the loop, and not within this call.
  for (uint32_t i : queue.subscriptions) {
    MemoryDelivery& delivery = deliveries_.take(*this);
    delivery.pending = &pending;
    delivery.tries = 0;
    delivery.subscription = i;
    delivery.message = *publication.message;
    delivery.message.target = publication.target;
    delivery.message.key = publication.key;
    delivery.message.headers = headers;
    // Who takes it from here is not the one who wrote the id in these bytes.
    if (delivery.message.id_form == IdForm::literal) delivery.message.id_form = IdForm::any;
    source::take_target_from(subscriptions_[i].target_from, delivery.message);
    hand_out(delivery);
  }
}

void Queues::hand_out(MemoryDelivery& delivery) {
  // Without a sink, which may have been taken away since the delivery before this one, the delivery stays unsettled,
  // and give_up() completes its publication.
  if (!sink_) return;
  ++delivery.pending->handed_out;
  sink_->receive(DeliveryHandle(&delivery));
}

void Queues::settled(MemoryDelivery& delivery) {
  PendingPublication& pending = *delivery.pending;
  take_back(delivery);
  if (delivery.settlement == Settlement::requeue) return redelivery_.schedule(delivery);
  deliveries_.recycle(delivery);
  if (!pending.unsettled) finish(pending);
}

void Queues::take_back(MemoryDelivery& delivery) {
  PendingPublication& pending = *delivery.pending;
  --pending.handed_out;
  if (delivery.settlement != Settlement::requeue) --pending.unsettled;
  if (delivery.settlement == Settlement::reject) pending.rejected = true;
}

void Queues::finish(PendingPublication& pending) {
  Publication* publication = std::exchange(pending.publication, nullptr);
  Outcome outcome = outcome_of(pending);
  Queue& queue = *pending.queue;
  pending_.recycle(pending);
  --queue.in_flight;
  admit(queue);
  publication->completed(std::move(outcome));
}

void Queues::give_up(const std::vector<MemoryDelivery*>& settled, const std::vector<Publication*>& published) {
  std::vector<std::pair<Publication*, Outcome>> done;
  auto all_away = [&](const auto& publications) {
    for (auto* publication : publications) done.emplace_back(publication, Outcome::away(kStopped));
  };
  {
    std::lock_guard lock(late_);
    for (auto* delivery : settled) take_back(*delivery);
    pending_.for_each([&](PendingPublication& pending) {
      if (pending.publication && !pending.handed_out)
        done.emplace_back(std::exchange(pending.publication, nullptr), outcome_of(pending));
    });
    for (auto& [target, queue] : queues_) all_away(std::exchange(queue.waiting, {}));
    all_away(published);
  }
  for (auto& [publication, outcome] : done) publication->completed(std::move(outcome));
}

void Queues::settled_late(MemoryDelivery& delivery) noexcept {
  Publication* publication = nullptr;
  Outcome outcome;
  {
    std::lock_guard lock(late_);
    PendingPublication& pending = *delivery.pending;
    take_back(delivery);
    if (pending.handed_out) return;
    publication = std::exchange(pending.publication, nullptr);
    outcome = outcome_of(pending);
  }
  publication->completed(std::move(outcome));
}

}  // namespace mombridge::memory
