#include "broker/kafka/deliveries.hpp"

#include <algorithm>
#include <utility>

#include "base/failpoint.hpp"
#include "broker/source/target_from.hpp"

namespace mombridge::kafka {

void KafkaDelivery::settle(Settlement s) noexcept {
  settlement = s;
  owner_.settled(*this);
}

Deliveries::Deliveries(EventLoop& loop, std::string broker, std::shared_ptr<const Settings> settings,
                       std::vector<uint32_t> indices, Assignment& assignment)
    : loop_(loop),
      broker_(std::move(broker)),
      assignment_(assignment),
      redelivery_(loop, [this](KafkaDelivery& delivery) { hand_out(delivery); }),
      rejected_(counter("rejected_as_accepted", broker_)) {
  change_to(std::move(settings), std::move(indices));
}

void Deliveries::change_to(std::shared_ptr<const Settings> settings, std::vector<uint32_t> indices) {
  settings_ = std::move(settings);
  indices_ = std::move(indices);
  budget_of_.clear();
  for (auto& s : settings_->subscriptions)
    budget_of_.push_back(&budgets_.try_emplace(s.topic, settings_->prefetch_size, broker_, s.source).first->second);
  std::erase_if(budgets_, [this](auto& budget) {
    return budget.second.idle() && std::ranges::find(budget_of_, &budget.second) == budget_of_.end();
  });
}

// What no subscription takes any more is not read.
bool Deliveries::full(const PartitionReader& from) const {
  auto subscription = from.subscription();
  return !subscription || from.in_flight().messages() >= settings_->prefetch_count ||
         budget_of_[*subscription]->spent();
}

// One of which nothing is in flight does not wait for what others of its subscription have there.
bool Deliveries::has_room(const PartitionReader& from) const {
  auto subscription = from.subscription();
  auto messages = from.in_flight().messages();
  return subscription &&
         (!messages || (messages <= settings_->prefetch_count / 2 && budget_of_[*subscription]->half_free()));
}

bool Deliveries::takes(const PartitionReader& from) const {
  auto number = from.subscription();
  bool paused = number && *number < paused_.size() && paused_[*number];
  return sink_ && !paused && !full(from);
}

void Deliveries::deliver(PartitionReader& from, Fetched fetched) {
  auto& record = *fetched.record;
  auto& d = deliveries_.take(*this);
  d.event = std::move(fetched.event);
  d.from = &from;
  d.number = from.in_flight().delivered(record.offset);
  d.tries = 0;
  d.partition = from.number();
  d.offset = record.offset;
  fill(d, record);
  d.budget = budget_of_[*from.subscription()];
  d.budget->add(d.size);
  if (failpoint("early_ack")) from.in_flight().processed(d.number);
  hand_out(d);
}

void Deliveries::fill(KafkaDelivery& d, const rd_kafka_message_t& record) {
  auto& m = d.message;
  m = {};
  m.target = d.from->topic();
  unsigned dropped = 0;
  auto& subscription = settings_->subscriptions[*d.from->subscription()];
  auto decoded = decode_record(record, m, d.storage, dropped, {subscription.restore, subscription.replies});
  d.size = decoded.size + d.storage.footprint();
  if (decoded.copied) d.event.reset();
  if (dropped) {
    counter("headers_dropped").add(dropped);
    dropped_log_.event(log::Level::warn, "headers dropped: they belong to a broker or to bridges, or are of no use",
                       {{"broker", broker_}, {"target", m.target}, {"headers", dropped}});
  }
  m.made_id = !m.message_id;
  if (m.made_id) m.message_id = make_id(d.storage.id, d.from->id_prefix(), d.offset);
  source::take_target_from(subscription.target_from, m);
}

void Deliveries::hand_out(KafkaDelivery& d) {
  if (!d.from->current()) return release(d);
  // It stays unsettled, and comes again to the member that has the partition next. The timer goes on, because it frees
  // the delivery when the partition has been dropped.
  if (!sink_ || d.from->revoking()) return redelivery_.schedule(d);
  d.subscription = indices_[*d.from->subscription()];
  d.from->in_flight().handed_out();
  sink_->receive(DeliveryHandle(&d));
}

void Deliveries::settled(KafkaDelivery& delivery) noexcept {
  if (inbox_.push(&delivery)) loop_.wake();
}

void Deliveries::take_settled() {
  for (auto* item : inbox_.take()) {
    auto& d = *item;
    d.from->in_flight().taken_back();
    if (!d.from->current()) {
      release(d);
    } else if (d.settlement == Settlement::requeue) {
      redelivery_.schedule(d);
    } else {
      if (d.settlement == Settlement::reject) rejected_.add();
      if (!failpoint("early_ack")) d.from->in_flight().processed(d.number);
      release(d);
    }
  }
  deliveries_.trim(loop_.round_began());  // a Kafka consumer's loop has rounds all the time
}

void Deliveries::release(KafkaDelivery& d) {
  auto& from = *std::exchange(d.from, nullptr);
  from.in_flight().released();
  std::exchange(d.budget, nullptr)->release(d.size);
  d.event.reset();
  d.storage.clear();
  deliveries_.recycle(d);
  assignment_.released(from);
}

void Deliveries::drop_records() {
  deliveries_.for_each([](KafkaDelivery& d) { d.event.reset(); });
}

}  // namespace mombridge::kafka
