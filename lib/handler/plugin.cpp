#include "handler/plugin.hpp"

#include <utility>

#include "base/text.hpp"
#include "handler/abi.hpp"

namespace mombridge::handler {

namespace {

constexpr size_t kErrorSize = 1024;

/// The buffer for a plugin's error text, which may come back without its end.
struct ErrorText {
  char text[kErrorSize] = "";

  Error of(const char* step, mombridge_status status) {
    text[kErrorSize - 1] = '\0';
    return {std::string(step) + " failed (" + std::string(to_string(status)) + ")" +
            (*text ? ": " + printable(text, kErrorSize) : "")};
  }
};

}  // namespace

Plugin::~Plugin() { destroy(); }

void Plugin::destroy() {
  if (std::exchange(created_, false))
    breaches_.contain({"destroy"}, [this] { return table_.destroy(self_), MOMBRIDGE_OK; });
}

Result<> Plugin::create(const mombridge_host& host) {
  ErrorText error;
  auto status =
      breaches_.contain({"create"}, [&] { return table_.create(&host, &self_, error.text, sizeof error.text); });
  if (status != MOMBRIDGE_OK) return fail(error.of("create", status));
  created_ = true;
  return {};
}

Result<> Plugin::start() {
  if (!table_.start) return {};
  ErrorText error;
  auto status = breaches_.contain({"start"}, [&] { return table_.start(self_, error.text, sizeof error.text); });
  if (status != MOMBRIDGE_OK) return fail(error.of("start", status));
  return {};
}

mombridge_status Plugin::handle(const mombridge_message& message, mombridge_request_id id) {
  return breaches_.contain({"handle", view(message.message_id), view(message.target)},
                           [&] { return table_.handle(self_, &message, id); });
}

void Plugin::stop() {
  if (table_.stop) breaches_.contain({"stop"}, [this] { return table_.stop(self_), MOMBRIDGE_OK; });
}

}  // namespace mombridge::handler
