// From a publication to frames: on its caller's thread, while its message is at hand there, or on the loop's.

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "broker/amqp/properties.hpp"
#include "broker/amqp/publisher.hpp"

namespace mombridge::amqp {

namespace {

constexpr size_t kMaxUnconfirmed = 20000;
constexpr size_t kMaxPendingBytes = 4 << 20;        ///< encoded and not written: more would only lie here
constexpr size_t kMaxUnconfirmedBytes = 256 << 20;  ///< bodies of unconfirmed publications
constexpr size_t kMaxDirectBody = 64 << 10;         ///< copied while others that publish wait
constexpr size_t kKeepBytes = 1 << 20;              ///< memory that an intake keeps
constexpr Duration kForgetMissing = std::chrono::seconds(1);

size_t left_of(size_t limit, size_t used) { return limit - std::min(limit, used); }

}  // namespace

// Callers encode as long as nothing waits before them, which keeps the order of each. The loop writes what they have
// encoded as it is: it would find the message again only after it has left this processor's cache.
void Publisher::publish(Publication& p) noexcept {
  bool first = false, stopped = false;
  {
    std::lock_guard lock(mutex_);
    stopped = stopped_;
    first = intake_.empty();
    if (!stopped && !encode(p)) {
      intake_.waiting.push_back(&p);
      direct_ = false;
    }
  }
  if (stopped) return p.completed(Outcome::away("the bridge is stopping"));
  if (first) loop_.wake();
}

// With the mutex held. False: the loop shall see to it.
bool Publisher::encode(Publication& p) {
  auto size = p.message->body.size();
  if (!direct_ || size > kMaxDirectBody || intake_.written.size() >= room_.count || intake_.bytes.size() >= room_.bytes)
    return false;
  if (!p.exchange.empty()) {
    auto found = exchanges_.find(p.exchange);
    if (found == exchanges_.end() || found->second.state != Exchange::State::exists) return false;
  }
  if (!fits(p) || !write(intake_.bytes, p)) return false;
  intake_.written.push_back({.publication = &p, .size = size});
  return true;
}

// Takes what callers have left; where it can no longer be written as they encoded it, it waits with the rest.
void Publisher::take_in() {
  bool can = can_write();
  {
    std::lock_guard lock(mutex_);
    std::swap(intake_, taken_);
    room_ = {left_of(room_.count, taken_.written.size()), left_of(room_.bytes, taken_.bytes.size())};
    if (!can) direct_ = false;
  }
  if (can) connection_.send(taken_.bytes);
  for (auto& slot : taken_.written) can ? written(slot) : waiting_.push_back(slot.publication);
  waiting_.insert(waiting_.end(), taken_.waiting.begin(), taken_.waiting.end());
  taken_.clear(kKeepBytes);
}

// Returns whether more has come meanwhile.
bool Publisher::let_in() {
  bool direct = can_write() && !blocked_ && !solo_ && waiting_.empty();
  std::lock_guard lock(mutex_);
  direct_ = direct && intake_.waiting.empty();
  room_ = room();
  return !intake_.empty();
}

Duration Publisher::serve() {
  take_in();
  pump();
  renew_channel();
  if (connection_.is_open()) connection_.flush();
  if (let_in()) return Duration::zero();
  return connection_.is_open() ? renewal_.left(Clock::now()) : Duration::max();
}

Publisher::Room Publisher::room() const {
  return {left_of(kMaxUnconfirmed, slots_.size()), std::min(left_of(kMaxPendingBytes, connection_.pending()),
                                                            left_of(kMaxUnconfirmedBytes, unconfirmed_bytes_))};
}

bool Publisher::has_room() const {
  if (solo_) return slots_.empty();
  auto left = room();
  return left.count && left.bytes;
}

Result<> Publisher::fits(const Publication& p) const {
  if (auto size = p.message->body.size(); size > max_message_size_)
    return fail("a body of " + std::to_string(size) + " bytes is over the broker's limit of " +
                std::to_string(max_message_size_) + " (max_message_size)");
  if (auto longest = std::max(p.target.size(), p.exchange.size()); longest > kShortStringLimit)
    return fail("a routing key or exchange of " + std::to_string(longest) + " bytes: AMQP takes at most 255");
  return {};
}

void Publisher::pump() {
  while (can_write() && !blocked_ && !waiting_.empty() && has_room()) {
    auto& publication = *waiting_.front();
    waiting_.pop_front();
    if (!try_write(publication)) {
      waiting_.push_front(&publication);
      return;
    }
  }
}

void Publisher::refuse(Publication& p, std::string why, Outcome::Cause cause) {
  if (solo_) --solo_;
  p.completed(Outcome::refused(std::move(why), cause));
}

bool Publisher::try_write(Publication& p) {
  if (!p.wanted()) {
    if (solo_) --solo_;
    p.completed(Outcome::away("its source has taken it back"));
    return true;
  }
  if (auto ok = fits(p); !ok) {
    refuse(p, ok.error().text, Outcome::Cause::message);
    return true;
  }
  if (!p.exchange.empty()) {
    auto found = exchanges_.find(p.exchange);
    if (found == exchanges_.end() || found->second.state == Exchange::State::asked) return exchange_ready(p);
    if (found->second.state == Exchange::State::missing) {
      refuse(p, found->second.why, Outcome::Cause::around);
      return true;
    }
  }
  if (auto ok = write(connection_.out(), p); !ok) {
    refuse(p, ok.error().text, Outcome::Cause::size);
    return true;
  }
  written({.publication = &p, .size = p.message->body.size()});
  return true;
}

void Publisher::written(Slot slot) {
  slot.written = loop_.round_began();
  unconfirmed_bytes_ += slot.size;
  slots_.push_back(slot);
}

// A publish to an exchange that is not there would close the channel and take everything unconfirmed with it, so each
// is looked up first, on a channel where that costs nothing. Everything waits meanwhile: that keeps the order.
bool Publisher::exchange_ready(Publication& p) {
  // Where a single channel is allowed, a publish finds out, and is then the only one to be refused.
  if (one_channel()) {
    remember(std::string(p.exchange), {Exchange::State::exists, {}});
    return try_write(p);
  }
  if (!side_.idle()) return false;
  std::string name(p.exchange);
  remember(name, {});
  side_.ask({SideChannel::Question::Kind::look_up_exchange, name});
  return false;
}

void Publisher::exchange_answer(const std::string& name, bool exists, const std::string& why) {
  if (exists) return remember(name, {Exchange::State::exists, {}});
  remember(name, {Exchange::State::missing, why});
  loop_.after(kForgetMissing, [this, name] {
    std::lock_guard lock(mutex_);
    auto found = exchanges_.find(name);
    if (found != exchanges_.end() && found->second.state == Exchange::State::missing) exchanges_.erase(found);
  });
}

void Publisher::remember(const std::string& name, Exchange exchange) {
  std::lock_guard lock(mutex_);
  exchanges_[name] = std::move(exchange);
}

// basic.publish: reserved, exchange, routing-key, bits (mandatory, immediate); then the content header and the body.
Result<> Publisher::write(Buffer& out, const Publication& p) const {
  size_t rollback = out.size();
  Writer writer(out);
  constexpr size_t kMethodAndBits = sizeof(uint32_t) + sizeof(uint16_t) + 1;
  writer.frame(AMQP_FRAME_METHOD, kChannel, kMethodAndBits + 1 + p.exchange.size() + 1 + p.target.size());
  writer.number(static_cast<uint32_t>(AMQP_BASIC_PUBLISH_METHOD));
  writer.number(uint16_t{0});
  writer.short_string(p.exchange);
  writer.short_string(p.target);
  writer.octet(p.mandatory);
  writer.octet(AMQP_FRAME_END);

  auto body = p.message->body;
  auto begin = writer.begin_frame(AMQP_FRAME_HEADER, kChannel);
  writer.number(static_cast<uint16_t>(AMQP_BASIC_CLASS));
  writer.number(uint16_t{0});
  writer.number(static_cast<uint64_t>(body.size()));
  auto encoded = encode_properties(writer, p);
  size_t part = connection_.agreed().frame_max - 8;
  if (encoded && out.size() - begin > part)
    encoded = fail("properties and headers of " + std::to_string(out.size() - begin) +
                   " bytes do not fit a frame, which takes " + std::to_string(part) + " (the connection's frame_max)");
  if (!encoded) {
    out.truncate(rollback);
    return encoded;
  }
  writer.end_frame(begin);
  while (!body.empty()) {
    auto next = body.substr(0, part);
    writer.frame(AMQP_FRAME_BODY, kChannel, next.size());
    writer.raw(next);
    writer.octet(AMQP_FRAME_END);
    body.remove_prefix(next.size());
  }
  return {};
}

}  // namespace mombridge::amqp
