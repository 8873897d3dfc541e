#include "broker/amqp/tls_transport.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "broker/amqp/other_protocol.hpp"
#include "broker/amqp/tls_context.hpp"

namespace mombridge::amqp {

namespace {

constexpr size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr size_t kBatch = 4 * kRecord;  ///< what one write encrypts, at most

// A BIO is what OpenSSL reads from and writes to. This one has the records behind it.
TlsRecords& records_of(BIO* bio) { return *static_cast<TlsRecords*>(BIO_get_data(bio)); }

int bio_write(BIO* bio, const char* bytes, size_t size, size_t* written) {
  records_of(bio).put({bytes, size});
  *written = size;
  return 1;
}

int bio_read(BIO* bio, char* into, size_t most, size_t* read) {
  BIO_clear_retry_flags(bio);
  *read = records_of(bio).take(into, most);
  if (*read == 0) BIO_set_retry_read(bio);
  return *read > 0;
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH; }

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* bio_method() {
  static const BIO_METHOD* const kMethod = [] {
    auto* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "records");
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_create(method, bio_create);
    return method;
  }();
  return kMethod;
}

int note_verification(int accepted, X509_STORE_CTX* store) {
  if (accepted) return accepted;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  static_cast<TlsFaults*>(SSL_get_app_data(ssl))->verification_failed(store);
  return 0;
}

/// The name that the peer must have. An IPv6 address may have a zone, which no certificate knows.
std::string name_of(const config::TlsSettings& settings, const std::string& host) {
  if (!settings.server_name.empty()) return settings.server_name;
  return host.find(':') == std::string::npos ? host : host.substr(0, host.find('%'));
}

bool expect_name(SSL* ssl, const std::string& name) {
  auto* parameters = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1) return true;
  ERR_clear_error();
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

/// The bytes from `at` on, up to a record's size, together: in place where one part has them, else in `room`.
std::string_view next_bytes(std::span<const iovec> parts, size_t at, std::array<char, kRecord>& room) {
  size_t size = 0;
  for (auto& part : parts) {
    if (at >= part.iov_len) {
      at -= part.iov_len;
      continue;
    }
    auto* bytes = static_cast<const char*>(part.iov_base) + std::exchange(at, 0);
    size_t here = part.iov_len - static_cast<size_t>(bytes - static_cast<const char*>(part.iov_base));
    if (size == 0 && (here >= kRecord || &part == &parts.back())) return {bytes, std::min(here, kRecord)};
    here = std::min(here, kRecord - size);
    std::memcpy(room.data() + size, bytes, here);
    size += here;
  }
  return {room.data(), size};
}

/// What follows the first `at` bytes of the parts, as far as it lies in one of them; empty: there is nothing.
std::span<char> room_behind(std::span<const iovec> parts, size_t at) {
  for (auto& part : parts) {
    if (at < part.iov_len) return {static_cast<char*>(part.iov_base) + at, part.iov_len - at};
    at -= part.iov_len;
  }
  return {};
}

}  // namespace

TlsTransport::TlsTransport(Fd socket, std::shared_ptr<const config::TlsSettings> settings, const std::string& host)
    : Transport(std::move(socket)),
      settings_(std::move(settings)),
      name_(name_of(*settings_, host)),
      faults_(*settings_, name_) {}

bool TlsTransport::begin() {
  auto context = make_tls_context(*settings_);
  if (!context) {
    error_ = context.error().text;
    return false;
  }
  ssl_.reset(SSL_new(context->get()));
  auto* bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (!bio || !expect_name(ssl_.get(), name_)) {
    BIO_free(bio);
    error_ = faults_.explain();
    return false;
  }
  BIO_set_data(bio, &records_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), &faults_);
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, note_verification);
  SSL_set_connect_state(ssl_.get());
  return true;
}

Transport::Status TlsTransport::handshake() {
  if (end_) return *end_;
  if (!ssl_ && !begin()) {
    end_ = Status::failed;
    return *end_;
  }
  for (bool received = false;; received = true) {
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_.get());
    if (result != 1 && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) {
      broken();
      send();  // the alert that tells the peer
      return *end_;
    }
    auto sent = send();
    if (sent == Step::ended) return *end_;
    if (result == 1) {
      ready_ = sent == Step::ok;
      return ready_ ? Status::ok : Status::would_block;
    }
    if (received) return Status::would_block;
    if (auto step = receive(); step != Step::ok) return step == Step::ended ? *end_ : Status::would_block;
  }
}

