// Against a peer that OpenSSL is, step by step, without threads.

#include "broker/amqp/tls_transport.hpp"

#include <cstring>
#include <poll.h>
#include <random>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls_peer.hpp"

namespace mombridge::amqp {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Status = Transport::Status;
using config::TlsSettings;
using test::PeerOptions;
using test::TlsPeer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Certificates for all tests: keys cost time.
struct Certificates {
  tls::test::Authority authority;
  tls::test::Issued server = authority.issue();
  tls::test::Issued client = authority.issue({.name = "bridge", .names = ""});
};
const Certificates& certificates() {
  static const Certificates kAll;
  return kAll;
}

class TlsTransportTest : public testing::Test {
 protected:
  TlsTransportTest() {
    settings->ca = folder.write("ca.pem", certificates().authority.pem());
    options.identity = certificates().server;
  }
  void shows_certificate(const tls::test::Issued& issued = certificates().client) {
    settings->certificate = folder.write("client.pem", issued.certificate);
    settings->key = folder.write("client.key", issued.key);
  }
  void wants_certificate(const std::string& ca = certificates().authority.pem()) { options.trusts = ca; }

  void connect(const std::string& host = "localhost", int buffer = 0) {
    test::SocketPair sockets(buffer);
    peer = std::make_unique<TlsPeer>(std::move(sockets.theirs), options);
    transport = std::make_unique<TlsTransport>(std::move(sockets.ours), settings, host);
  }
  /// Loopback delivers at once, nearly.
  void wait() const {
    pollfd waited{.fd = transport->fd(), .events = POLLIN, .revents = 0};
    ::poll(&waited, 1, 1);
  }
  /// Until the handshake has ended, or nothing moves any more.
  Status shake() {
    for (int idle = 0; idle < 20;) {
      auto before = peer->sent;
      auto status = transport->handshake();
      if (status != Status::would_block) return status;
      EXPECT_NE(transport->events(true, false), 0u);
      peer->pump();
      if (peer->sent == before) wait(), ++idle;
    }
    return Status::would_block;
  }
  void connected(const std::string& host = "localhost") {
    connect(host);
    ASSERT_EQ(shake(), Status::ok) << transport->error();
    peer->pump();
  }
  /// Why the handshake, or with TLS 1.3 the first read after it, fails.
  std::string refusal(const std::string& host = "localhost") {
    connect(host);
    auto status = shake();
    for (int i = 0; i < 20 && (status == Status::ok || status == Status::would_block); ++i) {
      peer->pump();
      wait();
      status = read(100).first;
    }
    EXPECT_EQ(status, Status::failed);
    auto said = transport->error();
    EXPECT_EQ(said.find('\n'), std::string::npos);
    return said;
  }
  std::pair<Status, std::string> read(size_t room) const {
    std::string into(room, '\0');
    auto [status, bytes] = transport->read(into);
    return {status, into.substr(0, bytes)};
  }
  /// All that comes until it is so much, or nothing more comes.
  std::string read_all(size_t size) {
    std::string all;
    for (int idle = 0; all.size() < size && idle < 200;) {
      auto [status, text] = read(1 << 18);
      all += text;
      if (status != Status::ok && status != Status::would_block) break;
      if (text.empty()) wait(), ++idle;
      peer->pump();
    }
    return all;
  }
  Transport::Transfer write(std::string_view text) const {
    iovec part{const_cast<char*>(text.data()), text.size()};
    return transport->write({&part, 1});
  }
  void write_all(std::string_view text) const {
    for (int idle = 0; !text.empty() && idle < 1000;) {
      // Other memory each time, as when a buffer has moved.
      auto copy = std::string(text);
      auto [status, bytes] = write(copy);
      ASSERT_TRUE(status == Status::ok || status == Status::would_block) << transport->error();
      if (status == Status::ok) text.remove_prefix(bytes);
      if (status == Status::would_block) {
        EXPECT_TRUE(transport->events(true, true) & EPOLLOUT);
        peer->pump(), ++idle;
      }
    }
    for (int i = 0; i < 10; ++i) peer->pump();
  }

