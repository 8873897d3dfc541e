#pragma once
// A stream that is not encrypted.

#include "broker/amqp/transport.hpp"

namespace mombridge::amqp {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(Fd socket) : Transport(std::move(socket)) {}

  Status handshake() override { return Status::ok; }
  using Transport::read;
  Transfer read(std::span<const iovec> into) override;
  Transfer write(std::span<const iovec> parts) override;
  [[nodiscard]] uint32_t events(bool reading, bool writing) const override;
  [[nodiscard]] bool has_pending() const override { return false; }
  void close() override { socket_.reset(); }
  [[nodiscard]] std::string error() const override;

 private:
  Transfer failed(int error);

  int error_ = 0;  ///< errno of the call that failed
};

}  // namespace mombridge::amqp
