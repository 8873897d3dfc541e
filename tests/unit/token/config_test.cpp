#include "token/config.hpp"

#include <gmock/gmock.h>

#include "config/files.hpp"
#include "tls/making.hpp"

namespace mombridge::token {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TokenConfigTest : public testing::Test {
 protected:
  /// What stands under the broker's section, as one line of flow style.
  void read(const std::string& token, bool environment = true) {
    config::Diagnostics diagnostics;
    config::Node root;
    ASSERT_TRUE(config::parse(file, "shop: {" + token + "}\n", root, diagnostics));
    config::expand(root, "", environment, diagnostics);
    {
      config::Section top(root, "", diagnostics);
      auto broker = top.section("shop");
      settings = read_settings(*broker, environment);
    }
    said.clear();
    for (auto& diagnostic : diagnostics.sorted()) said.push_back(diagnostic.text());
  }

  tls::test::Folder folder;
  std::string file = folder.write("c.yaml", "");
  std::optional<Settings> settings;
  std::vector<std::string> said;
};

TEST_F(TokenConfigTest, ReadsAFile) {
  auto path = folder.write("token", "opaque\n");
  read("token: {file: token}");
  EXPECT_THAT(said, IsEmpty());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->file, path);
  read("token: {file: " + path + "}");
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(TokenConfigTest, ReadsAUrl) {
  auto ca = folder.write("ca.pem", tls::test::Authority().pem());
  folder.write("secret", "hush\n");
  read(
      "token: {url: https://idp.example/token, client_id: bridge, client_secret: '${file:secret}', scope: a b, "
      "ca: ca.pem, auth: post, params: {audience: rabbit, resource: x}}");
  EXPECT_THAT(said, IsEmpty());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->file, "");
  EXPECT_EQ(settings->url.text(), "https://idp.example/token");
  EXPECT_EQ(settings->client_id, "bridge");
  EXPECT_EQ(settings->client_secret.read().value.reveal(), "hush");
  EXPECT_EQ(settings->scope, "a b");
  EXPECT_EQ(settings->ca, ca);
  EXPECT_EQ(settings->auth, ClientAuth::post);
  ASSERT_EQ(settings->params.size(), 2u);
  EXPECT_EQ(settings->params[0], (std::pair<std::string, std::string>("audience", "rabbit")));
}

TEST_F(TokenConfigTest, IsOptional) {
  read("");
  EXPECT_FALSE(settings);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(TokenConfigTest, IsOneOfBoth) {
  read("token: {}");
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("neither file: nor url:"), HasSubstr("token: {file:"))));
  read("token: {file: t, url: 'https://idp.example'}");
  EXPECT_THAT(said, ElementsAre(HasSubstr("shop.token.url: beside file:")));
  read("token: '${env:TOKEN:-eyJ0}'");
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("shop.token: must be a map"))));
}

TEST_F(TokenConfigTest, AFileHasNoKeysOfAUrl) {
  folder.write("token", "opaque\n");
  read("token: {file: token, client_id: x, ca: y}");
  EXPECT_THAT(said, ElementsAre(HasSubstr("shop.token.client_id: only with url:"), HasSubstr("shop.token.ca: only")));
}

TEST_F(TokenConfigTest, AFileMayComeLater) {
  read("token: {file: token}");
  EXPECT_TRUE(settings);
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("warning"), HasSubstr("cannot read"))));
  read("token: {file: token}", false);
  EXPECT_THAT(said, IsEmpty());
  folder.write("token", "");
  read("token: {file: token}");
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("warning"), HasSubstr("holds no token: it is empty"))));
  read("token: {file: ''}");
  EXPECT_THAT(said, ElementsAre(HasSubstr("an empty path")));
}

TEST_F(TokenConfigTest, SaysWhatIsWrongWithAUrl) {
  read("token: {url: 'http://idp.example/token', client_id: a, client_secret: b}");
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("shop.token.url"), HasSubstr("unencrypted"))));
  read("token: {url: 'http://127.0.0.1:80/token', client_id: a, client_secret: b}");
  EXPECT_THAT(said, IsEmpty());
  read("token: {url: 'https://idp.example'}");
  EXPECT_THAT(said, ElementsAre(HasSubstr("missing key 'client_id'"), HasSubstr("missing key 'client_secret'")));
  read("token: {url: 'https://idp.example', client_id: '', client_secret: b, auth: jwt}");
  EXPECT_THAT(said, ElementsAre(HasSubstr("client_id: an empty name"), HasSubstr("auth: unknown value 'jwt'")));
  read("token: {url: 'https://idp.example', client_id: a, client_secret: b, ca: none.pem}");
  EXPECT_THAT(said, ElementsAre(HasSubstr("none.pem")));
}

TEST_F(TokenConfigTest, SaysWhereOtherNamesBelong) {
  std::string rest = "url: 'https://idp.example', client_id: a, client_secret: b";
  read("token: {" + rest + ", audience: x, scopes: y, verify: false}");
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("'audience'"), HasSubstr("params: {audience: …}")),
                                AllOf(HasSubstr("'scopes'"), HasSubstr("scope:")), HasSubstr("unknown key 'verify'")));
  read("token: {" + rest + ", params: {scope: x, grant_type: password}}");
  EXPECT_THAT(said, ElementsAre(HasSubstr("shop.token.params.scope: the bridge writes"),
                                HasSubstr("shop.token.params.grant_type: the bridge writes")));
}

TEST_F(TokenConfigTest, WithoutItsEnvironmentNothingIsLookedUp) {
  read("token: {url: '${env:NONE}', client_id: '${env:NONE}', client_secret: '${file:none}', ca: none.pem}", false);
  EXPECT_THAT(said, IsEmpty());
}

}  // namespace
}  // namespace mombridge::token
