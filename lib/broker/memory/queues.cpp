#include "broker/memory/queues.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace mombridge::memory {

namespace {

// Queues are kept when they run empty, so that a target's subscriptions are looked for once; but targets may be without
// number, so from here on an empty one goes.
constexpr size_t kQueuesKept = 1024;

constexpr const char* kStopped = "the broker stopped";

void merge(std::vector<Header>& into, std::span<const Header> message, std::span<const Header> added) {
  into.clear();
  for (auto& h : message)
    if (std::ranges::none_of(added, [&](auto& a) { return a.name == h.name; })) into.push_back(h);
  into.insert(into.end(), added.begin(), added.end());
}

Outcome outcome_of(const Passage& passage) {
  if (passage.unsettled) return Outcome::away(kStopped);
  return passage.rejected ? Outcome::refused("rejected") : Outcome{};
}

}  // namespace

void MemoryDelivery::settle(Settlement s) noexcept {
  settlement = s;
  owner_.forward(*this);
}

void MemoryDelivery::held(bool yes) noexcept {
  if (passage->single) passage->publication->held(yes);
}

Queues::Queues(EventLoop& loop, const Settings& settings, std::function<void(MemoryDelivery&)> on_settled)
    : loop_(loop),
      on_settled_(std::move(on_settled)),
      prefetch_(std::max(settings.prefetch_count, 1u)),
      implicit_first_(settings.implicit_first),
      queues_kept_(kQueuesKept) {
  for (size_t i = 0; i < settings.queues.size(); ++i) {
    bool general = i < settings.subscriptions.size();
    subscriptions_.push_back({Pattern(settings.queues[i]),
                              general ? settings.subscriptions[i].target_from : std::string(),
                              general && settings.subscriptions[i].replies});
  }
  if (subscriptions_.empty()) subscriptions_.push_back({Pattern("#"), {}, false});
}

void Queues::add(Publication& publication) {
  Queue& queue = queue_of(publication.target);
  if (queue.subscriptions.empty())
    return publication.completed(
        Outcome::refused("no subscription takes target '" + std::string(publication.target) + "'"));
  queue.waiting.push_back(&publication);
  admit(queue);
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
  return queue;
}

void Queues::admit(Queue& queue) {
  while (sink_ && !queue.waiting.empty() && queue.in_flight < prefetch_) {
    Publication& publication = *queue.waiting.front();
    queue.waiting.pop_front();
    hand_out(queue, publication);
  }
}

void Queues::hand_out(Queue& queue, Publication& publication) {
  ++queue.in_flight;
  Passage& passage = new_passage();
  passage.publication = &publication;
  passage.queue = &queue;
  passage.rejected = false;
  passage.unsettled = static_cast<unsigned>(queue.subscriptions.size());
  passage.single = queue.subscriptions.size() == 1;
  std::span<const Header> headers = publication.message->headers;
  if (!publication.headers.empty()) {
    merge(passage.headers, headers, publication.headers);
    headers = passage.headers;
  }
  // The list is the queue's, and the queue stays while something of it is in flight: a settlement that the sink makes
  // at once comes back through the loop, not here.
  for (uint32_t i : queue.subscriptions) {
    MemoryDelivery& delivery = new_delivery();
    delivery.passage = &passage;
    delivery.tries = 0;
    delivery.subscription = i;
    delivery.message = *publication.message;
    delivery.message.target = publication.target;
    delivery.message.key = publication.key;
    delivery.message.headers = headers;
    if (!subscriptions_[i].target_from.empty())
      if (auto* value = delivery.message.find(subscriptions_[i].target_from); value && value->is_text())
        delivery.message.target = value->text;
    hand_out(delivery);
  }
}

void Queues::hand_out(MemoryDelivery& delivery) {
  // Without a sink (it may have gone with the delivery before this one) the delivery stays unsettled and in nobody's
  // hands, which give_up() completes.
  if (!sink_) return;
  ++delivery.passage->handed_out;
  sink_->receive(DeliveryHandle(&delivery));
}

void Queues::settled(MemoryDelivery& delivery) {
  Passage& passage = *delivery.passage;
  take_back(delivery);
  if (delivery.settlement == Settlement::requeue) return retry(delivery);
  free_deliveries_.push_back(&delivery);
  if (!passage.unsettled) finish(passage);
}

void Queues::take_back(MemoryDelivery& delivery) {
  Passage& passage = *delivery.passage;
  --passage.handed_out;
  if (delivery.settlement != Settlement::requeue) --passage.unsettled;
  if (delivery.settlement == Settlement::reject) passage.rejected = true;
}

void Queues::retry(MemoryDelivery& delivery) {
  loop_.after(retry_backoff_.at(++delivery.tries), [this, &delivery] {
    delivery.message.redelivered = true;
    hand_out(delivery);
  });
}

void Queues::finish(Passage& passage) {
  Publication* publication = std::exchange(passage.publication, nullptr);
  Outcome outcome = outcome_of(passage);
  Queue& queue = *passage.queue;
  free_passages_.push_back(&passage);
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
    for (auto& passage : passages_)
      if (passage.publication && !passage.handed_out)
        done.emplace_back(std::exchange(passage.publication, nullptr), outcome_of(passage));
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
    Passage& passage = *delivery.passage;
    take_back(delivery);
    if (passage.handed_out) return;
    publication = std::exchange(passage.publication, nullptr);
    outcome = outcome_of(passage);
  }
  publication->completed(std::move(outcome));
}

Passage& Queues::new_passage() {
  if (free_passages_.empty()) return passages_.emplace_back();
  Passage& passage = *free_passages_.back();
  free_passages_.pop_back();
  return passage;
}

MemoryDelivery& Queues::new_delivery() {
  if (free_deliveries_.empty()) return deliveries_.emplace_back(*this);
  MemoryDelivery& delivery = *free_deliveries_.back();
  free_deliveries_.pop_back();
  return delivery;
}

}  // namespace mombridge::memory
