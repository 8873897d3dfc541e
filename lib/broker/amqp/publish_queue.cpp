#include "broker/amqp/publish_queue.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "broker/amqp/settings.hpp"

namespace mombridge::amqp {

namespace {

constexpr size_t kMaxUnconfirmed = 20000;
constexpr size_t kMaxPendingBytes = 4 << 20;        ///< encoded and not on their way: more would only lie here
constexpr size_t kMaxUnconfirmedBytes = 256 << 20;  ///< bodies of unconfirmed publications

size_t left_of(size_t limit, size_t used) { return limit - std::min(limit, used); }

}  // namespace

void PublishQueue::publish(Publication& p) noexcept {
  switch (intake_.put(p)) {
    case PublisherIntake::Put::first:
      return loop_.wake();
    case PublisherIntake::Put::behind:
      return;
    case PublisherIntake::Put::stopped:
      return p.completed(Outcome::away("the bridge is stopping"));
  }
}

void PublishQueue::give_back() {
  intake_.stop();
  take_back();
  while (!backlog_.empty()) {
    auto& p = backlog_.front();
    backlog_.pop();
    p.completed(Outcome::away("the bridge is stopping"));
  }
}

Duration PublishQueue::write() {
  channel_.write_on();
  take_in();
  while (channel_.can_write() && !blocked_ && !backlog_.empty() && has_room()) {
    if (!write_next(backlog_.front())) break;
    backlog_.pop();
  }
  return large_.write(limits_, !blocked_, loop_.round_began());
}

// What callers have encoded goes out as it is; where it cannot be written any more, it waits with the rest.
void PublishQueue::take_in() {
  bool can_write = channel_.can_write();
  auto& batch = intake_.take(can_write);
  if (can_write)
    channel_.write(batch);
  else
    for (auto& written : batch.written) backlog_.append(*written.publication);
  for (auto* publication : batch.waiting) backlog_.append(*publication);
  batch.clear();
}

bool PublishQueue::let_in() {
  bool encode = channel_.can_write() && !blocked_ && !backlog_.one_by_one() && backlog_.empty() &&
                large_.idle(loop_.round_began());
  return intake_.let_in(encode, room());
}

PublisherIntake::Room PublishQueue::room() const {
  auto& window = channel_.window();
  return {left_of(kMaxUnconfirmed, window.size()),
          std::min(left_of(kMaxPendingBytes, channel_.pending()), left_of(kMaxUnconfirmedBytes, window.bytes()))};
}

bool PublishQueue::has_room() const {
  if (backlog_.one_by_one()) return channel_.window().empty();
  auto left = room();
  return left.count && left.bytes;
}

// Returns false if it must wait; else it is written or has its outcome.
bool PublishQueue::write_next(Publication& p) {
  if (!p.wanted()) {
    backlog_.settled();
    p.completed(Outcome::away(kTakenBack));
    return true;
  }
  if (auto ok = check_publication(p, limits_); !ok) return refuse(p, ok.error().text, Outcome::Cause::message);
  if (!options_of(p).exchange.empty()) {
    auto& known = exchanges_.look(options_of(p).exchange, loop_.round_began());
    if (known.state == ExchangeCache::State::missing) return refuse(p, known.why, Outcome::Cause::around);
    if (known.state != ExchangeCache::State::exists && !ask_for_exchange(p)) return false;
  }
  if (!backlog_.one_by_one()) {
    if (large_.delays(p, loop_.round_began())) return false;
    if (large_.takes(p)) {
      large_.add(p, loop_.round_began());
      return true;
    }
  }
  if (auto ok = channel_.write(p, limits_); !ok) return refuse(p, ok.error().text, Outcome::Cause::size);
  return true;
}

bool PublishQueue::refuse(Publication& p, std::string why, Outcome::Cause cause) {
  backlog_.settled();
  p.completed(Outcome::refused(std::move(why), cause));
  return true;
}

// A publish to an exchange that is not there would close the channel and take everything unconfirmed with it, so it is
// looked up first, on a channel where that costs nothing. Everything waits meanwhile: that keeps the order. Where a
// single channel is allowed, a publish finds out, and is then the only one to be refused. Returns whether it may.
bool PublishQueue::ask_for_exchange(Publication& p) {
  std::string name(options_of(p).exchange);
  if (!look_up_) {
    exchange_answered(name, true, {});
    return true;
  }
  if (!side_.idle()) return false;
  exchanges_.asked(name);
  side_.ask({Question::Kind::look_up_exchange, name});
  return false;
}

void PublishQueue::exchange_answered(const std::string& name, bool exists, const std::string& why) {
  if (!exists) return exchanges_.missing(name, why, loop_.round_began());
  exchanges_.exists(name);
  intake_.exchange_exists(name);
}

void PublishQueue::channel_opens(const PublishLimits& limits, bool look_up) {
  limits_ = limits;
  look_up_ = look_up;
  exchanges_.clear();
  intake_.forget_exchanges();
  intake_.set_limits(limits_);
}

void PublishQueue::take_back() {
  take_in();
  backlog_.put_back(take_back_large());
  backlog_.put_back(channel_.take_back());
}

Publication* PublishQueue::take_back_and_blame() {
  take_in();
  auto large = take_back_large();
  auto unconfirmed = channel_.take_back();
  unconfirmed.insert(unconfirmed.end(), large.begin(), large.end());
  return blame(unconfirmed);
}

Publication* PublishQueue::take_back_and_blame(PublishChannel& channel) {
  take_in();
  return blame(&channel == &channel_ ? channel_.take_back() : take_back_large());
}

// Those that are not written go back to the backlog. The others are returned.
std::vector<Publication*> PublishQueue::take_back_large() {
  backlog_.put_back(large_.take_waiting());
  return large_.take_unconfirmed();
}

Publication* PublishQueue::blame(const std::vector<Publication*>& unconfirmed) {
  if (unconfirmed.size() == 1) {
    backlog_.settled();
    return unconfirmed.front();
  }
  backlog_.go_one_by_one(unconfirmed.size());
  backlog_.put_back(unconfirmed);
  return nullptr;
}

}  // namespace mombridge::amqp
