#pragma once
// What librdkafka calls of ours, on its own threads. It is C: an exception that reached it would end the process, so
// each of these contains its exceptions.

#include <sys/socket.h>

#include <librdkafka/rdkafka.h>

#include "broker/kafka/client_sockets.hpp"
#include "broker/kafka/credentials.hpp"
#include "broker/kafka/settings.hpp"
#include "broker/kafka/tls_files.hpp"
#include "broker/kafka/token_feed.hpp"
#include "broker/kafka/verification_errors.hpp"

namespace mombridge::kafka {

/// What belongs to one client, beside librdkafka's own: its `opaque`. Made with the client, and freed after its end.
struct ClientContext {
  /// For a client that is made now.
  explicit ClientContext(const Settings& settings);

  ClientSockets sockets;
  Credentials credentials;
  VerificationErrors verification;
  TlsFiles tls_files;
  TokenFeed tokens;
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

/// `opaque` is the ClientContext. The first of the calls for a new connection; none of librdkafka's locks is held.
int open_socket(int domain, int type, int protocol, void* opaque) noexcept;
int connect_socket(int fd, const sockaddr* address, int size, const char* id, void* opaque) noexcept;
int close_socket(int fd, void* opaque) noexcept;
/// Lets pass what OpenSSL found good, and keeps what was wrong with the rest.
int verify_certificate(rd_kafka_t* client, const char* server, int32_t id, int* error, int depth, const char* der,
                       size_t size, char* text, size_t text_size, void* opaque) noexcept;

}  // namespace mombridge::kafka
