#pragma once
// A group.instance.id that two members use: the broker keeps the one that came last, and fences the other.

#include <string>

#include "base/result.hpp"
#include "broker/kafka/client.hpp"

namespace mombridge::kafka {

/// One member's part in it. After it was fenced, it joins again only when the other is gone: else the two would fence
/// each other for ever, and each change would repeat what was in flight. For the thread that serves the client's
/// events, but where it says otherwise.
class StaticMember {
 public:
  explicit StaticMember(std::string group) : group_(std::move(group)) {}

  /// Takes in a fatal error. Returns true if the member was fenced.
  bool note(rd_kafka_t* client, rd_kafka_resp_err_t fatal);
  [[nodiscard]] bool fenced() const { return fenced_; }
  /// The other is gone, and the group is joined again.
  void joins() { fenced_ = false; }
  [[nodiscard]] std::string reason() const;

  /// [any thread, of a copy] Fails while the group has a member with the client's group.instance.id, and where the
  /// group cannot be asked. Blocks for some seconds at most.
  Result<> ask_free(rd_kafka_t* client, TimePoint deadline) const;

 private:
  const std::string group_;
  std::string instance_;
  bool fenced_ = false;
};

}  // namespace mombridge::kafka
