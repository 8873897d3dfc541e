#include "broker/certificate_ends.hpp"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>

#include "tls/making.hpp"

namespace mombridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class CertificateEndsTest : public testing::Test {
 protected:
  /// "WHOSE DAYS" from now, once something is known.
  static std::vector<std::string> known(CertificateEnds& ends) {
    for (auto end = Clock::now() + 60s; ends.read().empty() && Clock::now() < end; std::this_thread::sleep_for(1ms))
      ends.want();
    std::vector<std::string> all;
    auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    for (auto& one : ends.read())
      all.push_back(one.whose + " " + std::to_string((one.ends - now.count() + 3600) / (24 * 3600)));
    return all;
  }
  [[nodiscard]] std::string issued(int days) const { return authority.issue({.ends = 24h * days}).certificate; }

  tls::test::Authority authority;
  tls::test::Folder folder;
  config::TlsSettings tls;
};

TEST_F(CertificateEndsTest, AreThoseInTheFiles) {
  tls.certificate = folder.write("client.pem", issued(20));
  tls.ca = folder.write("ca.pem", authority.pem());
  CertificateEnds ends(&tls);
  EXPECT_THAT(ends.read(), IsEmpty()) << "nobody wanted to know";
  EXPECT_THAT(known(ends), ElementsAre("client 20", "ca 365"));
}

TEST_F(CertificateEndsTest, OfAClientsChainTheFirstEndCountsOfSeveralCAsTheLast) {
  tls.certificate = folder.write("client.pem", issued(20) + issued(10) + issued(30));
  tls.ca = folder.write("ca.pem", issued(2) + issued(3) + issued(1));
  CertificateEnds ends(&tls);
  EXPECT_THAT(known(ends), ElementsAre("client 10", "ca 3"));
}

TEST_F(CertificateEndsTest, AFileThatIsReplacedIsReadAgain) {
  tls.certificate = folder.write("client.pem", issued(20));
  CertificateEnds ends(&tls, 1ms);
  EXPECT_THAT(known(ends), ElementsAre("client 20"));
  folder.write("client.pem", issued(40));
  auto end = Clock::now() + 60s;
  while (known(ends) != std::vector<std::string>{"client 40"} && Clock::now() < end) {
    ends.want();
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_THAT(known(ends), ElementsAre("client 40"));
}

TEST_F(CertificateEndsTest, WhatCannotBeReadIsLeftOut) {
  tls.certificate = "/nowhere/client.pem";
  tls.ca = folder.write("ca.pem", authority.pem());
  CertificateEnds ends(&tls);
  EXPECT_THAT(known(ends), ElementsAre("ca 365"));
}

TEST_F(CertificateEndsTest, WithoutFilesThereIsNothing) {
  CertificateEnds plain(nullptr), system_trust(&tls);
  plain.want();
  system_trust.want();
  EXPECT_THAT(plain.read(), IsEmpty());
  EXPECT_THAT(system_trust.read(), IsEmpty());
}

}  // namespace
}  // namespace mombridge
