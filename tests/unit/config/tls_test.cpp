#include "config/tls.hpp"

#include "config/files.hpp"
#include "config/yaml_reader.hpp"
#include "loading.hpp"
#include "tls/making.hpp"

namespace mombridge::config::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Tls : public testing::Test {
 protected:
  struct Read {
    TlsSettings settings;
    std::vector<std::string> said;  ///< without the folder
  };

  /// `keys`: the lines under `tls:`, which is the first line.
  Read read(const std::string& keys, bool environment = true) const {
    Diagnostics diagnostics;
    auto file = (folder_.path() / "c.yaml").string();
    Node root;
    Read result;
    EXPECT_TRUE(parse(file, "tls:\n  " + keys + "\n", root, diagnostics));
    expand(root, "", environment, diagnostics);
    {
      Section top(root, "", diagnostics);
      if (auto tls = top.section("tls")) read_tls(*tls, environment, result.settings);
    }
    for (auto& diagnostic : diagnostics.sorted()) {
      auto text = diagnostic.text();
      for (size_t at; (at = text.find(folder_.path().string() + "/")) != std::string::npos;)
        text.erase(at, folder_.path().string().size() + 1);
      result.said.push_back(text);
    }
    return result;
  }

  void write(const std::string& name, const tls::test::Issued& issued) const {
    folder_.write(name + ".pem", issued.certificate);
    folder_.write(name + ".key", issued.key);
  }

  Folder folder_;
  tls::test::Authority authority_;
};

TEST_F(Tls, ReadsEverything) {
  folder_.write("certs/ca.pem", authority_.pem());
  auto client = authority_.issue({.name = "bridge"});
  folder_.write("client.pem", client.certificate);
  folder_.write("client.key", tls::test::encrypted(client.key, "pw"));
  folder_.write("secret", "pw");
  auto [s, said] = read(
      "{ca: certs/ca.pem, cert: client.pem, key: ./client.key, key_password: '${file:secret}', "
      "server_name: rabbit.internal, min_version: '1.3'}");
  EXPECT_THAT(said, Not(testing::Contains(HasSubstr("error"))));
  EXPECT_EQ(s.ca, folder_.path() / "certs/ca.pem");
  EXPECT_EQ(s.certificate, folder_.path() / "client.pem");
  EXPECT_EQ(s.key, folder_.path() / "client.key");
  EXPECT_EQ(s.key_password.read().value.reveal(), "pw");
  EXPECT_EQ(s.server_name, "rabbit.internal");
  EXPECT_EQ(s.min_version, TlsSettings::Version::v1_3);
  auto empty = read("{}");
  EXPECT_THAT(empty.said, IsEmpty());
  EXPECT_EQ(empty.settings.min_version, TlsSettings::Version::v1_2);
  EXPECT_EQ(empty.settings.ca, "");
}

TEST_F(Tls, WhatDoesNotFitTogether) {
  write("one", authority_.issue({.name = "one"}));
  write("two", authority_.issue({.name = "two"}));
  EXPECT_THAT(
      read("{cert: one.pem}").said,
      ElementsAre("c.yaml:2:10: error: tls.cert: a certificate without its key (key: client.key; it may be in the "
                  "same file)"));
  EXPECT_THAT(read("{key: one.key}").said,
              ElementsAre(HasSubstr("2:9: error: tls.key: a key without its certificate")));
  EXPECT_THAT(read("{key_password: x}").said, ElementsAre(HasSubstr("tls.key_password: a password without a key")));
  EXPECT_THAT(
      read("{cert: one.pem, key: two.key}").said,
      ElementsAre("c.yaml:2:24: error: tls.key: two.key is not the key of the certificate in one.pem (CN=one)"));
  EXPECT_THAT(read("{cert: one.pem, key: one.key, key_password: x}").said,
              ElementsAre(HasSubstr("warning: tls.key_password: not needed: one.key is not encrypted")));
}

TEST_F(Tls, EncryptedKeys) {
  auto client = authority_.issue();
  folder_.write("c.pem", client.certificate);
  folder_.write("c.key", tls::test::encrypted(client.key, "pw"));
  EXPECT_THAT(read("{cert: c.pem, key: c.key}").said,
              ElementsAre("c.yaml:2:22: error: tls.key: c.key is encrypted (key_password: "
                          "${file:/run/secrets/key-password})"));
  EXPECT_THAT(read("{cert: c.pem, key: c.key, key_password: hunter2}").said,
              ElementsAre(AllOf(HasSubstr("2:43: error: tls.key_password: c.key cannot be decrypted with key_password"),
                                Not(HasSubstr("hunter2")))));
}

