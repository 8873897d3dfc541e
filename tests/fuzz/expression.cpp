// Regular expressions over topics: a sample of one is matched by it.
// Input: the expression, the end of a line, a target.

#include "message/expression.hpp"

#include "support.hpp"

using namespace mombridge;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  auto text = std::string(input.line());
  auto expression = Expression::compile(text);
  if (!expression) return fuzz::require(!expression.error().text.empty()), 0;
  (void)expression->matches(std::string(input.rest()));
  for (unsigned variant = 0; variant < 4; ++variant)
    if (auto sample = expression->sample(variant)) fuzz::require(expression->matches(*sample));
  return 0;
}
