#include "tls/certificates.hpp"

#include <gmock/gmock.h>

#include "tls/making.hpp"

namespace mombridge::tls::test {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST(Certificates, SayWhoseTheyAre) {
  Folder folder;
  Authority authority("Käse CA");
  auto issued = authority.issue({.name = "rabbit", .names = "DNS:rabbit.local,IP:10.0.0.1,IP:::1,email:a@b.c"});
  auto read = read_certificates(folder.write("chain.pem", issued.certificate + authority.pem()));
  ASSERT_TRUE(read) << read.error().text;
  ASSERT_THAT(*read, SizeIs(2));
  EXPECT_EQ(read->front().subject, "CN=rabbit");
  EXPECT_EQ(read->front().issuer, "CN=Käse CA");
  EXPECT_THAT(read->front().names, ElementsAre("DNS:rabbit.local", "IP:10.0.0.1", "IP:::1"));
  EXPECT_THAT(read->back().names, SizeIs(0));
}

TEST(Certificates, SayWhenTheyHold) {
  Folder folder;
  auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  auto issued = Authority().issue({.begins = -60s, .ends = 90s});
  auto read = read_certificates(folder.write("c.pem", issued.certificate));
  ASSERT_TRUE(read);
  EXPECT_NEAR((read->front().begins - now) / 1s, -60, 2);
  EXPECT_NEAR((read->front().ends - now) / 1s, 90, 2);
  EXPECT_EQ(date(WallTime(std::chrono::seconds(1798192800))), "2026-12-25 10:00 UTC");
}

TEST(Certificates, WhatIsNoneIsSaid) {
  Folder folder;
  auto issued = Authority().issue();
  auto said = [&](const std::string& content) {
    auto file = folder.write("file", content);
    auto read = read_certificates(file);
    if (read) return std::string("read");
    EXPECT_THAT(read.error().text, StartsWith(file));
    return read.error().text.substr(file.size());
  };
  EXPECT_EQ(said(""), " is empty");
  EXPECT_EQ(said("hello"), " is not PEM: there is no -----BEGIN in it");
  EXPECT_EQ(said(issued.key), " holds no certificate, but a private key");
  EXPECT_THAT(said("\x30\x82\x01\x01"), HasSubstr("is not PEM but DER: openssl x509"));
  EXPECT_THAT(said("\x30\x82\x01\x01\x02\x01\x03"), HasSubstr("openssl pkcs12"));
  EXPECT_THAT(said(issued.certificate.substr(0, 200) + "\n"), HasSubstr("damaged certificate"));
  EXPECT_THAT(said(issued.certificate + issued.certificate.substr(0, 200)), HasSubstr("damaged certificate"));
  EXPECT_EQ(read_certificates("/nowhere.pem").error().text, "cannot read /nowhere.pem: No such file or directory");
  EXPECT_EQ(read_certificates("/dev/zero").error().text, "cannot read /dev/zero: not a regular file");
}

TEST(Keys, OpenWithTheirPassword) {
  Folder folder;
  auto issued = Authority().issue();
  auto plain = folder.write("plain.key", issued.key);
  auto locked = folder.write("locked.key", encrypted(issued.key, "pw-1"));
  EXPECT_EQ(key_is_encrypted(plain), false);
  EXPECT_EQ(key_is_encrypted(locked), true);
  EXPECT_TRUE(check_key(plain, Secret()));
  EXPECT_TRUE(check_key(locked, Secret("pw-1")));
  EXPECT_EQ(check_key(locked, Secret()).error().text, locked + " is encrypted, and there is no key_password");
  EXPECT_THAT(check_key(locked, Secret("pw-2")).error().text, HasSubstr("cannot be decrypted with key_password"));
  EXPECT_THAT(check_key(locked, Secret("pw-2")).error().text, testing::Not(HasSubstr("pw-2")));
}

TEST(Keys, WhatIsNoneIsSaid) {
  Folder folder;
  auto issued = Authority().issue();
  auto said = [&](const std::string& content) { return check_key(folder.write("f", content), Secret()).error().text; };
  EXPECT_THAT(said(issued.certificate), HasSubstr("holds no private key, but a certificate"));
  EXPECT_THAT(said("x"), HasSubstr("is not PEM"));
  EXPECT_THAT(said(issued.key.substr(0, 100) + "\n-----END PRIVATE KEY-----\n"), HasSubstr("damaged private key"));
  EXPECT_FALSE(key_is_encrypted("/nowhere.key"));
}

TEST(Keys, FitTheirCertificate) {
  Folder folder;
  Authority authority;
  auto one = authority.issue({.name = "one"}), two = authority.issue({.name = "two"});
  auto certificate = folder.write("one.pem", one.certificate + authority.pem());
  EXPECT_TRUE(check_pair(certificate, folder.write("one.key", one.key), Secret()));
  auto other = folder.write("two.key", two.key);
  EXPECT_EQ(check_pair(certificate, other, Secret()).error().text,
            other + " is not the key of the certificate in " + certificate + " (CN=one)");
  auto both = folder.write("both.pem", one.key + one.certificate);
  EXPECT_TRUE(check_pair(both, both, Secret())) << "they may be in one file";
}

}  // namespace
}  // namespace mombridge::tls::test
