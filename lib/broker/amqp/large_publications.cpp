#include "broker/amqp/large_publications.hpp"

#include <utility>

#include "broker/amqp/backlog.hpp"
#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

namespace {

// Whose order can be seen: what goes to an exchange may come to one queue, whatever its routing key.
std::string place_of(const Publication& p) {
  auto& exchange = options_of(p).exchange;
  return exchange.empty() ? "queue " + std::string(p.target) : "exchange " + exchange;
}

bool is_large(const Publication& p) { return p.message->body.size() > kWrittenAtOnce; }

}  // namespace

bool LargePublications::takes(const Publication& p) const {
  if (!allowed_) return false;
  return is_large(p) || (large_ > 0 && places_.contains(place_of(p)));
}

bool LargePublications::delays(const Publication& p, TimePoint now) const {
  return large_ == 0 && !places_.empty() && waits_for_confirms(now) && places_.contains(place_of(p));
}

// What follows a large one follows all that the large one waits for.
void LargePublications::add(Publication& p, TimePoint now) {
  if (!opened_) channel_.open();
  opened_ = true;
  waiting_.push_back(
      {.publication = &p, .after = is_large(p) ? others_.window().written() : 0, .until = now + kPatience});
  places_.insert(place_of(p));
  large_ += is_large(p);
}

bool LargePublications::ready(TimePoint now) const {
  if (waiting_.empty() || !channel_.can_write() || channel_.pending() >= BodyWriter::kAhead) return false;
  auto& next = waiting_.front();
  return others_.window().settled() >= next.after || now >= next.until;
}

Duration LargePublications::write(const PublishLimits& limits, bool begin, TimePoint now) {
  channel_.write_on();
  while (begin && ready(now)) {
    auto& p = *waiting_.front().publication;
    waiting_.pop_front();
    auto outcome = Outcome::away(kTakenBack);
    if (p.wanted()) {
      auto wrote = channel_.write(p, limits);
      until_ = now + kPatience;
      if (wrote) continue;
      outcome = Outcome::refused(wrote.error().text, Outcome::Cause::size);
    }
    ended(p);
    p.completed(std::move(outcome));
  }
  auto next = waiting_.empty() ? until_ : waiting_.front().until;
  return places_.empty() || next <= now ? Duration::max() : next - now;
}

void LargePublications::ended(const Publication& p) {
  places_.erase(places_.find(place_of(p)));
  large_ -= is_large(p);
}

std::vector<Publication*> LargePublications::take_waiting() {
  std::vector<Publication*> all;
  for (auto& waiting : waiting_) {
    ended(*waiting.publication);
    all.push_back(waiting.publication);
  }
  waiting_.clear();
  return all;
}

std::vector<Publication*> LargePublications::take_unconfirmed() {
  opened_ = false;
  auto all = channel_.take_back();
  for (auto* publication : all) ended(*publication);
  return all;
}

}  // namespace mombridge::amqp
