// Templates of targets, keys and headers.
// Input: lines: the template, the target, the key, a header's name; then the header's text.

#include "routing/template.hpp"
#include "support.hpp"

using namespace mombridge;           // NOLINT(google-build-using-namespace)
using namespace mombridge::routing;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  auto parsed = Template::parse(std::string(input.line()));
  if (!parsed) return fuzz::require(!parsed.error().text.empty()), 0;
  Message message;
  message.target = input.line();
  if (auto key = input.line(); !key.empty()) message.key = key;
  Header header{input.line(), {}};
  header.value = Value::of(input.rest());
  message.headers = {&header, 1};

  std::string storage;
  auto rendered = parsed->render(message, "shop", storage);
  fuzz::require(rendered || parsed->chosen_by_message());
  if (!rendered) return 0;
  fuzz::require(rendered->starts_with(parsed->literal_prefix()));
  if (parsed->constant()) fuzz::require(*rendered == parsed->text());
  if (parsed->is_target()) fuzz::require(*rendered == message.target);
  if (!parsed->chosen_by_message()) fuzz::require(*rendered == parsed->outline(message.target, "shop", "?"));
  return 0;
}
