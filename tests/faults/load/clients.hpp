#pragma once
// The four plain clients. They share nothing with the bridge but the client libraries, so that a mistake of the
// bridge's cannot hide in them.

#include <atomic>
#include <string>
#include <vector>

#include "flow.hpp"
#include "journal.hpp"

namespace faults {

/// Set when standard input is closed: senders send nothing new and wait for what is unconfirmed, sinks end.
inline std::atomic<bool> stopping{false};

/// Set by an 'h' on standard input, cleared by a 'g' (go on): senders send nothing new, and take confirms as ever.
inline std::atomic<bool> holding{false};

/// How long a stopping sender waits for its last confirms.
constexpr uint64_t kConfirmPatienceMs = 20000;

/// Sender's journal: "A MS FLOW SEQ" before it is sent, then once "C" confirmed, "N" nacked, "R" returned.
/// Sink's journal: "PLACE MS FLOW SEQ COPY REDELIVERED CORRELATION"; FLOW is "?" for a body that came broken. COPY
/// tells two copies of one message apart where the broker can (PARTITION/OFFSET), else it is "-".
int amqp_send(const std::string& url, const std::vector<Flow>& flows, Journal& journal);
int amqp_sink(const std::string& url, const std::vector<std::string>& queues, Journal& journal);
int kafka_send(const std::string& servers, const std::vector<Flow>& flows, Journal& journal);
int kafka_sink(const std::string& servers, const std::vector<std::string>& topics, Journal& journal);

}  // namespace faults
