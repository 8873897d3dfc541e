#pragma once
// An entry of `subscribe:` in a few words.

#include <string>

#include "broker/kafka/settings.hpp"

namespace mombridge::kafka::test {

/// What tests say of a subscription. A designated initializer of a Subscription itself would have to name its base.
struct Entry {
  std::string topic;
  Start start = Start::earliest;
  OnOffsetLost on_offset_lost = OnOffsetLost::stop;

  operator Subscription() const {  // NOLINT(google-explicit-constructor): it is one
    Subscription s;
    s.source = s.topic = topic;
    s.targets = {"#"};
    s.start = start;
    s.on_offset_lost = on_offset_lost;
    return s;
  }
};

}  // namespace mombridge::kafka::test
