// What librdkafka 2.0.2 says when a Kafka broker and it do not agree about TLS or a login, and what is made of that.

#include "broker/kafka/login_error.hpp"

#include <gmock/gmock.h>

#include "test_settings.hpp"
#include "tls/making.hpp"

namespace mombridge::kafka {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tls::test::Authority;
using tls::test::Folder;

class LoginErrors : public testing::Test {
 protected:
  LoginError error(std::string_view what, const std::string& verification = "") {
    Settings settings;
    settings.security = security;
    settings.librdkafka = librdkafka;
    return explain_login(what, Login(settings), verification);
  }
  void use_tls() { security.tls.emplace(); }
  void use_sasl(Mechanism mechanism = Mechanism::scram_sha_512) {
    auto& sasl = security.sasl.emplace();
    sasl.mechanism = mechanism;
    sasl.username = takes_password(mechanism) ? "bridge" : "";
  }
  Security security;
  std::vector<LibrdkafkaKey> librdkafka;
};

constexpr auto kNotVerified =
    "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be "
    "verified, verify that ssl.ca.location is correctly configured or root CA certificates are installed (install "
    "ca-certificates package)";

TEST_F(LoginErrors, TheServersCertificate) {
  use_tls();
  auto known = error(kNotVerified, "its certificate ended");
  EXPECT_EQ(known.words, "its certificate ended");
  EXPECT_TRUE(known.refused);
  EXPECT_THAT(error(kNotVerified).words, HasSubstr("its certificate is not accepted (certificate verify failed"));
  EXPECT_TRUE(error("Broker did not provide a certificate").refused);
}

TEST_F(LoginErrors, AClientWithoutACertificate) {
  use_tls();
  // What a Java server says to TLS 1.3 clients, what others say.
  for (auto* what : {"Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42",
                     "Receive failed: error:0A00045C:SSL routines::tlsv13 alert certificate required: SSL alert number "
                     "116"}) {
    auto said = error(what);
    EXPECT_THAT(said.words, HasSubstr("it wants a client certificate: tls: {cert: client.pem, key: client.key} ("));
    EXPECT_TRUE(said.refused);
  }
}

constexpr auto kUnknown =
    "Receive failed: error:0A000416:SSL routines::sslv3 alert certificate unknown: SSL alert number 46";

TEST_F(LoginErrors, AClientsCertificateThatIsNotAccepted) {
  use_tls();
  Folder folder;
  Authority authority("Other CA");
  auto with = [&](const tls::test::Recipe& recipe) {
    security.tls->certificate = folder.write("client.pem", authority.issue(recipe).certificate);
    return error(kUnknown).words;
  };
  EXPECT_THAT(with({.name = "bridge"}),
              AllOf(HasSubstr("does not accept " + folder.write("x", "").substr(0, 4)),
                    HasSubstr("client.pem (CN=bridge, issued by CN=Other CA)"),
                    HasSubstr("must be in the broker's truststore"), HasSubstr("certificate unknown")));
  EXPECT_THAT(with({.name = "bridge", .ends = std::chrono::seconds(-1)}), HasSubstr("which ended on 20"));
  EXPECT_THAT(with({.name = "bridge", .begins = std::chrono::hours(1)}), HasSubstr("is not valid before 20"));
  security.tls->certificate = "/nowhere.pem";
  EXPECT_THAT(error(kUnknown).words, HasSubstr("cannot read /nowhere.pem"));
}

TEST_F(LoginErrors, VersionsAndOtherProtocols) {
  use_tls();
  for (auto* what :
       {"SSL handshake failed: error:0A000410:SSL routines::sslv3 alert handshake failure: SSL alert number 40",
        "error:0A00042E:SSL routines::tlsv1 alert protocol version: SSL alert number 70",
        "SSL handshake failed: error:0A00014D:SSL routines::legacy sigalg disallowed or unsupported",
        "SSL handshake failed: error:0A000102:SSL routines::unsupported protocol"}) {
    EXPECT_THAT(error(what).words, HasSubstr("speaks TLS 1.2 and 1.3")) << what;
    EXPECT_TRUE(error(what).refused) << what;
    security.tls->min_version = config::TlsSettings::Version::v1_3;
    EXPECT_THAT(error(what).words, HasSubstr("min_version asks for TLS 1.3")) << what;
    security.tls->min_version = config::TlsSettings::Version::v1_2;
  }
  EXPECT_THAT(error("SSL handshake failed: error:0A00010B:SSL routines::wrong version number").words,
              HasSubstr("what it answers is not TLS"));
  auto closed = error("SSL handshake failed: error:0A000126:SSL routines::unexpected eof while reading");
  EXPECT_THAT(closed.words, HasSubstr("leave tls: out"));
  EXPECT_FALSE(closed.refused) << "perhaps it only stops";
  EXPECT_TRUE(closed.guess);
}

TEST_F(LoginErrors, AMechanismThatIsNotOffered) {
  use_sasl();
  auto said = error(
      "SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported "
      "mechanisms: PLAIN,GSSAPI");
  EXPECT_THAT(said.words,
              HasSubstr("does not offer SCRAM-SHA-512, only PLAIN,GSSAPI: sasl: {mechanism: PLAIN}, or let"));
  EXPECT_TRUE(said.refused);
  EXPECT_THAT(error("SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Request not valid in current SASL state: "
                    "broker's supported mechanisms: ")
                  .words,
              HasSubstr("no login at all: leave sasl: out"));
}

TEST_F(LoginErrors, AWrongPassword) {
  use_sasl();
  auto said = error(
      "SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL "
      "mechanism SCRAM-SHA-512");
  EXPECT_THAT(said.words, AllOf(HasSubstr("refuses the login of 'bridge' by SCRAM-SHA-512 (Authentication failed"),
                                HasSubstr("is the password right")));
  EXPECT_TRUE(said.refused);
  use_sasl(Mechanism::oauthbearer);
  EXPECT_THAT(error("SASL authentication error: {\"status\":\"invalid_token\"}").words,
              AllOf(HasSubstr("invalid_token"), HasSubstr("is the token still valid")));
}

TEST_F(LoginErrors, Kerberos) {
  use_sasl(Mechanism::gssapi);
  EXPECT_THAT(error("Failed to initialize SASL authentication: SASL handshake failed (start (-4)): SASL(-4): no "
                    "mechanism available: No worthy mechs found")
                  .words,
              HasSubstr("apt-get install libsasl2-modules-gssapi-mit"));
  EXPECT_THAT(error("Failed to initialize SASL authentication: SASL handshake failed (start (-1)): SASL(-1): generic "
                    "failure: GSSAPI Error: No Kerberos credentials available")
                  .words,
              HasSubstr("is there a Kerberos ticket"));
}

TEST_F(LoginErrors, ConnectionsThatAreClosedWithoutAWord) {
  EXPECT_THAT(error("Disconnected while requesting ApiVersion: might be caused by incorrect security.protocol "
                    "configuration (connecting to a SSL listener?) or broker version is < 0.10")
                  .words,
              HasSubstr("Then tls: {}"));
  EXPECT_THAT(error("Disconnected: verify that security.protocol is correctly configured, broker might require SASL "
                    "authentication")
                  .words,
              HasSubstr("wants a login? Then sasl: {"));
  use_sasl();
  EXPECT_THAT(error("Disconnected: check client SCRAM-SHA-512 credentials and broker logs").words,
              HasSubstr("during the login"));
}

TEST_F(LoginErrors, WhatIsAboutSomethingElseIsLeftToOthers) {
  use_tls();
  use_sasl();
  for (auto* what : {"Disconnected", "Connect to ipv4#10.0.0.1:9092 failed: Connection refused",
                     "Failed to resolve 'k1:9092': Name or service not known", "1 request(s) timed out"}) {
    EXPECT_EQ(error(what).words, "") << what;
    EXPECT_FALSE(error(what).refused) << what;
  }
}

TEST_F(LoginErrors, OfLibrdkafkasOwnKeysTheSameIsSaid) {
  librdkafka = {{"security.protocol", "SASL_SSL"}, {"sasl.username", "app"}, {"sasl.mechanism", "PLAIN"}};
  EXPECT_THAT(error("SASL authentication error: Authentication failed: Invalid username or password").words,
              HasSubstr("the login of 'app' by PLAIN"));
  EXPECT_TRUE(error(kNotVerified).refused);
}

TEST(Login, ItsConnectionHadEndedBefore) {
  EXPECT_TRUE(login_was_overtaken(
      "SASL OAUTHBEARER mechanism handshake failed: Local: Broker transport failure: broker's supported mechanisms:  "
      "(after 1ms in state DOWN)"));
  EXPECT_TRUE(login_was_overtaken(
      "SASL authentication error: SaslAuthenticateRequest failed: Local: Broker transport failure (after 0ms in state "
      "DOWN)"));
  EXPECT_FALSE(login_was_overtaken(
      "SASL authentication error: SaslAuthenticateRequest failed: Local: Timed out (after 0ms in state AUTH_REQ)"));
  EXPECT_FALSE(login_was_overtaken("SASL authentication error: Authentication failed (after 9ms in state AUTH_REQ)"));
}

TEST(Login, AnEstablishedConnectionEndsWithoutAReason) {
  EXPECT_TRUE(
      ended_without_a_reason("[thrd:sasl_plaintext://k1:9092/bootstrap]: sasl_plaintext://k1:9092/1: Disconnected "
                             "(after 1921ms in state UP, 1 "
                             "identical error(s) suppressed)"));
  EXPECT_FALSE(ended_without_a_reason("sasl_plaintext://k1:9092/1: Disconnected (after 3ms in state AUTH_REQ)"));
  EXPECT_FALSE(ended_without_a_reason(
      "k1:9092/1: Disconnected: SSL connection closed by peer: fatal alert (after 600123ms in state UP)"));
  EXPECT_FALSE(ended_without_a_reason("k1:9092/1: 3 request(s) timed out: disconnect (after 60017ms in state UP)"));
}

TEST(Login, KnowsWhoItIs) {
  Settings settings;
  EXPECT_EQ(Login(settings).principal(), "User:...");
  settings.librdkafka = {{"security.protocol", "sasl_plaintext"}, {"sasl.username", "app"}};
  EXPECT_EQ(Login(settings).principal(), "User:app");
  EXPECT_EQ(Login(settings).mechanism, "GSSAPI") << "librdkafka's default";
  settings.security.sasl.emplace().username = "bridge";
  EXPECT_EQ(Login(settings).principal(), "User:bridge");
  EXPECT_FALSE(Login(settings).tls);
}

}  // namespace
}  // namespace mombridge::kafka
