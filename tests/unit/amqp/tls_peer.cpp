#include "tls_peer.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace mombridge::amqp::test {

namespace {

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

tls::Handle<BIO, BIO_free_all> over(const std::string& text) {
  return tls::Handle<BIO, BIO_free_all>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace

SocketPair::SocketPair(int buffer) {
  Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  must(::bind(listener.get(), any, size) == 0 && ::listen(listener.get(), 1) == 0, "listen");
  ::getsockname(listener.get(), any, &size);
  ours = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (buffer) ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  if (buffer) ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  must(::connect(ours.get(), any, size) == 0, "connect");
  theirs = Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  int one = 1;
  for (auto* end : {&ours, &theirs}) ::setsockopt(end->get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

TlsPeer::TlsPeer(Fd socket, const PeerOptions& options) : socket_(std::move(socket)) {
  tls::Handle<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_server_method()));
  // The oldest versions need signatures that the usual level forbids.
  must(SSL_CTX_set_cipher_list(context.get(), "DEFAULT:@SECLEVEL=0") == 1, "ciphers");
  SSL_CTX_set_min_proto_version(context.get(), options.oldest ? options.oldest : TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), options.newest);
  auto in = over(options.identity.certificate);
  tls::CertificateHandle certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  must(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1, "certificate");
  while (auto* more = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr))
    SSL_CTX_add0_chain_cert(context.get(), more);
  auto key_in = over(options.identity.key);
  tls::KeyHandle key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  must(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1, "key");
  if (!options.trusts.empty()) {
    auto trusts = over(options.trusts);
    tls::CertificateHandle ca(PEM_read_bio_X509(trusts.get(), nullptr, nullptr, nullptr));
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  ERR_clear_error();
  ssl_.reset(SSL_new(context.get()));
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_accept_state(ssl_.get());
}

void TlsPeer::pump() {
  take();
  ERR_clear_error();
  if (!established()) SSL_do_handshake(ssl_.get());
  std::array<char, 65536> text;
  size_t n = 0;
  while (established() && SSL_read_ex(ssl_.get(), text.data(), text.size(), &n) == 1) received.append(text.data(), n);
  ERR_clear_error();
  while (BIO_read_ex(out_, text.data(), text.size(), &n) == 1) outgoing_.append(text.data(), n);
  if (!socket_) return;
  auto size = std::min(outgoing_.size(), may_send);
  auto done = size ? ::send(socket_.get(), outgoing_.data(), size, MSG_NOSIGNAL) : 0;
  if (done <= 0) return;
  outgoing_.erase(0, static_cast<size_t>(done));
  may_send -= static_cast<size_t>(done);
  sent += static_cast<size_t>(done);
}

void TlsPeer::take() {
  std::array<char, 65536> bytes;
  while (socket_ && may_take > 0) {
    auto n = ::recv(socket_.get(), bytes.data(), std::min(bytes.size(), may_take), 0);
    if (n == 0) ended_ = true;
    if (n <= 0) return;
    may_take -= static_cast<size_t>(n);
    counted_.append(bytes.data(), static_cast<size_t>(n));
    count_records();
    BIO_write(in_, bytes.data(), static_cast<int>(n));
  }
}

void TlsPeer::count_records() {
  constexpr size_t kHeader = 5;
  size_t at = 0;
  while (counted_.size() - at >= kHeader) {
    auto octet = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(counted_[at + i])); };
    auto size = octet(3) << 8 | octet(4);
    if (counted_.size() - at < kHeader + size) break;
    if (octet(0) == SSL3_RT_APPLICATION_DATA) ++application_records;
    largest_record = std::max(largest_record, size);
    at += kHeader + size;
  }
  counted_.erase(0, at);
}

void TlsPeer::write(const std::string& text) {
  size_t written = 0;
  must(SSL_write_ex(ssl_.get(), text.data(), text.size(), &written) == 1 && written == text.size(), "write");
}

void TlsPeer::send_close_notify() {
  SSL_shutdown(ssl_.get());
  pump();
}

void TlsPeer::reset() {
  linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.reset();
}

std::string TlsPeer::asked_for() const {
  auto* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name ? name : "";
}

std::string TlsPeer::client() const {
  auto* certificate = SSL_get0_peer_certificate(ssl_.get());
  return certificate ? tls::described(*certificate).subject : "";
}

}  // namespace mombridge::amqp::test
