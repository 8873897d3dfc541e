#pragma once
// What the errors of a produced record mean: whose fault it is, whether trying again can help, and what to do.

#include <cstddef>
#include <string>

#include "broker/kafka/handles.hpp"
#include "message/publication.hpp"

namespace mombridge::kafka {

/// Who said it. The client compares a record's size before it compresses it, the broker what it got.
enum class Judge { client, broker };

/// What the client is configured with, for the reasons.
struct ProducerLimits {
  std::string message_max_bytes;
  std::string compression;     ///< "none": a record is sent as it is
  std::size_t batch_size = 0;  ///< bytes: a larger record is alone in its batch
  std::string principal;       ///< Login::principal()
};

/// Returns true if the broker refused a batch for its size or for one record in it: the others may be without fault.
bool is_of_batch(rd_kafka_resp_err_t code);
/// Returns true if the batch was too large, as the broker got it.
bool is_too_large(rd_kafka_resp_err_t code);
/// Returns true if the client says that the topic or the partition does not exist.
bool is_unknown(rd_kafka_resp_err_t code);
/// Returns true if the same record would meet it again; else it is about the broker, the network or the moment.
bool is_permanent(rd_kafka_resp_err_t code);

/// What became of a record that failed with this code, alone in its batch.
Outcome outcome_of(const Publication& publication, rd_kafka_resp_err_t code, Judge judge, const ProducerLimits& limits);

}  // namespace mombridge::kafka
