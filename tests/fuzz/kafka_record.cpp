// The headers of a record, `mombridge-types` among them, as any producer can have made them: reading them must not
// crash, and what was read can be written and read again. Input: a byte of flags, then for each header its name and its
// value, each behind a byte with its size; a size of 255 is a null value.

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "broker/kafka/record.hpp"
#include "message/typed_text.hpp"
#include "support.hpp"

using namespace mombridge;         // NOLINT(google-build-using-namespace)
using namespace mombridge::kafka;  // NOLINT(google-build-using-namespace)

namespace {

struct Sent final : Publication {
  explicit Sent(const Message& m) { message = &m; }
  void completed(Outcome) noexcept override {}
};

RecordHeaders headers_of(fuzz::Input& input) {
  constexpr size_t kNull = 255;
  RecordHeaders headers(rd_kafka_headers_new(8));
  while (!input.empty()) {
    auto name = input.counted();
    size_t size = input.byte();
    auto value = size == kNull ? std::string_view() : input.take(size);
    rd_kafka_header_add(headers.get(), name.data() ? name.data() : "", static_cast<ssize_t>(name.size()),
                        size == kNull  ? nullptr
                        : value.data() ? value.data()
                                       : "",
                        static_cast<ssize_t>(value.size()));
  }
  return headers;
}

/// What is called as a property and stands several times may change places, with its like and with others.
std::vector<Header> sorted(std::span<const Header> headers) {
  std::vector<Header> all(headers.begin(), headers.end());
  auto text = [](const Header& h) {
    std::string all_of_it(h.name), type;
    if (h.value.kind != Value::Kind::null) to_text(h.value, all_of_it, type);
    return all_of_it + type;
  };
  std::ranges::stable_sort(all, {}, text);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  auto flags = input.byte();
  char body[] = "body", key[] = "key";
  rd_kafka_message_t record{};
  record.payload = flags & 1 ? body : nullptr;
  record.len = flags & 1 ? sizeof body : 0;
  record.key = flags & 2 ? key : nullptr;
  record.key_len = flags & 2 ? sizeof key : 0;
  HeaderTrust trust{.restore = (flags & 4) != 0, .replies = (flags & 8) != 0};

  auto headers = headers_of(input);
  Message message, again;
  RecordStorage storage, other;
  unsigned dropped = 0, lost = 0;
  (void)decode_content(record, headers.get(), message, storage, dropped, trust);
  auto encoded = encode_headers(Sent(message), lost);
  if (lost) return 0;
  trust.restore = true;
  (void)decode_content(record, encoded.get(), again, other, lost, trust);
  fuzz::require(lost == 0);
  fuzz::require(fuzz::same(sorted(message.headers), sorted(again.headers)));
  fuzz::require(again.content_type == message.content_type && again.content_encoding == message.content_encoding);
  fuzz::require(again.correlation_id == message.correlation_id && again.message_id == message.message_id);
  fuzz::require(again.reply_to == message.reply_to && again.type == message.type && again.app_id == message.app_id);
  fuzz::require(!message.reply_to || again.reply_partition == message.reply_partition);
  fuzz::require(again.expiration == message.expiration && again.priority == message.priority);
  fuzz::require(again.timestamp == message.timestamp && again.redelivered == message.redelivered);
  return 0;
}