Transport::Transfer TlsTransport::read(std::span<const iovec> into) {
  size_t got = 0;
  bool received = false;
  for (auto room = room_behind(into, 0); !end_ && !room.empty() && !congested(); room = room_behind(into, got)) {
    if (received || got > 0) {
      if (!has_pending()) break;
    }
    size_t n = 0;
    ERR_clear_error();
    int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &n);
    got += n;
    if (result == 1) continue;
    if (int why = SSL_get_error(ssl_.get(), result); why == SSL_ERROR_ZERO_RETURN)
      end(Status::closed, {});
    else if (why != SSL_ERROR_WANT_READ)
      broken();
    else if (received || receive() != Step::ok)
      break;
    else
      received = true;
  }
  send();  // what the peer was answered meanwhile: a key update, an alert
  if (got > 0) return {Status::ok, got};
  return {end_.value_or(Status::would_block)};
}

Transport::Transfer TlsTransport::write(std::span<const iovec> parts) {
  if (end_) return {*end_};
  if (taken_ == 0 && encrypt(parts) == Step::ended) return {*end_};
  auto sent = send();
  if (sent == Step::ended) return {*end_};
  if (sent == Step::would_block || taken_ == 0) return {Status::would_block};
  return {Status::ok, std::exchange(taken_, 0)};
}

TlsTransport::Step TlsTransport::encrypt(std::span<const iovec> parts) {
  std::array<char, kRecord> room;
  while (taken_ < kBatch) {
    auto bytes = next_bytes(parts, taken_, room);
    if (bytes.empty()) break;
    size_t written = 0;
    ERR_clear_error();
    int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
    if (result != 1) return SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ ? Step::would_block : broken();
    taken_ += written;
  }
  return Step::ok;
}

uint32_t TlsTransport::events(bool reading, bool writing) const {
  if (!ready_) return records_.unsent() ? EPOLLOUT : EPOLLIN;
  bool sends = writing || (reading && records_.unsent());
  return (reading && !congested() ? EPOLLIN : EPOLLRDHUP) | (sends ? EPOLLOUT : 0u);
}

bool TlsTransport::has_pending() const {
  return end_ || (ssl_ && (SSL_pending(ssl_.get()) > 0 || records_.has_whole()));
}

// What one write has left to be sent is no congestion.
bool TlsTransport::congested() const { return records_.unsent() > 2 * kBatch; }

void TlsTransport::close() {
  if (ready_ && !end_ && !records_.unsent()) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // a close_notify; the peer's is not waited for
    records_.send(socket_.get());
  }
  ssl_.reset();
  socket_.reset();
}

TlsTransport::Step TlsTransport::receive() {
  switch (records_.receive(socket_.get())) {
    case TlsRecords::Status::ok:
      return Step::ok;
    case TlsRecords::Status::would_block:
      return Step::would_block;
    case TlsRecords::Status::ended:
      return end(Status::closed, how_ended("closed", "closed without TLS's close_notify"));
    case TlsRecords::Status::failed:
      break;
  }
  auto* why = std::strerror(records_.error());
  return end(Status::failed, how_ended(why, why));
}

TlsTransport::Step TlsTransport::send() {
  switch (records_.send(socket_.get())) {
    case TlsRecords::Status::ok:
      return Step::ok;
    case TlsRecords::Status::would_block:
      return Step::would_block;
    default:
      break;
  }
  if (end_) return Step::ended;
  auto error = records_.error();
  // A peer that refuses says why before it closes, and that may have come already.
  if (records_.has_whole() || receive() == Step::ok) {
    char none = 0;
    ERR_clear_error();
    int result = ready_ ? SSL_peek(ssl_.get(), &none, 1) : SSL_do_handshake(ssl_.get());
    if (result <= 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_SSL) return broken();
  }
  return end(Status::failed, std::strerror(error));
}

TlsTransport::Step TlsTransport::broken() {
  auto first = records_.beginning();
  auto why = faults_.explain();
  if (!first.empty() && !may_be_tls(first)) why = describe_not_tls(first);
  return end(Status::failed, std::move(why));
}

std::string TlsTransport::how_ended(const std::string& during_handshake, const std::string& later) const {
  if (ready_) return later;
  auto first = records_.beginning();
  if (!first.empty() && !may_be_tls(first)) return describe_not_tls(first);
  auto how = during_handshake + " during the TLS handshake";
  return first.empty() ? how + ", without a word: is this port for TLS?" : how;
}

TlsTransport::Step TlsTransport::end(Status status, std::string why) {
  end_ = status;
  error_ = std::move(why);
  return Step::ended;
}

}  // namespace mombridge::amqp
