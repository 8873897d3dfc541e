#include "http_ingress/content.hpp"

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "config/text.hpp"
#include "message/bridge_owned.hpp"

namespace mombridge::http_ingress {

namespace {

constexpr std::string_view kOwn = "Mombridge-";
constexpr std::string_view kHeader = "Mombridge-Header-";

/// What tracing systems read under these names on every side.
constexpr std::array<std::string_view, 3> kTracing{"traceparent", "tracestate", "baggage"};

bool begins_with(std::string_view text, std::string_view beginning) {
  return same_name(text.substr(0, beginning.size()), beginning);
}

}  // namespace

Result<> Content::read(Kind kind, std::string app_id) {
  app_id_ = std::move(app_id);
  headers_.reserve(head_.headers.size());
  for (auto& [name, value] : head_.headers)
    if (auto ok = read_header(name, value, kind); !ok) return ok;
  message_.body = body_;
  message_.headers = headers_;
  message_.record_time_ms = unix_ms();
  if (!message_.app_id) message_.app_id = app_id_;
  return {};
}

Result<> Content::read_header(const std::string& name, const std::string& value, Kind kind) {
  if (same_name(name, "Content-Type")) return once(message_.content_type, name, value);
  if (same_name(name, "Content-Encoding")) return once(message_.content_encoding, name, value);
  for (auto& tracing : kTracing)
    if (same_name(name, tracing)) headers_.push_back({tracing, Value::of_untyped(value)});
  if (!begins_with(name, kOwn)) return {};
  if (!begins_with(name, kHeader)) return read_property(std::string_view(name).substr(kOwn.size()), value, kind);
  auto own = std::string_view(name).substr(kHeader.size());
  if (own.empty()) return fail("the header " + name + " names no header");
  if (owner_of(own) != NameOwner::sender)
    return fail("the header " + std::string(own) + " is written by brokers or by the bridge alone");
  headers_.push_back({own, Value::of_untyped(value)});
  return {};
}

Result<> Content::read_property(std::string_view name, const std::string& value, Kind kind) {
  auto& m = message_;
  auto shown = std::string(kOwn) + std::string(name);
  bool of_reply = same_name(name, "Correlation-Id") || same_name(name, "Expiration");
  if (of_reply && kind == Kind::request)
    return fail(shown + " is set by the bridge on a request: it tells replies apart, and the time-out is ?timeout=2s");
  if (same_name(name, "Key")) return once(m.key, shown, value);
  if (same_name(name, "Correlation-Id")) return once(m.correlation_id, shown, value);
  if (same_name(name, "Message-Id")) return once(m.message_id, shown, value);
  if (same_name(name, "Type")) return once(m.type, shown, value);
  if (same_name(name, "App-Id")) return once(m.app_id, shown, value);
  auto number = config::parse_unsigned(value);
  if (same_name(name, "Expiration"))
    return number ? once(m.expiration, shown, value) : fail(shown + " is a number of milliseconds");
  if (same_name(name, "Priority")) {
    if (!number || *number > UINT8_MAX) return fail(shown + " is a number from 0 to 255");
    m.priority = static_cast<uint8_t>(*number);
    return {};
  }
  if (same_name(name, "Timestamp")) {
    if (!number) return fail(shown + " is a number of seconds since 1970");
    m.timestamp = *number;
    return {};
  }
  return fail("unknown header " + printable(shown, 64) +
              ": there are Mombridge-Key, -Correlation-Id, -Message-Id, -Type, -App-Id, -Expiration, -Priority, "
              "-Timestamp and Mombridge-Header-NAME");
}

Result<> Content::once(Message::Text& into, std::string_view name, const std::string& value) const {
  if (into) return fail("the header " + std::string(name) + " is there twice");
  into = value;
  return {};
}

HttpHeaders http_headers(const Message& reply, unsigned& left_out) {
  HttpHeaders headers;
  auto add = [&](std::string name, const std::optional<std::string>& value) {
    if (value && is_token(name) && fits_http(*value))
      headers.emplace_back(std::move(name), *value);
    else
      ++left_out;
  };
  auto property = [&](const char* name, const Message::Text& value) {
    if (value) add(name, std::string(*value));
  };
  property("Content-Encoding", reply.content_encoding);
  property("Mombridge-Message-Id", reply.message_id);
  property("Mombridge-Type", reply.type);
  property("Mombridge-App-Id", reply.app_id);
  property("Mombridge-Key", reply.key);
  if (reply.timestamp) add("Mombridge-Timestamp", std::to_string(*reply.timestamp));
  for (auto& header : reply.headers) {
    bool tracing = std::ranges::find(kTracing, header.name) != kTracing.end();
    add((tracing ? "" : std::string(kHeader)) + std::string(header.name), scalar_text(header.value));
  }
  return headers;
}

}  // namespace mombridge::http_ingress
