#include "broker/kafka/permission.hpp"

#include "base/text.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

std::string allow(std::initializer_list<std::string_view> operations, std::string_view resource, std::string_view name,
                  const std::string& principal) {
  auto shown = printable(name, kMaxTopic);
  std::string named(resource), flags, option = "--" + named;
  if (!name.empty()) {
    named += " " + shown;
    option += " " + shown;
  } else {
    named = "the " + named;
  }
  std::string listed;
  for (auto operation : operations) {
    listed += (listed.empty() ? "" : " and ") + std::string(operation);
    flags += " --operation " + std::string(operation);
  }
  return "allow the operation" + std::string(operations.size() > 1 ? "s " : " ") + listed + " on " + named +
         " (kafka-acls.sh --add --allow-principal " + principal + flags + " " + option + ")";
}

}  // namespace mombridge::kafka
