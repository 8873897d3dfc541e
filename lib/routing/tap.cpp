#include "routing/tap.hpp"

#include <algorithm>
#include <utility>

#include "message/typed_text.hpp"
#include "routing/place.hpp"
#include "routing/route.hpp"

namespace mombridge::routing {

namespace {

constexpr Duration kSecond = std::chrono::seconds(1);

std::string cut(std::string_view text) { return std::string(text.substr(0, Tap::kLongestText)); }

size_t bytes_of(const std::vector<TapEntry::Field>& fields) {
  size_t sum = 0;
  for (auto& field : fields) sum += sizeof field + field.name.size() + field.text.size();
  return sum;
}

std::string routes_of(const Arrival& arrival) {
  if (arrival.is_reply) return "(reply)";
  if (arrival.routes.empty()) return std::string(kUnrouted);
  std::string names;
  for (auto* route : arrival.routes) {
    if (names.size() > Tap::kLongestText) return names + ", …";
    names += (names.empty() ? "" : ", ") + route->config->name;
  }
  return names;
}

TapEntry::Field header_field(const Header& header) {
  std::string text, type;
  if (header.value.is_text())
    text = header.value.text.substr(0, Tap::kLongestText);
  else if (header.value.kind != Value::Kind::null)
    to_text(header.value, text, type);
  return {cut(header.name), cut(text)};
}

}  // namespace

bool TapFilter::wants(const Arrival& arrival) const {
  if (!broker.empty() && arrival.broker.name != broker) return false;
  if (route == kUnrouted) {
    if (arrival.is_reply || !arrival.routes.empty()) return false;
  } else if (!route.empty() &&
             std::ranges::none_of(arrival.routes, [&](auto* one) { return one->config->name == route; })) {
    return false;
  }
  return target.matches(arrival.delivery.message.target);
}

size_t TapEntry::bytes() const {
  return sizeof *this + what.size() + bytes_of(fields) + bytes_of(headers) + (body ? body->size() : 0);
}

bool Tap::admit(const Arrival& arrival, TimePoint now) {
  if (!filter_.wants(arrival)) return false;
  if (now >= rests_until_.load(std::memory_order_relaxed) && within_rate(now)) return true;
  left_out_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

bool Tap::within_rate(TimePoint now) {
  std::lock_guard lock(mutex_);
  if (second_began_ == TimePoint::min() || now - second_began_ >= kSecond) {
    second_began_ = now;
    shown_ = 0;
  }
  if (shown_ == kPerSecond) {
    rests_until_.store(second_began_ + kSecond, std::memory_order_relaxed);
    return false;
  }
  ++shown_;
  return true;
}

void Tap::push(TapEntry entry) {
  auto size = entry.bytes();
  std::lock_guard lock(mutex_);
  if (bytes_ + size > kMostBytes) {
    left_out_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  bytes_ += size;
  entries_.push_back(std::move(entry));
}

std::vector<TapEntry> Tap::take(size_t bytes) {
  std::vector<TapEntry> taken;
  std::lock_guard lock(mutex_);
  for (size_t sum = 0; !entries_.empty() && sum < bytes; entries_.pop_front()) {
    auto size = entries_.front().bytes();
    sum += size;
    bytes_ -= size;
    taken.push_back(std::move(entries_.front()));
  }
  return taken;
}

// The correlation id of a reply to the bridge is not shown: whoever has one can answer in the responder's place.
TapEntry arrival_entry(const Arrival& arrival, uint64_t number, const TapFilter& filter) {
  auto& delivery = arrival.delivery;
  auto& message = delivery.message;
  TapEntry entry{.kind = TapEntry::Kind::arrived, .message = number, .unix_ms = unix_ms()};
  auto add = [&](const char* name, std::string_view text) {
    if (!text.empty()) entry.fields.push_back({name, cut(text)});
  };
  auto add_number = [&](const char* name, int64_t value) {
    entry.fields.push_back({name, std::to_string(value), true});
  };
  add("broker", arrival.broker.name);
  auto place = place_of(delivery, arrival.broker);
  if (!place.kind.empty()) entry.fields.push_back({std::string(place.kind), cut(place.name)});
  if (delivery.partition >= 0) {
    add_number("partition", delivery.partition);
    add_number("offset", delivery.offset);
  }
  add("target", message.target);
  entry.fields.push_back({"routes", routes_of(arrival)});
  add("message_id", message.message_id.value_or(""));
  if (!arrival.is_reply) add("correlation_id", message.correlation_id.value_or(""));
  add("reply_to", message.reply_to.value_or(""));
  add("key", message.key.value_or(""));
  add("type", message.type.value_or(""));
  add("content_type", message.content_type.value_or(""));
  if (message.redelivered) add("redelivered", "yes");
  if (message.tombstone) add("tombstone", "yes");
  add_number("bytes", static_cast<int64_t>(message.body.size()));
  if (filter.headers) {
    auto shown = message.headers.first(std::min(message.headers.size(), Tap::kMostHeaders));
    for (auto& header : shown) entry.headers.push_back(header_field(header));
    entry.headers_left_out = message.headers.size() - shown.size();
  }
  if (filter.body) entry.body = std::string(message.body.substr(0, Tap::kLongestBody));
  return entry;
}

}  // namespace mombridge::routing
