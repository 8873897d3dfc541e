// The properties of an AMQP message, as any publisher can have made them: reading them must not crash, and what was
// read can be written and read again. Input: a byte of flags for how it is read, then the bytes of the content header
// behind the body's size.

#include <algorithm>

#include "base/text.hpp"
#include "broker/amqp/properties.hpp"
#include "message/bridge_owned.hpp"
#include "support.hpp"

using namespace mombridge;        // NOLINT(google-build-using-namespace)
using namespace mombridge::amqp;  // NOLINT(google-build-using-namespace)

namespace {

struct Sent final : Publication {
  explicit Sent(const Message& m) {
    message = &m;
    key = m.key;
  }
  void completed(Outcome) noexcept override {}
};

/// Of bridges' own headers, one that stands twice is forged, and dropped the second time.
size_t senders_own(const Message& message) {
  return static_cast<size_t>(
      std::ranges::count_if(message.headers, [](auto& h) { return owner_of(h.name) == NameOwner::sender; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  auto flags = input.byte();
  auto bytes = input.rest();
  Message message;
  if (flags & 1) message.body = "body";
  DecodedHeaders storage;
  QueueNotes notes;
  unsigned dropped = 0;
  HeaderTrust trust{.restore = (flags & 2) != 0, .replies = (flags & 4) != 0};
  if (!decode_properties(bytes, message, storage, dropped, trust, flags & 8 ? &notes : nullptr)) return 0;
  fuzz::require(!message.expiration || message.expiration->find_first_not_of("0123456789") == std::string_view::npos);

  Buffer encoded;
  Writer writer(encoded);
  if (!encode_properties(writer, Sent(message))) return 0;
  Message again;
  again.body = message.body;
  DecodedHeaders other;
  unsigned lost = 0;
  trust.restore = true;
  fuzz::require(decode_properties(encoded.view(), again, other, lost, trust));
  fuzz::require(again.key == message.key && again.tombstone == message.tombstone);
  fuzz::require(again.correlation_id == message.correlation_id || message.id_form == IdForm::encoded);
  fuzz::require(again.reply_to == message.reply_to && again.message_id == message.message_id);
  fuzz::require(again.content_type == message.content_type && again.content_encoding == message.content_encoding);
  fuzz::require(again.type == message.type && again.app_id == message.app_id && again.priority == message.priority);
  fuzz::require(again.record_time_ms == message.record_time_ms && again.timestamp == message.timestamp);
  fuzz::require(again.redelivered == message.redelivered);
  fuzz::require(senders_own(again) >= senders_own(message));
  return 0;
}
