#pragma once
// What librdkafka calls of ours, on its own threads. It is C: an exception that reached it would end the process, so
// each of these contains its exceptions.

#include <sys/socket.h>

#include <librdkafka/rdkafka.h>

#include "broker/kafka/client_sockets.hpp"

namespace mombridge::kafka {

/// What belongs to one client, beside librdkafka's own: its `opaque`. Made with the client, and freed after its end.
struct ClientContext {
  ClientSockets sockets;
};
/// Null for a client that make_client() has not made.
ClientContext* context_of(const rd_kafka_t* client) noexcept;

void count_exception() noexcept;

/// Calls `act`. What it throws ends here and counts as `callback_exceptions`.
template <class Act>
void contained(Act&& act) noexcept {
  try {
    act();
  } catch (...) {
    count_exception();
  }
}

/// Writes what the client says of itself to the log: warnings and errors at most one in a while, the rest for
/// debugging.
void write_log(const rd_kafka_t* client, int level, const char* facility, const char* text) noexcept;
void ignore_log(const rd_kafka_t* client, int level, const char* facility, const char* text) noexcept;

/// `opaque` is the ClientContext.
int connect_socket(int fd, const sockaddr* address, int size, const char* id, void* opaque) noexcept;
int close_socket(int fd, void* opaque) noexcept;

}  // namespace mombridge::kafka
