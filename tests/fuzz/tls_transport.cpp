// A TLS transport whose peer says what it likes at every step: it never hangs, never reads beyond what it was given,
// and once it has ended it stays so. Input: a byte that says after how many bytes of a true handshake the peer changes
// its mind (255: after all of it), a byte of flags, then pieces: a byte that counts, and so many bytes that the peer
// sends. Between two pieces the transport is asked to go on.

#include "broker/amqp/tls_transport.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "support.hpp"
#include "tls/making.hpp"
#include "tls/pem.hpp"

using namespace mombridge;        // NOLINT(google-build-using-namespace)
using namespace mombridge::amqp;  // NOLINT(google-build-using-namespace)

namespace {

using Status = Transport::Status;

/// Made once: the CA in a file, and the server's certificate.
struct Certificates {
  tls::test::Folder folder;
  tls::test::Authority authority;
  std::shared_ptr<config::TlsSettings> settings = std::make_shared<config::TlsSettings>();
  tls::Handle<SSL_CTX, SSL_CTX_free> context{SSL_CTX_new(TLS_server_method())};

  Certificates() {
    settings->ca = folder.write("ca.pem", authority.pem());
    auto issued = authority.issue();
    auto certificates = tls::certificates_in(folder.write("server.pem", issued.certificate));
    auto key = tls::key_in(folder.write("server.key", issued.key), Secret());
    fuzz::require(certificates && key);
    SSL_CTX_use_certificate(context.get(), certificates->front().get());
    SSL_CTX_use_PrivateKey(context.get(), key->get());
  }
};

/// The peer as long as it keeps to the protocol.
class Server {
 public:
  explicit Server(SSL_CTX* context) : ssl_(SSL_new(context)), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_accept_state(ssl_.get());
  }
  /// What it answers.
  std::string take(const std::string& bytes) {
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    SSL_do_handshake(ssl_.get());
    std::string answer(1 << 15, '\0');
    auto size = BIO_read(out_, answer.data(), static_cast<int>(answer.size()));
    answer.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return answer;
  }

 private:
  tls::Handle<SSL, SSL_free> ssl_;
  BIO *in_, *out_;  ///< belong to ssl_
};

std::string received(int socket) {
  std::string bytes(1 << 17, '\0');
  auto size = ::recv(socket, bytes.data(), bytes.size(), 0);
  bytes.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return bytes;
}

/// One transport, and what must hold of it after every step.
class Client {
 public:
  Client(Fd socket, const std::shared_ptr<const config::TlsSettings>& settings)
      : transport_(std::move(socket), settings, "localhost") {}

  void go_on() {
    if (!ready_ && !ended_) {
      auto status = transport_.handshake();
      ready_ = status == Status::ok;
      note(status);
    }
    std::array<char, 100> into;
    for (int i = 0; i < 2000 && ready_ && !ended_; ++i) {
      auto [status, bytes] = transport_.read(into);
      fuzz::require(bytes <= into.size() && (status == Status::ok) == (bytes > 0));
      note(status);
      if (status != Status::ok) break;
    }
    if (ready_ && !ended_) {
      iovec part{into.data(), 10};
      auto [status, bytes] = transport_.write({&part, 1});
      fuzz::require(bytes <= 10);
      note(status);
    }
    if (!ended_) fuzz::require(transport_.events(true, true) != 0);
    if (ended_ && !ready_) fuzz::require(transport_.handshake() == *ended_ && !transport_.error().empty());
    if (ended_ && ready_) fuzz::require(transport_.read(into).status == *ended_);
  }
  void close() { transport_.close(); }

 private:
  void note(Status status) {
    if (status == Status::closed || status == Status::failed) ended_ = status;
    auto text = transport_.error();
    fuzz::require(text.find('\n') == std::string::npos);
  }

  TlsTransport transport_;
  bool ready_ = false;
  std::optional<Status> ended_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Certificates kCertificates;
  fuzz::Input input(data, size);
  auto truth = input.byte();
  bool ends = input.byte() & 1;
  int ends_of[2];
  fuzz::require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_of) == 0);
  Fd peer(ends_of[0]);
  Client client(Fd(ends_of[1]), kCertificates.settings);
  Server server(kCertificates.context.get());
  size_t left = truth == 255 ? ~size_t{0} : size_t{truth} * 8;
  client.go_on();
  for (int i = 0; i < 4 && left > 0; ++i) {
    auto answer = server.take(received(peer.get()));
    answer.resize(std::min(answer.size(), left));
    left -= answer.size();
    if (!answer.empty()) fuzz::require(::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL) >= 0);
    client.go_on();
  }
  while (!input.empty()) {
    auto piece = input.counted();
    if (!piece.empty() && ::send(peer.get(), piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
    client.go_on();
  }
  if (ends) peer.reset();
  client.go_on();
  client.go_on();
  client.close();
  return 0;
}
