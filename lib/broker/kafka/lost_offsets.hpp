#pragma once
// What a broker says of an offset that it does not have, and whether that broker is the one to ask.

#include <functional>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "broker/blocking_calls.hpp"
#include "broker/kafka/client_end.hpp"
#include "broker/kafka/partition_key.hpp"

namespace mombridge::kafka {

/// A node that was away and is back answers for a while as the leader that it no longer is: its log is short, so that
/// the offset where reading would go on is out of range there. The client takes that for the truth and reads no
/// further. So the cluster is asked who leads the partition before an offset is taken for lost. For the loop's thread.
class LostOffsets {
 public:
  /// The leader itself does not have the offset. `words` are the client's.
  using Lost = std::function<void(const PartitionKey& partition, const std::string& words)>;
  /// The answer was not the leader's: the client must be made anew, because no other way makes it read on (librdkafka
  /// issue 2961).
  using Misled = std::function<void(const std::string& why)>;

  /// The loop and the calls outlive this.
  LostOffsets(EventLoop& loop, BlockingCalls& calls, Lost lost, Misled misled);

  /// `words`: of an RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET. Ends with a call of `lost` or `misled`, now or later.
  void examine(const SharedClient& client, const PartitionKey& partition, std::string words);
  /// The client goes: nobody is told any more.
  void forget() { caller_.cancel(); }

 private:
  const Lost lost_;
  const Misled misled_;
  BlockingCaller caller_;
};

/// The broker that such an error names; -1: none.
int32_t broker_in(std::string_view words);

}  // namespace mombridge::kafka
