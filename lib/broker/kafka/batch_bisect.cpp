#include "broker/kafka/batch_bisect.hpp"

#include <algorithm>

#include "base/counters.hpp"
#include "base/text.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

void BatchBisect::narrow(size_t refused, std::string_view topic) {
  static auto& split = counter("batches_split");
  split.add();
  log_.event(log::Level::warn, "batch refused as a whole, its messages go again in smaller ones",
             {{"broker", broker_},
              {"topic", printable(topic, kMaxTopic)},
              {"messages", refused},
              {"hint", "where this comes often: batch.size under librdkafka:, below the topic's max.message.bytes"}});
  limit_ = std::max<size_t>(refused / 2, 1);
  to_resend_ += refused;
}

}  // namespace mombridge::kafka
