// What librdkafka is given for `tls:` and `sasl:`, and what becomes of a client whose files and password change.

#include "broker/kafka/security_properties.hpp"

#include <map>

#include <unistd.h>

#include <gmock/gmock.h>

#include "broker/kafka/client.hpp"
#include "broker/kafka/client_callbacks.hpp"
#include "test_settings.hpp"
#include "tls/making.hpp"

namespace mombridge::kafka {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using tls::test::Authority;
using tls::test::Folder;

std::map<std::string, std::string> properties(const Security& security) {
  auto made = security_properties(security);
  EXPECT_TRUE(made) << made.error().text;
  std::map<std::string, std::string> all;
  if (made)
    for (auto& p : *made) all[p.name] = p.value;
  return all;
}

class SecurityProperties : public testing::Test {
 protected:
  void use_certificates() {
    auto& tls = security.tls.emplace();
    auto client = authority.issue({.name = "bridge"});
    tls.ca = folder.write("ca.pem", authority.pem());
    tls.certificate = folder.write("client.pem", client.certificate);
    tls.key = folder.write("client.key", tls::test::encrypted(client.key, "pw-of-key"));
    folder.write("key-password", "pw-of-key");
    tls.key_password = live("key-password");
  }
  /// What stands in a file of the folder.
  config::LiveSecret live(const std::string& name) {
    auto path = folder.write("unused", "");
    return {"${file:" + name + "}", path, Secret("from the beginning")};
  }
  void use_password(Mechanism mechanism = Mechanism::scram_sha_256) {
    folder.write("password", "first");
    security.sasl = {.mechanism = mechanism,
                     .username = "bridge",
                     .password = live("password"),
                     .service_name = {},
                     .principal = {},
                     .keytab = {}};
  }
  Result<Client> client() {
    auto settings = make_settings("127.0.0.1:1", "g", {});
    settings->security = security;
    return make_client(RD_KAFKA_PRODUCER, *settings, producer_properties(*settings), ClientLog::silent);
  }
  Folder folder;
  Authority authority;
  Security security;
};

TEST_F(SecurityProperties, AreNoneWithoutEither) { EXPECT_THAT(properties(security), IsEmpty()); }

TEST_F(SecurityProperties, OfTls) {
  security.tls.emplace();
  EXPECT_THAT(properties(security), ElementsAre(Pair("security.protocol", "ssl")));
  use_certificates();
  EXPECT_THAT(properties(security),
              ElementsAre(Pair("security.protocol", "ssl"), Pair("ssl.ca.location", security.tls->ca),
                          Pair("ssl.certificate.location", security.tls->certificate),
                          Pair("ssl.key.location", security.tls->key), Pair("ssl.key.password", "pw-of-key")));
  auto made = client();
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(property_of(made->get(), "security.protocol"), "ssl");
  EXPECT_EQ(property_of(made->get(), "ssl.endpoint.identification.algorithm"), "https");
  EXPECT_EQ(property_of(made->get(), "enable.ssl.certificate.verification"), "true");
}

TEST_F(SecurityProperties, OfLogins) {
  use_password();
  EXPECT_THAT(properties(security),
              ElementsAre(Pair("sasl.mechanism", "SCRAM-SHA-256"), Pair("sasl.password", "first"),
                          Pair("sasl.username", "bridge"), Pair("security.protocol", "sasl_plaintext")));
  security.tls.emplace();
  EXPECT_EQ(properties(security)["security.protocol"], "sasl_ssl");
  use_password(Mechanism::plain);
  EXPECT_EQ(properties(security)["sasl.mechanism"], "PLAIN");
  ASSERT_TRUE(client());
}

TEST_F(SecurityProperties, OfKerberos) {
  auto& sasl = security.sasl.emplace();
  sasl.mechanism = Mechanism::gssapi;
  EXPECT_THAT(properties(security),
              ElementsAre(Pair("sasl.kerberos.min.time.before.relogin", "0"), Pair("sasl.mechanism", "GSSAPI"),
                          Pair("security.protocol", "sasl_plaintext")));
  EXPECT_TRUE(client()) << "without a key table nothing has to be run";
  sasl.service_name = "kf";
  sasl.principal = "bridge@SHOP";
  sasl.keytab = "/etc/bridge.keytab";
  EXPECT_THAT(properties(security),
              ElementsAre(Pair("sasl.kerberos.keytab", "/etc/bridge.keytab"),
                          Pair("sasl.kerberos.principal", "bridge@SHOP"), Pair("sasl.kerberos.service.name", "kf"),
                          Pair("sasl.mechanism", "GSSAPI"), Pair("security.protocol", "sasl_plaintext")));
}

TEST_F(SecurityProperties, AClientThatCannotBeMadeSaysWhichFileIsToBlame) {
  use_certificates();
  auto why = [this] {
    auto made = client();
    return made ? std::string("made") : made.error().text;
  };
  folder.write("key-password", "another");
  EXPECT_THAT(why(), HasSubstr("client.key cannot be decrypted with key_password"));
  EXPECT_THAT(why(), testing::Not(HasSubstr("another")));
  folder.write("key-password", "pw-of-key");
  EXPECT_EQ(why(), "made");
  folder.write("client.pem", authority.issue({.name = "other"}).certificate);
  EXPECT_THAT(why(), HasSubstr("client.key is not the key of the certificate in"));
  folder.write("ca.pem", "");
  EXPECT_THAT(why(), HasSubstr("ca.pem is empty"));
}

TEST_F(SecurityProperties, AClientTakesAChangedPasswordForItsNextLogin) {
  use_password();
  auto made = client();
  ASSERT_TRUE(made);
  auto* context = context_of(made->get());
  EXPECT_EQ(property_of(made->get(), "sasl.password"), "first");
  folder.write("password", "second\n");                    // librdkafka's own next connection may take it at any time
  // As librdkafka does for each connection; a renewal of its own may be under way and have read the file half written.
  for (int i = 0; i < 1000 && property_of(made->get(), "sasl.password") != "second"; ++i) {
    int fd = open_socket(AF_INET, SOCK_STREAM, 0, context);
    EXPECT_GE(fd, 0);
    close_socket(fd, context);
    ::usleep(10'000);
  }
  EXPECT_EQ(property_of(made->get(), "sasl.password"), "second");
  EXPECT_EQ(property_of(made->get(), "sasl.username"), "bridge");
  folder.write("password", "");
  context->credentials.renew();
  EXPECT_EQ(property_of(made->get(), "sasl.password"), "second") << "a file that is just being written";
  context->credentials.wake();
  EXPECT_EQ(property_of(made->get(), "sasl.password"), "second");
}

TEST_F(SecurityProperties, OfLibrdkafkasOwnKeysAPasswordStaysWhatItIs) {
  auto settings = make_settings("127.0.0.1:1", "g", {});
  settings->librdkafka = {
      {"security.protocol", "sasl_ssl"}, {"sasl.mechanism", "PLAIN"}, {"sasl.username", "u"}, {"sasl.password", "p"}};
  auto made = make_client(RD_KAFKA_PRODUCER, *settings, producer_properties(*settings), ClientLog::silent);
  ASSERT_TRUE(made);
  context_of(made->get())->credentials.renew();
  context_of(made->get())->credentials.wake();
  EXPECT_EQ(property_of(made->get(), "sasl.username"), "u");
  EXPECT_EQ(property_of(made->get(), "sasl.password"), "p");
  EXPECT_FALSE(tls_files_changed(made->get()));
}

TEST_F(SecurityProperties, AClientKnowsWhetherItsFilesAreOthersNow) {
  use_certificates();
  auto made = client();
  ASSERT_TRUE(made) << made.error().text;
  auto changed = [&] { return tls_files_changed(made->get()); };
  EXPECT_FALSE(changed());
  folder.write("ca.pem", authority.pem());
  EXPECT_FALSE(changed()) << "the same content";
  folder.write("ca.pem", authority.pem() + Authority("another").pem());
  EXPECT_TRUE(changed());
  folder.write("ca.pem", authority.pem());
  folder.write("client.key", "");
  EXPECT_TRUE(changed());
}

TEST_F(SecurityProperties, KeepsWhatWasWrongWithABrokersCertificate) {
  use_certificates();
  auto made = client();
  ASSERT_TRUE(made);
  auto* context = context_of(made->get());
  int expired = 10;  // X509_V_ERR_CERT_HAS_EXPIRED
  char text[256] = "";
  EXPECT_FALSE(verify_certificate(made->get(), "k1:9093", 1, &expired, 0, "x", 1, text, sizeof text, context));
  EXPECT_EQ(expired, 10);
  EXPECT_THAT(context->verification.of("k1:9093"), HasSubstr("not a certificate"));
  EXPECT_EQ(context->verification.of("k2:9093"), "");
  int nothing = 0;
  EXPECT_TRUE(verify_certificate(made->get(), "k1:9093", 1, &nothing, 0, "x", 1, text, sizeof text, context));
  EXPECT_EQ(context->verification.of("k1:9093"), "");
}

}  // namespace
}  // namespace mombridge::kafka
