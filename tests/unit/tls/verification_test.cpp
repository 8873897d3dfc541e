#include "tls/verification.hpp"

#include <gmock/gmock.h>
#include <openssl/x509_vfy.h>

namespace mombridge::tls::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Certificate certificate() {
  return {.subject = "CN=kafka-1",
          .issuer = "CN=Shop CA",
          .names = {"DNS:kafka-1.shop", "IP:10.0.0.1"},
          .begins = WallTime(std::chrono::seconds(1798192800)),
          .ends = WallTime(std::chrono::seconds(1798279200))};
}

std::string why(int code, const std::string& ca = "", const Certificate& its = certificate()) {
  return why_not_trusted(code, its, "kafka-1", ca);
}

TEST(Verification, SaysWhenACertificateHolds) {
  EXPECT_THAT(why(X509_V_ERR_CERT_HAS_EXPIRED), HasSubstr("(CN=kafka-1) ended on 2026-12-26 10:00 UTC: renew it"));
  EXPECT_THAT(why(X509_V_ERR_CERT_NOT_YET_VALID), HasSubstr("is not valid before 2026-12-25 10:00 UTC: is this"));
}

TEST(Verification, SaysWhichNamesItHas) {
  for (int code : {X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH})
    EXPECT_THAT(why(code), HasSubstr("is for DNS:kafka-1.shop, IP:10.0.0.1 and not for kafka-1: "));
  auto without = certificate();
  without.names.clear();
  EXPECT_THAT(why(X509_V_ERR_HOSTNAME_MISMATCH, "", without), HasSubstr("has no names at all, so not kafka-1"));
  auto many = certificate();
  many.names.assign(15, "DNS:a");
  EXPECT_THAT(why(X509_V_ERR_HOSTNAME_MISMATCH, "", many), HasSubstr("DNS:a and 5 more and not for"));
}

TEST(Verification, SaysWhoseIssuerIsNotKnownAndWhereItBelongs) {
  for (int code : {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
                   X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                   X509_V_ERR_CERT_SIGNATURE_FAILURE}) {
    EXPECT_THAT(why(code), AllOf(HasSubstr("issued by CN=Shop CA"), HasSubstr("tls: {ca: ca.pem}")));
    EXPECT_THAT(why(code, "/etc/ca.pem"), HasSubstr("issued by CN=Shop CA, which is not in /etc/ca.pem: put its CA"));
  }
  auto own = certificate();
  own.issuer = own.subject;
  EXPECT_THAT(why(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "", own), HasSubstr("signed by itself (CN=kafka-1)"));
}

TEST(Verification, SaysTheRestInOpenSslsWords) {
  EXPECT_THAT(why(X509_V_ERR_INVALID_PURPOSE), HasSubstr("extendedKeyUsage must have serverAuth"));
  EXPECT_THAT(why(X509_V_ERR_CERT_REVOKED), HasSubstr("is not accepted: certificate revoked"));
}

TEST(Verification, WhatIsNoCertificateIsSaid) {
  for (std::string_view der : {"", "x", "\x30\x82\x7f\x7f"}) {
    auto read = from_der(der);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().text, HasSubstr("not a certificate"));
  }
}

}  // namespace
}  // namespace mombridge::tls::test
