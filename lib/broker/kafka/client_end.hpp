#pragma once
// How a client ends: within bounds, and without sending anything that its owner has taken back.

#include <memory>

#include "base/clock.hpp"
#include "broker/kafka/handles.hpp"

namespace mombridge::kafka {

/// A client that its owner shares with calls under way and with records that are still in flight. With the last of them
/// it ends, on a thread of its own for which nobody waits.
using SharedClient = std::shared_ptr<rd_kafka_t>;
[[nodiscard]] SharedClient share(Client client);

/// [any thread] From now on the client sends nothing, so that nobody reads the bodies of records that it has not
/// reported on. Does nothing for a client that make_client() has not made.
void stop_sending(rd_kafka_t* client) noexcept;

/// [any thread] Waits until all shared clients of the process that are ending have ended, at most for `patience`.
/// Returns false if one has not.
bool await_clients_ended(Duration patience);

/// Ends the client without closing a consumer, because closing may hang; it is closed before, within bounds. Waits some
/// seconds for the end. A client that does not come to it (librdkafka 2.0.2, when a topic was deleted and made again)
/// is left behind, with an error in the log, and counts as `kafka_clients_left_behind`.
void end_client(rd_kafka_t* client) noexcept;

}  // namespace mombridge::kafka