  tls::test::Folder folder;
  std::shared_ptr<TlsSettings> settings = std::make_shared<TlsSettings>();
  PeerOptions options;
  std::unique_ptr<TlsPeer> peer;
  std::unique_ptr<TlsTransport> transport;
};

std::string sample(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return text;
}

class EachVersion : public TlsTransportTest, public testing::WithParamInterface<int> {
 protected:
  EachVersion() { options.oldest = options.newest = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Tls, EachVersion, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](auto& version) { return version.param == TLS1_2_VERSION ? "v1_2" : "v1_3"; });

TEST_P(EachVersion, BytesGoBothWays) {
  connected();
  EXPECT_EQ(peer->asked_for(), "localhost");
  EXPECT_EQ(read(100).first, Status::would_block);
  write_all("hello");
  EXPECT_EQ(peer->received, "hello");
  peer->write("good day");
  peer->pump();
  wait();
  EXPECT_EQ(read(4).second, "good");
  EXPECT_TRUE(transport->has_pending()) << "decrypted, and not read";
  EXPECT_EQ(read(100).second, " day");
  EXPECT_FALSE(transport->has_pending());
}

TEST_P(EachVersion, MuchGoesBothWays) {
  connected();
  auto text = sample(3'000'000);
  write_all(text);
  EXPECT_EQ(peer->received, text);
  peer->write(text);
  EXPECT_EQ(read_all(text.size()), text);
}

TEST_P(EachVersion, SlicesOfOneByteChangeNothing) {
  shows_certificate();
  wants_certificate();
  connect();
  peer->may_send = peer->may_take = 0;
  auto status = Status::would_block;
  for (int i = 0; i < 20'000 && status == Status::would_block; ++i) {
    peer->may_send = peer->may_take = 1;
    peer->pump();
    status = transport->handshake();
  }
  ASSERT_EQ(status, Status::ok) << transport->error();
  peer->may_take = ~size_t{0};
  while (!peer->established()) peer->pump();
  auto text = sample(1000);
  peer->write(text);
  std::string got;
  for (int i = 0; i < 20'000 && got.size() < text.size(); ++i) {
    peer->may_send = 1;
    peer->pump();
    got += read(100).second;
  }
  EXPECT_EQ(got, text);
}

// The price of a record is that of a message, and more.
TEST_P(EachVersion, ManyFramesAreOneRecord) {
  connected();
  auto before = peer->application_records;
  write_all(sample(100'000));
  EXPECT_EQ(peer->application_records - before, 7u) << "of 16 KiB each";
  EXPECT_EQ(peer->largest_record / 1000, 16u);
  before = peer->application_records;
  std::vector<std::string> frames(300, std::string(50, 'f'));
  std::vector<iovec> parts;
  for (auto& frame : frames) parts.push_back({frame.data(), frame.size()});
  peer->received.clear();
  auto [status, bytes] = transport->write(parts);
  EXPECT_EQ(status, Status::ok);
  EXPECT_EQ(bytes, 15'000u);
  for (int i = 0; i < 5; ++i) peer->pump();
  EXPECT_EQ(peer->received, std::string(15'000, 'f'));
  EXPECT_EQ(peer->application_records - before, 1u);
}

TEST_P(EachVersion, APeerThatDoesNotReadHoldsTheWriterBack) {
  connected();
  peer->may_take = 0;
  auto text = sample(32'000'000);
  std::string_view rest = text;
  while (true) {
    auto [status, bytes] = write(rest);
    if (status == Status::would_block) break;
    ASSERT_EQ(status, Status::ok);
    rest.remove_prefix(bytes);
    ASSERT_GT(rest.size(), 10'000'000u) << "it was all taken";
  }
  peer->may_take = ~size_t{0};
  write_all(rest);
  EXPECT_EQ(peer->received.size(), text.size());
  EXPECT_EQ(peer->received, text);
}

TEST_P(EachVersion, OnlyWholeRecordsArePending) {
  connected();
  peer->write(sample(16'000));
  peer->may_send = 10'000;
  peer->pump();
  wait();
  EXPECT_EQ(read(100'000).first, Status::would_block);
  EXPECT_FALSE(transport->has_pending());
  peer->may_send = ~size_t{0};
  peer->pump();
  wait();
  EXPECT_EQ(read(100'000).second.size(), 16'000u);
}

// The user of a transport reads after an event of the socket, or where has_pending() says so, and at no other time.
TEST_P(EachVersion, NothingIsLeftInsideThatNoEventAnnounces) {
  connected();
  std::minstd_rand random(1);
  auto below = [&](size_t n) { return random() % n; };
  std::string all, got;
  for (int round = 0; round < 2000; ++round) {
    if (below(3) == 0) {
      auto text = sample(1 + below(below(4) ? 500 : 40'000));
      peer->write(text);
      all += text;
    }
    if (GetParam() == TLS1_3_VERSION && below(50) == 0) peer->update_key();
    peer->may_send = below(8) ? below(2000) : below(100'000);
    peer->pump();
    for (;;) {
      pollfd waited{.fd = transport->fd(), .events = POLLIN, .revents = 0};
      if (!transport->has_pending() && ::poll(&waited, 1, 0) == 0) break;
      auto [status, text] = read(1 + below(below(2) ? 100 : 100'000));
      ASSERT_TRUE(status == Status::ok || status == Status::would_block);
      got += text;
    }
  }
  peer->may_send = ~size_t{0};
  for (int idle = 0; got.size() < all.size() && idle < 100;) {
    peer->pump();
    pollfd waited{.fd = transport->fd(), .events = POLLIN, .revents = 0};
    if (!transport->has_pending() && ::poll(&waited, 1, 10) == 0)
      ++idle;
    else
      got += read(100'000).second;
  }
  EXPECT_EQ(got.size(), all.size());
  EXPECT_EQ(got, all);
}

TEST_P(EachVersion, AnEndInOrderHasNoReason) {
  connected();
  peer->write("last");
  peer->send_close_notify();
  peer->close();
  wait();
  EXPECT_EQ(read(100).second, "last");
  EXPECT_TRUE(transport->has_pending()) << "the end, which no event may announce";
  EXPECT_EQ(read(100).first, Status::closed);
  EXPECT_EQ(transport->error(), "");
}

TEST_P(EachVersion, AnEndWithoutCloseNotifyIsAnEndAndSaidSo) {
  connected();
  peer->write("last");
  peer->pump();
  peer->close();
  wait();
  EXPECT_EQ(read(100).second, "last");
  wait();
  EXPECT_EQ(read(100).first, Status::closed);
  EXPECT_EQ(transport->error(), "closed without TLS's close_notify");
  EXPECT_EQ(write("x").status, Status::closed);
}

TEST_P(EachVersion, ClosingTellsThePeer) {
  connected();
  transport->close();
  for (int i = 0; i < 5; ++i) peer->pump();
  EXPECT_TRUE(peer->ended());
  EXPECT_FALSE(transport->fd() >= 0);
}

TEST_P(EachVersion, ClientCertificates) {
  wants_certificate();
  EXPECT_THAT(refusal(), AllOf(HasSubstr("the broker refused with the TLS alert"), HasSubstr("client certificate"),
                               HasSubstr("tls: cert: and key:")));
  shows_certificate();
  connected();
  EXPECT_EQ(peer->client(), "CN=bridge");
  tls::test::Authority strange("Strange CA");
  shows_certificate(strange.issue({.name = "stranger", .names = ""}));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("\"unknown ca\": it does not accept " + settings->certificate +
                                         " (CN=stranger, issued by CN=Strange CA): the CA that issued it must be"),
                               HasSubstr("cacertfile")));
  shows_certificate(certificates().authority.issue({.name = "late", .names = "", .ends = -60s}));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("\"certificate expired\": it does not accept " + settings->certificate +
                                         " (CN=late, issued by CN=Test CA), which ended on 20"),
                               HasSubstr("renew it")));
}

// A refusal that comes while something is written must be told just as well.
TEST_P(EachVersion, ARefusalIsToldToOneThatWrites) {
  wants_certificate();
  connect();
  auto status = shake();
  for (int i = 0; i < 5; ++i) peer->pump();
  peer->close();
  for (int i = 0; i < 50 && (status == Status::ok || status == Status::would_block); ++i) {
    wait();
    status = GetParam() == TLS1_2_VERSION ? transport->handshake() : write("AMQP").status;
  }
  EXPECT_EQ(status, Status::failed);
  EXPECT_THAT(transport->error(), HasSubstr("TLS alert"));
}

TEST_P(EachVersion, NamesAndAddressesAreVerified) {
  options.identity = certificates().authority.issue(
      {.name = "rabbit", .names = "DNS:rabbit.local,DNS:*.shop.local,IP:10.1.2.3,IP:::1"});
  for (auto* host : {"rabbit.local", "RABBIT.LOCAL", "one.shop.local", "10.1.2.3", "::1"}) {
    SCOPED_TRACE(host);
    connected(host);
  }
  EXPECT_EQ(peer->asked_for(), "") << "an address is no name";
  for (auto* host : {"rabbit", "localhost", "a.b.shop.local", "10.1.2.4", "fe80::1%eth0"})
    EXPECT_THAT(refusal(host),
                AllOf(HasSubstr("its certificate is for DNS:rabbit.local, DNS:*.shop.local, IP:10.1.2.3, "
                                "IP:::1 and not for " +
                                std::string(host).substr(0, std::string(host).find('%')) + ": "),
                      HasSubstr("server_name:")));
  settings->server_name = "rabbit.local";
  connected("127.0.0.1");
  EXPECT_EQ(peer->asked_for(), "rabbit.local");
  settings->server_name = "10.1.2.3";
  connected("localhost");
}

TEST_P(EachVersion, CertificatesOfTheWrongTime) {
  options.identity = certificates().authority.issue({.name = "rabbit", .begins = -2h, .ends = -1h});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("its certificate (CN=rabbit) ended on 20"), HasSubstr("renew it")));
  options.identity = certificates().authority.issue({.name = "rabbit", .begins = 1h});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("(CN=rabbit) is not valid before 20"), HasSubstr("clock")));
}

TEST_P(EachVersion, CertificatesOfAnotherAuthority) {
  tls::test::Authority other("Other CA");
  options.identity = other.issue({.name = "rabbit"});
  EXPECT_THAT(refusal(),
              HasSubstr("its certificate (CN=rabbit) was issued by CN=Other CA, which is not in " + settings->ca));
  auto ca = std::exchange(settings->ca, "");
  EXPECT_THAT(refusal(),
              HasSubstr("issued by CN=Other CA, which is not among the CAs of this system: name its CA with tls:"));
  settings->ca = folder.write("ca.pem", other.pem() + certificates().authority.pem());
  connected();
  settings->ca = folder.write("ca.pem", options.identity.certificate);
  connected();
}

TEST_F(TlsTransportTest, VersionsThatAreTooOld) {
  options.newest = TLS1_1_VERSION;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("protocol version"), HasSubstr("this bridge speaks TLS 1.2 and 1.3")));
  options.newest = TLS1_2_VERSION;
  settings->min_version = TlsSettings::Version::v1_3;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("protocol version"), HasSubstr("min_version asks for TLS 1.3")));
}

TEST_F(TlsTransportTest, PeersThatDoNotSpeakTls) {
  for (auto& [bytes, said] : {std::pair{"AMQP\0\0\x09\x01"s, "speaks AMQP without TLS"},
                              {"HTTP/1.1 400 Bad Request\r\n\r\n"s, "speaks HTTP without TLS"},
                              {"HT"s, "does not speak TLS, it says 'HT'"},
                              {"SSH-2.0-OpenSSH\r\n"s, "'SSH-2.0-OpenSSH"}}) {
    test::SocketPair sockets;
    TlsTransport plain(std::move(sockets.ours), settings, "localhost");
    EXPECT_EQ(plain.handshake(), Status::would_block);
    ASSERT_GT(::send(sockets.theirs.get(), bytes.data(), bytes.size(), 0), 0);
    sockets.theirs.reset();
    Status status = Status::would_block;
    for (int i = 0; i < 20 && status == Status::would_block; ++i) status = plain.handshake();
    EXPECT_NE(status, Status::would_block);
    EXPECT_NE(status, Status::ok);
    EXPECT_THAT(plain.error(), HasSubstr(said));
  }
  test::SocketPair sockets;
  TlsTransport silent(std::move(sockets.ours), settings, "localhost");
  sockets.theirs.reset();
  Status status = Status::would_block;
  for (int i = 0; i < 20 && status == Status::would_block; ++i) status = silent.handshake();
  EXPECT_THAT(silent.error(), testing::AnyOf(HasSubstr("without a word"), HasSubstr("reset by peer")));
}

TEST_P(EachVersion, AResetAtAnyByteOfTheHandshakeIsToldAtOnce) {
  connected();
  auto whole = peer->sent;
  ASSERT_GT(whole, 500u);
  for (size_t bytes = 0; bytes < whole; ++bytes) {
    for (bool reset : {false, true}) {
      if (!reset && bytes % 13) continue;
      connect();
      peer->may_send = bytes;
      auto status = Status::would_block;
      for (int i = 0; i < 10 && status == Status::would_block && peer->may_send > 0; ++i) {
        status = transport->handshake();
        peer->pump();
      }
      reset ? peer->reset() : peer->close();
      for (int i = 0; i < 20 && (status == Status::would_block || status == Status::ok); ++i) {
        wait();
        status = status == Status::ok ? read(100).first : transport->handshake();
      }
      ASSERT_TRUE(status == Status::closed || status == Status::failed) << bytes;
      ASSERT_FALSE(transport->error().empty()) << bytes;
    }
  }
}

TEST_P(EachVersion, AStallAtAnyByteOfTheHandshakeWaits) {
  connected();
  auto whole = peer->sent;
  for (size_t bytes = 0; bytes < whole; bytes += 7) {
    connect();
    peer->may_send = bytes;
    for (int i = 0; i < 6; ++i) {
      auto status = transport->handshake();
      if (status == Status::ok) break;  // what is missing are tickets
      ASSERT_EQ(status, Status::would_block) << bytes;
      ASSERT_EQ(transport->events(true, false), uint32_t{EPOLLIN}) << bytes;
      peer->pump();
    }
  }
}

TEST_P(EachVersion, RubbishAfterTheHandshakeEndsIt) {
  for (auto& rubbish : {"HTTP/1.1 200 OK"s, "\x17\3\3\0\x20"s + std::string(32, 'x'), "\x16\3\3\xff\xff"s}) {
    test::SocketPair sockets;
    auto theirs = Fd(::dup(sockets.theirs.get()));
    peer = std::make_unique<TlsPeer>(std::move(sockets.theirs), options);
    transport = std::make_unique<TlsTransport>(std::move(sockets.ours), settings, "localhost");
    ASSERT_EQ(shake(), Status::ok);
    ASSERT_GT(::send(theirs.get(), rubbish.data(), rubbish.size(), 0), 0);
    auto status = Status::would_block;
    for (int i = 0; i < 20 && status == Status::would_block; ++i) {
      wait();
      status = read(100).first;
    }
    EXPECT_EQ(status, Status::failed);
    EXPECT_THAT(transport->error(), HasSubstr("TLS failed: "));
    EXPECT_EQ(write("x").status, Status::failed);
  }
}

TEST_F(TlsTransportTest, KeysMayChange) {
  options.oldest = TLS1_3_VERSION;
  connected();
  for (int i = 0; i < 100; ++i) {
    peer->update_key();
    peer->write("a");
    peer->pump();
    wait();
    EXPECT_EQ(read(10).second, "a");
    write_all("b");
  }
  EXPECT_EQ(peer->received, std::string(100, 'b'));
}

// Answers that the peer asks for and does not take must not pile up.
TEST_F(TlsTransportTest, APeerThatAsksForEverAndTakesNothingIsNotReadForEver) {
  options.oldest = TLS1_3_VERSION;
  connect("localhost", 4096);
  ASSERT_EQ(shake(), Status::ok);
  for (int i = 0; i < 5; ++i) peer->pump();
  peer->may_take = 0;
  int asked = 0;
  for (; asked < 50'000 && transport->events(true, false) & EPOLLIN; ++asked) {
    peer->update_key();
    peer->write("a");
    peer->pump();
    read(10);
  }
  EXPECT_LT(asked, 50'000);
  EXPECT_EQ(transport->events(true, false), uint32_t{EPOLLRDHUP | EPOLLOUT});
  peer->write("more");
  peer->pump();
  EXPECT_EQ(read(10).first, Status::would_block);
  peer->may_take = ~size_t{0};
  EXPECT_THAT(read_all(1'000'000), testing::EndsWith("more"));
  EXPECT_EQ(transport->events(true, false), uint32_t{EPOLLIN});
}

TEST_F(TlsTransportTest, FilesAreReadAtEachConnection) {
  shows_certificate();
  wants_certificate();
  connected();
  EXPECT_EQ(peer->client(), "CN=bridge");
  auto next = certificates().authority.issue({.name = "renewed", .names = ""});
  folder.write("client.pem", next.certificate);
  connect();
  ASSERT_EQ(shake(), Status::failed);
  EXPECT_THAT(transport->error(), HasSubstr(settings->key + " is not the key of the certificate in "));
  folder.write("client.key", tls::test::encrypted(next.key, "pw"));
  connect();
  ASSERT_EQ(shake(), Status::failed);
  EXPECT_THAT(transport->error(), HasSubstr("is encrypted, and there is no key_password"));
  settings->key_password = Secret("pw");
  connected();
  EXPECT_EQ(peer->client(), "CN=renewed");
  folder.write("ca.pem", "");
  connect();
  EXPECT_EQ(shake(), Status::failed);
  EXPECT_EQ(transport->error(), settings->ca + " is empty");
  EXPECT_EQ(transport->handshake(), Status::failed) << "and it stays so";
}

// The CA below the root is enough, on either side.
TEST_F(TlsTransportTest, AChainIsShown) {
  auto between = certificates().authority.issue({.name = "Between", .authority = true});
  tls::test::Authority issuing(between);
  auto server = issuing.issue();
  options.identity = {server.certificate + between.certificate, server.key};
  auto client = issuing.issue({.name = "bridge", .names = ""});
  shows_certificate({client.certificate + between.certificate, client.key});
  wants_certificate();
  connected();
  EXPECT_EQ(peer->client(), "CN=bridge");
  settings->ca = folder.write("ca.pem", between.certificate);
  connected();
}

}  // namespace
}  // namespace mombridge::amqp
