#pragma once
// What a cluster is asked about permissions, in requests that it must refuse.

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/topic_declare.hpp"

namespace mombridge::kafka {

/// Nothing is consumed, no group is joined, nothing is written: what is tried carries something that the broker looks
/// at after the permission and always refuses. Source: KafkaApis.scala and ReplicaManager.scala of Kafka 3.9, confirmed
/// by tests/integration/test_check_connect.py.
class Inquiry {
 public:
  virtual ~Inquiry() = default;
  using Code = rd_kafka_resp_err_t;

  /// Whether the topic is there: no error, UNKNOWN_TOPIC_OR_PART, or TOPIC_AUTHORIZATION_FAILED, which says nothing of
  /// that. A broker that makes topics on being asked does not make this one.
  virtual Code look_up(const std::string& topic) = 0;
  /// All topics that this user may know of.
  virtual Result<std::vector<std::string>> all_topics() = 0;
  struct Read {
    Code group;                ///< no error: it may be joined
    std::vector<Code> topics;  ///< in the order of the question; no error: it may be read, as one of the group
  };
  /// Commits an offset of a partition that there cannot be.
  virtual Read try_read(const std::string& group, const std::vector<std::string>& topics) = 0;
  /// Sends an empty record that as many replicas shall acknowledge as may not be asked for. No error: it may be written
  /// to. The topic is there.
  virtual Code try_write(const std::string& topic) = 0;
  /// As declare_topic() would, but the broker only validates it.
  virtual Result<> try_create(const std::string& topic, const TopicSpec& spec) = 0;
  /// `auto.create.topics.enable` of the brokers; empty: not known.
  virtual std::string auto_create() = 0;
};

/// Asks a real cluster. Each question blocks for some seconds at most. For one thread.
class ClusterInquiry final : public Inquiry {
 public:
  /// `settings` outlive this.
  explicit ClusterInquiry(const Settings& settings) : settings_(settings) {}

  /// Makes a client as the bridge's own and waits until the cluster is reached, at most for `patience`. The first of
  /// all calls; the others need its success.
  Result<> connect(Duration patience);

  Code look_up(const std::string& topic) override;
  Result<std::vector<std::string>> all_topics() override;
  Read try_read(const std::string& group, const std::vector<std::string>& topics) override;
  Code try_write(const std::string& topic) override;
  Result<> try_create(const std::string& topic, const TopicSpec& spec) override;
  std::string auto_create() override;

 private:
  [[nodiscard]] Result<Client> make_consumer(const std::string& group) const;

  const Settings& settings_;
  Client consumer_;  ///< for all that needs no group
  Client producer_;  ///< null until something is to be written
};

}  // namespace mombridge::kafka
