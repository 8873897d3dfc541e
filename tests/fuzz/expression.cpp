// Regular expressions over topics: a sample of one is matched by it.
// Input: the expression, the end of a line, a target.

#include "message/expression.hpp"

#include <algorithm>

#include "support.hpp"

using namespace mombridge;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLongest = 120;
  if (size > kLongest) return 0;
  fuzz::Input input(data, size);
  auto text = std::string(input.line());
  // The C library multiplies repetitions out, and back-references take it a time that grows exponentially.
  if (std::ranges::count(text, '{') > 1) return 0;
  for (size_t at = 0; (at = text.find('\\', at)) != std::string::npos; at += 2)
    if (at + 1 < text.size() && text[at + 1] >= '1' && text[at + 1] <= '9') return 0;
  auto expression = Expression::compile(text);
  if (!expression) return fuzz::require(!expression.error().text.empty()), 0;
  (void)expression->matches(std::string(input.rest()));
  for (unsigned variant = 0; variant < 4; ++variant)
    if (auto sample = expression->sample(variant)) fuzz::require(expression->matches(*sample));
  return 0;
}
