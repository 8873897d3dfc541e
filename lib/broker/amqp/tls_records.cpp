#include "broker/amqp/tls_records.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace mombridge::amqp {

namespace {

// Source: RFC 8446, 5.1 and 5.2, and RFC 5246, 6.2: type, version (its first octet is 3), length.
constexpr size_t kHeader = 5;
constexpr size_t kLongest = (16 << 10) + 2048;
constexpr uint8_t kFirstType = 0x14, kLastType = 0x17, kMajorVersion = 3;

uint8_t octet(char c) { return static_cast<uint8_t>(c); }

}  // namespace

bool may_be_tls(std::string_view bytes) {
  return octet(bytes[0]) >= kFirstType && octet(bytes[0]) <= kLastType &&
         (bytes.size() < 2 || octet(bytes[1]) == kMajorVersion);
}

TlsRecords::Status TlsRecords::receive(int socket) {
  if (!in_) in_ = std::make_unique_for_overwrite<char[]>(kBuffer);
  if (begin_ > 0) {
    std::memmove(in_.get(), in_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  ssize_t n = ::recv(socket, in_.get() + end_, kBuffer - end_, 0);
  if (n == 0) return Status::ended;
  if (n < 0) return failed(errno);
  auto wanted = std::min(beginning_.size() - beginning_size_, static_cast<size_t>(n));
  std::copy_n(in_.get() + end_, wanted, beginning_.data() + beginning_size_);
  beginning_size_ += wanted;
  end_ += static_cast<size_t>(n);
  return Status::ok;
}

size_t TlsRecords::whole_at_front() const {
  size_t here = end_ - begin_;
  if (here == 0) return 0;
  auto* front = in_.get() + begin_;
  if (!may_be_tls({front, here})) return here;
  if (here < kHeader) return 0;
  size_t length = size_t{octet(front[3])} << 8 | octet(front[4]);
  if (length > kLongest) return here;
  return here >= kHeader + length ? kHeader + length : 0;
}

size_t TlsRecords::take(char* into, size_t most) {
  if (offered_ == 0) offered_ = whole_at_front();
  auto size = std::min(most, offered_);
  if (size) std::memcpy(into, in_.get() + begin_, size);
  begin_ += size;
  offered_ -= size;
  return size;
}

TlsRecords::Status TlsRecords::send(int socket) {
  if (!unsent()) return Status::ok;
  ssize_t n = ::send(socket, out_.data() + out_at_, unsent(), MSG_NOSIGNAL);
  if (n < 0) return failed(errno);
  out_at_ += static_cast<size_t>(n);
  if (unsent()) return Status::would_block;
  out_.clear();
  out_at_ = 0;
  return Status::ok;
}

TlsRecords::Status TlsRecords::failed(int error) {
  // The socket is ready still after an interrupted call, so that the event comes again.
  if (error == EAGAIN || error == EINTR) return Status::would_block;
  error_ = error;
  return Status::failed;
}

}  // namespace mombridge::amqp
