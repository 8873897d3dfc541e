#pragma once
// A stream that is encrypted with TLS, by OpenSSL.

#include <memory>
#include <optional>
#include <string>

#include <openssl/ssl.h>

#include "broker/amqp/tls_faults.hpp"
#include "broker/amqp/tls_records.hpp"
#include "broker/amqp/transport.hpp"
#include "config/tls.hpp"
#include "tls/pem.hpp"

namespace mombridge::amqp {

/// OpenSSL sees no socket: it works on the bytes that TlsRecords has received and will send. So a write encrypts up to
/// 64 KiB as records of 16 KiB, however many frames they are, and sends them with one system call.
class TlsTransport final : public Transport {
 public:
  /// `host`: as in the URL; its certificate must have that name or IP address, or else settings->server_name.
  TlsTransport(Fd socket, std::shared_ptr<const config::TlsSettings> settings, const std::string& host);

  /// The files of the settings are read at its first step.
  Status handshake() override;
  using Transport::read;
  Transfer read(std::span<const iovec> into) override;
  Transfer write(std::span<const iovec> parts) override;
  [[nodiscard]] uint32_t events(bool reading, bool writing) const override;
  [[nodiscard]] bool has_pending() const override;
  void close() override;
  [[nodiscard]] std::string error() const override { return error_; }

 private:
  enum class Step : uint8_t { ok, would_block, ended };

  /// Makes the session. False: error_ says why not.
  bool begin();
  Step receive();
  /// Sends what is gathered; ok: all of it.
  Step send();
  /// OpenSSL has failed.
  Step broken();
  /// How the connection ended, in words, by how far it was.
  [[nodiscard]] std::string how_ended(const std::string& during_handshake, const std::string& later) const;
  Step end(Status status, std::string why);
  /// Encrypts the beginning of the parts, and notes in taken_ how much of them.
  Step encrypt(std::span<const iovec> parts);
  /// Much waits to be sent that the peer has asked for: then nothing further is read.
  [[nodiscard]] bool congested() const;

  const std::shared_ptr<const config::TlsSettings> settings_;
  const std::string name_;
  TlsFaults faults_;
  TlsRecords records_;
  tls::Handle<SSL, SSL_free> ssl_;  ///< null: the handshake has not begun
  bool ready_ = false;              ///< the handshake is done
  size_t taken_ = 0;                ///< bytes of the caller's that are encrypted, and not all sent
  std::optional<Status> end_;       ///< closed or failed, from then on
  std::string error_;
};

}  // namespace mombridge::amqp
