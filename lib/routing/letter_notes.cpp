#include "routing/letter_notes.hpp"

#include <algorithm>

#include "routing/dead_letter_names.hpp"

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
  return {.broker = text(m, dead::kBroker),
          .source = text(m, dead::kSource),
          .target = text(m, dead::kTarget),
          .route = text(m, dead::kRoute),
          .reason = text(m, dead::kReason),
          .expiration = text(m, dead::kExpiration),
          .left_out = text(m, dead::kLeftOut),
          .attempts = number(m, dead::kAttempts),
          .at_ms = number(m, dead::kAtMs),
          .partition = number(m, dead::kPartition),
          .offset = number(m, dead::kOffset),
          .headers_left_out = number(m, dead::kHeadersLeftOut)};
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
  if (auto* key = stored.find(dead::kKey)) message_.key = key->is_text() ? std::optional(key->text) : std::nullopt;
  if (stored.find(dead::kMadeId)) message_.message_id.reset();
}

}  // namespace mombridge::routing
