#include "handler/verdicts.hpp"

#include <utility>

#include "base/text.hpp"
#include "handler/abi.hpp"

namespace mombridge::handler {

namespace {

constexpr size_t kLongestReason = 1024;

Verdict to_verdict(const mombridge_result& result, std::unique_ptr<OwnedMessage> reply) {
  switch (result.status) {
    case MOMBRIDGE_OK:
      return {Verdict::Kind::ok, {}, std::move(reply)};
    case MOMBRIDGE_REJECT:
      return {Verdict::Kind::reject, printable(view(result.error), kLongestReason), nullptr};
    default:
      return {Verdict::Kind::retry, printable(view(result.error), kLongestReason), nullptr};
  }
}

}  // namespace

Result<Verdict> read_result(const mombridge_result* result, PluginMessages& messages) {
  bool known = result && result->struct_size >= MOMBRIDGE_RESULT_SIZE_1_0 && result->status <= MOMBRIDGE_OK &&
               result->status >= MOMBRIDGE_REJECT;
  if (!known) return fail("the handler's result breaks the contract");
  if (result->status != MOMBRIDGE_OK || !result->reply) return to_verdict(*result, nullptr);
  auto reply = messages.take(result->reply);
  if (!reply) return fail(reply.error().in("the handler's reply breaks the contract"));
  return to_verdict(*result, std::move(*reply));
}

Verdict returned_verdict(mombridge_status status, const std::string& handler, Breaches& breaches) {
  if (status > MOMBRIDGE_OK || status < MOMBRIDGE_INTERNAL) breaches.report("a handler returned an undefined status");
  if (status == MOMBRIDGE_REJECT)
    return {Verdict::Kind::reject, "handler '" + handler + "' rejected the message", nullptr};
  return {Verdict::Kind::retry, "handler '" + handler + "' returned " + std::string(to_string(status)), nullptr};
}

}  // namespace mombridge::handler
