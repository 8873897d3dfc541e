#pragma once
// A transport that behaves as an encrypted one may: a handshake in several steps, bytes that wait inside it, and writes
// that are taken in small parts.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "broker/amqp/transport.hpp"

namespace mombridge::amqp::test {

class HalfTransport final : public Transport {
 public:
  static constexpr size_t kPart = 5;  ///< bytes of each read and write

  explicit HalfTransport(Fd socket) : Transport(std::move(socket)) {}

  /// The peer must send "ok"; "no" is a refusal.
  Status handshake() override {
    char answer[2];
    ssize_t n = ::recv(socket_.get(), answer, sizeof answer, 0);
    if (n < 0) return Status::would_block;
    if (n == 0) {
      error_ = "closed during the handshake";
      return Status::closed;
    }
    if (std::string_view(answer, 2) == "ok") return Status::ok;
    error_ = "the other end is not trusted";
    return Status::failed;
  }
  using Transport::read;
  Transfer read(std::span<const iovec> into) override {
    if (inside_.empty()) {
      char record[4096];
      ssize_t n = ::recv(socket_.get(), record, sizeof record, 0);
      if (n == 0) {
        error_.clear();
        return {Status::closed};
      }
      if (n < 0) return {Status::would_block};
      inside_.assign(record, static_cast<size_t>(n));
    }
    auto size = std::min({kPart, into.front().iov_len, inside_.size()});
    std::memcpy(into.front().iov_base, inside_.data(), size);
    inside_.erase(0, size);
    return {Status::ok, size};
  }
  Transfer write(std::span<const iovec> parts) override {
    if ((blocked_ = !blocked_)) return {Status::would_block};
    auto& part = parts.front();
    ssize_t n = ::send(socket_.get(), part.iov_base, std::min(kPart, part.iov_len), MSG_NOSIGNAL);
    return n > 0 ? Transfer{Status::ok, static_cast<size_t>(n)} : Transfer{Status::failed};
  }
  [[nodiscard]] uint32_t events(bool reading, bool writing) const override {
    return (reading ? EPOLLIN : EPOLLRDHUP) | (writing ? EPOLLOUT : 0u);
  }
  [[nodiscard]] bool has_pending() const override { return !inside_.empty(); }
  void close() override { socket_.reset(); }
  [[nodiscard]] std::string error() const override { return error_; }

 private:
  std::string inside_;
  std::string error_ = "broken";
  bool blocked_ = false;
};

}  // namespace mombridge::amqp::test
