#pragma once
// An entry of `subscribe:` in a few words.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/amqp/settings.hpp"

namespace mombridge::amqp::test {

/// What tests say of a subscription. A designated initializer of a Subscription itself would have to name its base.
struct Entry {
  std::string queue;
  std::optional<QueueDeclaration> declare{};
  std::vector<Binding> bindings{};

  operator Subscription() const {  // NOLINT(google-explicit-constructor): it is one
    Subscription s;
    s.source = queue.empty() && !bindings.empty() ? bindings.front().exchange : queue;
    s.targets = {"#"};
    s.queue = queue;
    s.declare = declare;
    s.bindings = bindings;
    return s;
  }
};

}  // namespace mombridge::amqp::test
