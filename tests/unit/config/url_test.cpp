#include "loading.hpp"

namespace mombridge::amqp {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Case {
  std::string url, host, port, vhost, user, password;
};

class Url : public testing::TestWithParam<Case> {};

TEST_P(Url, Parses) {
  auto& expected = GetParam();
  auto parsed = parse_url(expected.url);
  ASSERT_TRUE(parsed) << parsed.error().text;
  auto& endpoint = parsed->endpoint;
  EXPECT_EQ(endpoint.host, expected.host);
  EXPECT_EQ(endpoint.port, expected.port);
  EXPECT_EQ(endpoint.vhost, expected.vhost);
  EXPECT_EQ(endpoint.user, expected.user);
  EXPECT_EQ(endpoint.password.read().value.reveal(), expected.password);
}

INSTANTIATE_TEST_SUITE_P(Good, Url,
                         testing::Values(Case{"amqp://localhost", "localhost", "5672", "/", "guest", "guest"},
                                         Case{"amqp://rabbit.local/", "rabbit.local", "5672", "/", "guest", "guest"},
                                         Case{"amqp://rabbit:5673/shop", "rabbit", "5673", "shop", "guest", "guest"},
                                         Case{"amqp://u:p@rabbit/%2F", "rabbit", "5672", "/", "u", "p"},
                                         Case{"amqp://u:p@rabbit/a%2fb%20c", "rabbit", "5672", "a/b c", "u", "p"},
                                         Case{"amqp://u%40x:p%2F%3A%40@[::1]:1/v", "::1", "1", "v", "u@x", "p/:@"},
                                         Case{"amqp://[fe80::1%eth0]", "fe80::1%eth0", "5672", "/", "guest", "guest"},
                                         Case{"amqp://u:@rabbit", "rabbit", "5672", "/", "u", ""},
                                         Case{"amqp://u:p:q@r@rabbit", "rabbit", "5672", "/", "u", "p:q@r"},
                                         Case{"amqps://127.0.0.1:5671", "127.0.0.1", "5671", "/", "guest", "guest"}));

TEST(UrlErrors, ASchemeIsNotAll) {
  for (auto* url : {"amqp", "amqps", "amqp:", "amqps:/", "amqp//host"}) {
    auto parsed = parse_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().text, "does not begin with amqp:// or amqps://") << url;
  }
}

TEST(UrlErrors, NameNoSecrets) {
  for (auto* url : {"",
                    "amqp:",
                    "amqp:/x",
                    "http://user:secret@host",
                    "amqp://user:secret@",
                    "amqp://user:secret@host:x",
                    "amqp://user:sec%ret@host",
                    "amqp://user:secret%1",
                    "amqp://user:sec/ret@host",
                    "amqp://user:secret@ho st",
                    "amqp://user:secret@[::1",
                    "amqp://user:secret@[]",
                    "amqp://user:secret@host:0",
                    "amqp://user:secret@host:65536",
                    "amqp://user:secret@host/%",
                    "amqp://user:secret@host/a/b",
                    "amqp://user:secret@host/v?x=secret",
                    "amqp://user:se%00cret@host",
                    "user:secret@host",
                    "secret"}) {
    auto parsed = parse_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_THAT(parsed.error().text, Not(HasSubstr("sec")));
  }
  EXPECT_THAT(parse_url("amqp://host/" + std::string(256, 'v')).error().text, HasSubstr("longer than 255"));
}

}  // namespace
}  // namespace mombridge::amqp
