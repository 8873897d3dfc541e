#include "broker/amqp/publisher_intake.hpp"

#include <algorithm>
#include <utility>

#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

void PublisherIntake::Batch::clear() {
  frames.clear();
  written.clear();
  waiting.clear();
}

PublisherIntake::Put PublisherIntake::put(Publication& p) noexcept {
  std::lock_guard lock(mutex_);
  if (stopped_) return Put::stopped;
  bool first = batch_.empty();
  if (!encode(p)) {
    batch_.waiting.push_back(&p);
    encode_ = false;
  }
  return first ? Put::first : Put::behind;
}

// With the mutex held. Returns false if the loop shall see to it, which says what is wrong with it.
bool PublisherIntake::encode(Publication& p) {
  auto size = p.message->body.size();
  if (!encode_ || size > kWrittenAtOnce || batch_.written.size() >= room_.count || batch_.frames.size() >= room_.bytes)
    return false;
  if (!options_of(p).exchange.empty() && !exchanges_.contains(options_of(p).exchange)) return false;
  if (!check_publication(p, limits_) || !write_publication(batch_.frames, channel_, p, limits_)) return false;
  batch_.written.push_back({&p, size});
  return true;
}

void PublisherIntake::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
}

PublisherIntake::Batch& PublisherIntake::take(bool encode) {
  std::lock_guard lock(mutex_);
  std::swap(batch_, taken_);
  auto left = [](size_t limit, size_t used) { return limit - std::min(limit, used); };
  room_ = {left(room_.count, taken_.written.size()), left(room_.bytes, taken_.frames.size())};
  if (!encode) encode_ = false;
  return taken_;
}

bool PublisherIntake::let_in(bool encode, Room room) {
  std::lock_guard lock(mutex_);
  encode_ = encode && batch_.waiting.empty();
  room_ = room;
  return !batch_.empty();
}

void PublisherIntake::set_limits(const PublishLimits& limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
}

void PublisherIntake::exchange_exists(std::string_view exchange) {
  std::lock_guard lock(mutex_);
  exchanges_.emplace(exchange);
}

void PublisherIntake::forget_exchanges() {
  std::lock_guard lock(mutex_);
  exchanges_.clear();
}

}  // namespace mombridge::amqp
