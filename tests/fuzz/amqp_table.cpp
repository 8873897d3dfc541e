// The headers of an AMQP message, as any publisher can have made them: reading them must not crash, and what was read
// can be written and read again.

#include "broker/amqp/table.hpp"
#include "support.hpp"

using namespace mombridge;        // NOLINT(google-build-using-namespace)
using namespace mombridge::amqp;  // NOLINT(google-build-using-namespace)

namespace {

/// The entries as they are written, without the table's size in front.
Buffer written(std::span<const Header> headers) {
  constexpr size_t kTypeAndSize = 5;
  Buffer bytes;
  Writer writer(bytes);
  encode_value(writer, {.kind = Value::Kind::table, .text = {}, .members = headers});
  bytes.erase_front(kTypeAndSize);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Arena arena;
  std::vector<Header> headers, again;
  unsigned dropped = 0, lost = 0;
  (void)decode_table(fuzz::Input(data, size).rest(), headers, arena, dropped);
  auto first = written(headers);
  fuzz::require(decode_table(first.view(), again, arena, lost) && lost == 0);
  // Not the same values, because some kinds have no letter that every broker reads, but the same bytes from then on.
  fuzz::require(written(again).view() == first.view());
  return 0;
}
