#include "token/answer.hpp"

#include <gtest/gtest.h>

#include "token/jwt.hpp"

namespace mombridge::token {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;
const Secret kSecret("s3cr3t/+");

Settings settings() {
  Settings settings;
  settings.url = *parse_url("https://idp.example/token");
  settings.client_id = "bridge";
  return settings;
}

std::string error_of(int status, const std::string& body) {
  auto token = read_answer({status, body}, kSecret, kNow);
  return token ? "" : token.error().text;
}

TEST(TokenRequestTest, SaysWhoItIsInTheHeader) {
  auto request = make_request(settings(), kSecret);
  EXPECT_EQ(request.url.host, "idp.example");
  EXPECT_EQ(request.body.reveal(), "grant_type=client_credentials");
  // bridge:s3cr3t%2F%2B: RFC 6749 has both encoded before they are joined.
  EXPECT_EQ(request.authorization.reveal(), "Basic YnJpZGdlOnMzY3IzdCUyRiUyQg==");
}

TEST(TokenRequestTest, SaysWhoItIsInTheForm) {
  auto s = settings();
  s.auth = ClientAuth::post;
  auto request = make_request(s, kSecret);
  EXPECT_TRUE(request.authorization.empty());
  EXPECT_EQ(request.body.reveal(), "grant_type=client_credentials&client_id=bridge&client_secret=s3cr3t%2F%2B");
}

TEST(TokenRequestTest, HasScopeAndParameters) {
  auto s = settings();
  s.scope = "rabbitmq.read:*/* rabbitmq.write:*/*";
  s.params = {{"audience", "rabbit & co"}, {"x", ""}};
  EXPECT_EQ(make_request(s, kSecret).body.reveal(),
            "grant_type=client_credentials&scope=rabbitmq.read%3A%2A%2F%2A%20rabbitmq.write%3A%2A%2F%2A"
            "&audience=rabbit%20%26%20co&x=");
}

TEST(TokenAnswerTest, HasAToken) {
  auto token = read_answer({200, R"({"access_token":"opaque","token_type":"Bearer","expires_in":300})"}, kSecret, kNow);
  ASSERT_TRUE(token) << token.error().text;
  EXPECT_EQ(token->text.reveal(), "opaque");
  EXPECT_EQ(token->ends_ms, kNow + 300'000);
}

TEST(TokenAnswerTest, TheEndpointsWordOnItsLifeCountsMore) {
  auto text = jwt(R"({"sub":"bridge","exp":1700000100})");
  auto token = read_answer({200, R"({"access_token":")" + text + R"(","expires_in":60})"}, kSecret, kNow);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->ends_ms, kNow + 60'000);
  EXPECT_EQ(token->subject, "bridge");
  token = read_answer({200, R"({"access_token":")" + text + R"("})"}, kSecret, kNow);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->ends_ms, kNow + 100'000);
}

TEST(TokenAnswerTest, OddLives) {
  auto ends = [](const std::string& life) {
    auto token = read_answer({200, R"({"access_token":"t","expires_in":)" + life + "}"}, kSecret, kNow);
    return token ? token->ends_ms : std::optional<int64_t>(-1);
  };
  EXPECT_EQ(ends(R"("300")"), kNow + 300'000);
  EXPECT_EQ(ends("1.5"), kNow + 1'500);
  for (auto* none : {"0", "-5", "null", "true", "[]", R"("soon")", R"("")", R"("3x")", R"("nan")", R"("inf")"})
    EXPECT_EQ(ends(none), std::nullopt) << none;
  EXPECT_EQ(ends("1e300"), kNow + int64_t{10} * 365 * 24 * 3600 * 1000);
}

TEST(TokenAnswerTest, WhatIsNoTokenIsRefused) {
  for (auto* body : {"", "rubbish", "[]", "null", "{", R"({"token":"t"})", R"({"access_token":""})",
                     R"({"access_token":17})", R"({"access_token":null})", R"({"access_token":"two words"})",
                     R"({"access_token":"t","token_type":"mac"})", "\xff\xfe"})
    EXPECT_NE(error_of(200, body), "") << body;
  EXPECT_NE(error_of(200, "<html>").find("no JSON"), std::string::npos);
}

TEST(TokenAnswerTest, BytesOfAnAnswerThatMayHoldATokenAreNotShown) {
  for (auto* body : {"hush", R"(["hush"])", R"({"accessToken":"hush"})", R"({"access_token":"hush hush"})"})
    EXPECT_EQ(error_of(200, body).find("hush"), std::string::npos) << body;
}

TEST(TokenAnswerTest, RefusalsAreInWords) {
  EXPECT_EQ(error_of(401, R"({"error":"invalid_client","error_description":"no such client"})"),
            "it answers 401 invalid_client (no such client): are client_id and client_secret right?");
  EXPECT_EQ(error_of(400, R"({"error":"invalid_scope"})"),
            "it answers 400 invalid_scope: is the scope one that this client may have?");
  EXPECT_EQ(error_of(401, "no"), "it answers 401: are client_id and client_secret right?");
  EXPECT_EQ(error_of(503, "<html>"), "it answers 503");
  EXPECT_EQ(error_of(404, ""), "it answers 404: is the path of the url right?");
  EXPECT_NE(error_of(302, "").find("redirect"), std::string::npos);
  EXPECT_EQ(error_of(400, R"({"error":17,"error_description":["x"]})"), "it answers 400");
  EXPECT_EQ(error_of(500, R"({"error":"a\nb"})"), "it answers 500 a\\x0ab");
}

TEST(TokenAnswerTest, ASecretThatIsRepeatedIsNotShown) {
  auto error = error_of(401, R"({"error":"invalid_client","error_description":"'s3cr3t/+' is wrong"})");
  EXPECT_EQ(error.find("s3cr3t"), std::string::npos) << error;
  EXPECT_NE(error.find("invalid_client"), std::string::npos) << error;
}

}  // namespace
}  // namespace mombridge::token
