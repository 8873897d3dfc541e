#pragma once
// Looks through a topic.

#include <map>
#include <memory>
#include <string>

#include "broker/browser.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/removed_offsets.hpp"

namespace mombridge::kafka {

/// BrokerKind::browse.
std::unique_ptr<Browser> browse(const config::BrokerSection& section, const BrowseOptions& options);

/// Reads all partitions of a topic, without being a member of a group, up to the ends that they have when it is opened.
/// Records stay in the topic: what is removed is noted in commits of the group, and passed over from then on.
class TopicBrowser final : public Browser {
 public:
  /// `section` outlives this.
  TopicBrowser(const config::BrokerSection& section, const BrowseOptions& options);

  Result<> open() override;
  Result<std::unique_ptr<StoredMessage>> next() override;
  Result<> remove(const StoredMessage& stored) override;
  Result<> flush() override;
  [[nodiscard]] Result<> may_remove() const override;
  Result<> end() override;

 private:
  struct Partition {
    RemovedOffsets removed;
    int64_t next = 0;  ///< no record before it is still to be read
    int64_t end = 0;
    bool changed = false;  ///< since it was committed
  };

  Result<> connect();
  Result<> find_partitions();
  Result<> find_removed();
  Result<> find_ends();
  Result<> begin();
  /// What is in front of `offset` and was not read is not there.
  void passed(Partition& partition, int64_t offset);
  [[nodiscard]] bool at_end() const;

  const config::BrokerSection& section_;
  Settings settings_;
  const std::string topic_;
  Client client_;
  std::map<int32_t, Partition> partitions_;
};

}  // namespace mombridge::kafka
