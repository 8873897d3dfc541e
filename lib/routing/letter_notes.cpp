#include "routing/letter_notes.hpp"

#include <algorithm>

namespace mombridge::routing {

namespace {

std::string_view text(const Message& m, std::string_view name) {
  auto* value = m.find(name);
  return value ? value->text : std::string_view();
}

std::optional<int64_t> number(const Message& m, std::string_view name) {
  auto* value = m.find(name);
  return value ? whole_number(*value) : std::nullopt;
}

}  // namespace

LetterNotes LetterNotes::of(const Message& m) {
  return {.broker = text(m, "mombridge-dead-broker"),
          .source = text(m, "mombridge-dead-source"),
          .target = text(m, "mombridge-dead-target"),
          .route = text(m, "mombridge-dead-route"),
          .reason = text(m, "mombridge-dead-reason"),
          .expiration = text(m, "mombridge-dead-expiration"),
          .left_out = text(m, "mombridge-dead-left-out"),
          .attempts = number(m, "mombridge-dead-attempts"),
          .at_ms = number(m, "mombridge-dead-at-ms"),
          .partition = number(m, "mombridge-dead-partition"),
          .offset = number(m, "mombridge-dead-offset"),
          .headers_left_out = number(m, "mombridge-dead-headers-left-out")};
}

RestoredMessage::RestoredMessage(const Message& stored, const LetterNotes& notes, const std::vector<std::string>& added)
    : message_(stored) {
  message_.target = notes.target;
  for (auto& h : stored.headers)
    if (h.name != header::kHops && std::ranges::find(added, h.name) == added.end()) headers_.push_back(h);
  message_.headers = headers_;
  message_.local = {};
  message_.expiration.reset();
  if (!notes.expiration.empty()) message_.expiration = notes.expiration;
  message_.redelivered = false;
  message_.record_time_ms.reset();
  if (auto* key = stored.find("mombridge-dead-key"))
    message_.key = key->is_text() ? std::optional(key->text) : std::nullopt;
  if (stored.find("mombridge-dead-made-id")) message_.message_id.reset();
}

}  // namespace mombridge::routing
