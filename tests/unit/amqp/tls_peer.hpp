#pragma once
// The other end of an encrypted stream, made with OpenSSL, that does what a test says. It never blocks.

#include <cstddef>
#include <string>
#include <vector>

#include <openssl/ssl.h>

#include "base/fd.hpp"
#include "tls/certificates.hpp"
#include "tls/making.hpp"
#include "tls/pem.hpp"

namespace mombridge::amqp::test {

/// Two ends of a TCP connection, both non-blocking.
struct SocketPair {
  /// `buffer`: bytes that the kernel keeps in each direction, about; 0: as it likes.
  explicit SocketPair(int buffer = 0);
  Fd ours, theirs;
};

struct PeerOptions {
  tls::test::Issued identity;
  std::string trusts;          ///< CAs of clients' certificates, in PEM; empty: none is asked for
  int oldest = 0, newest = 0;  ///< TLS1_2_VERSION, …; 0: any
};

class TlsPeer {
 public:
  TlsPeer(Fd socket, const PeerOptions& options);

  /// Takes what has come, goes on with the handshake, and sends what it has to send.
  void pump();
  /// Encrypts the text for the next pump().
  void write(const std::string& text);
  /// The next bytes are encrypted with another key, and so shall be the other end's.
  void update_key() { SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED); }
  void send_close_notify();
  /// Closes the socket without another word.
  void close() { socket_.reset(); }
  /// The same, so that the other end gets an error and not an end.
  void reset();

  [[nodiscard]] bool established() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] bool ended() const { return ended_; }
  /// The name that the client asked for (SNI).
  [[nodiscard]] std::string asked_for() const;
  /// The CN of the client's certificate; empty: it has shown none.
  [[nodiscard]] std::string client() const;

  std::string received;            ///< decrypted
  size_t application_records = 0;  ///< with TLS 1.2: that the other end has sent
  size_t largest_record = 0;
  size_t may_send = ~size_t{0};  ///< bytes that pump() may send yet
  size_t may_take = ~size_t{0};  ///< bytes that pump() may take yet
  size_t sent = 0;

 private:
  void take();
  void count_records();

  Fd socket_;
  tls::Handle<SSL, SSL_free> ssl_;
  BIO* in_ = nullptr;  ///< belong to ssl_
  BIO* out_ = nullptr;
  std::string outgoing_, counted_;
  bool ended_ = false;  ///< the other end has closed
};

}  // namespace mombridge::amqp::test