TEST_F(Tls, FilesThatCannotBeRead) {
  folder_.write("no.pem", "no");
  EXPECT_THAT(read("{ca: away.pem}").said,
              ElementsAre("c.yaml:2:8: error: tls.ca: cannot read away.pem: No such file or directory"));
  EXPECT_THAT(read("{ca: no.pem}").said, ElementsAre(HasSubstr("tls.ca: no.pem is not PEM")));
  EXPECT_THAT(read("{ca: ''}").said, ElementsAre(HasSubstr("tls.ca: an empty path")));
  write("one", authority_.issue());
  EXPECT_THAT(read("{cert: one.pem, key: no.pem}").said, ElementsAre(HasSubstr("tls.key: no.pem is not PEM")));
  EXPECT_THAT(read("{cert: no.pem, key: no.pem}").said, ElementsAre(HasSubstr("tls.cert: no.pem is not PEM")));
  EXPECT_THAT(read("{ca: away.pem, cert: no.pem, key: no.pem}", false).said, IsEmpty()) << "they are not looked at";
  EXPECT_THAT(read("{ca: '${env:CA}', key_password: '${file:x}', cert: a, key: b}", false).said, IsEmpty());
}

TEST_F(Tls, CertificatesThatEndAreWarnedOf) {
  write("soon", authority_.issue({.name = "soon", .ends = std::chrono::hours(24 * 20)}));
  write("over", authority_.issue({.name = "over", .ends = -60s}));
  folder_.write("ca.pem", authority_.pem() + tls::test::Authority("Old CA", -60s).pem());
  EXPECT_THAT(read("{cert: soon.pem, key: soon.key}").said,
              ElementsAre(HasSubstr("2:10: warning: tls.cert: soon.pem: the certificate of 'CN=soon' ends on 20")));
  EXPECT_THAT(read("{cert: over.pem, key: over.key}").said,
              ElementsAre(HasSubstr("warning: tls.cert: over.pem: the certificate of 'CN=over' ended on 20")));
  EXPECT_THAT(read("{ca: ca.pem}").said,
              ElementsAre(HasSubstr("warning: tls.ca: ca.pem: the certificate of 'CN=Old CA'")));
}

TEST_F(Tls, AKeyThatAnybodyMayReadIsWarnedOf) {
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  write("one", authority_.issue());
  auto key = folder_.path() / "one.key";
  std::filesystem::permissions(key, std::filesystem::perms(0644));
  EXPECT_THAT(read("{cert: one.pem, key: one.key}").said,
              ElementsAre(HasSubstr("warning: tls.key: anybody may read one.key (chmod o-r one.key)")));
  std::filesystem::permissions(key, std::filesystem::perms(0640));
  EXPECT_THAT(read("{cert: one.pem, key: one.key}").said, IsEmpty());
}

TEST_F(Tls, VerificationHasNoSwitch) {
  for (auto* key : {"verify: false", "insecure: true", "verify_peer: no", "skip_verify: true"})
    EXPECT_THAT(read("{" + std::string(key) + "}").said,
                ElementsAre(AllOf(HasSubstr("there is no switch for verification"), HasSubstr("ca:"))));
}

TEST_F(Tls, Values) {
  for (auto* version : {"1.1", "1.0"})
    EXPECT_THAT(read("{min_version: " + std::string(version) + "}").said,
                ElementsAre(HasSubstr("is not safe any more")));
  EXPECT_THAT(read("{min_version: TLSv1.2}").said, ElementsAre(HasSubstr("unknown value 'TLSv1.2'")));
  EXPECT_THAT(read("{server_name: 'a:5671/'}").said, ElementsAre(HasSubstr("is not the name of a host")));
  EXPECT_EQ(read("{server_name: '::1'}").settings.server_name, "::1");
  EXPECT_THAT(read("{certificate: x}").said, ElementsAre(HasSubstr("unknown key 'certificate' (cert: client.pem)")));
}

}  // namespace
}  // namespace mombridge::config::test
