// A header's text and the note of its type, as any producer can have written them: reading them must not crash, and
// what was read can be written and read again. Input: the type, the end of a line, the text.

#include "message/typed_text.hpp"

#include "support.hpp"

using namespace mombridge;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  auto type = input.line();
  auto text = input.rest();
  Arena arena;
  Value value, again;
  if (!from_text(type, text, value, arena)) return 0;
  std::string other_type, other_text;
  to_text(value, other_text, other_type);
  fuzz::require(from_text(other_type, other_text, again, arena));
  fuzz::require(fuzz::same(value, again));
  return 0;
}
