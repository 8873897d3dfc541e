#include "token/token.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "token/jwt.hpp"
#include "token/token_file.hpp"

namespace mombridge::token {
namespace {

namespace fs = std::filesystem;

TEST(TokenTest, TakesTheClaimsOfAJwt) {
  auto text = jwt(R"({"sub":"bridge","exp":1900000000,"scope":"a b"})");
  auto token = read_token("  " + text + "\n");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text.reveal(), text);
  EXPECT_EQ(token->subject, "bridge");
  EXPECT_EQ(token->ends_ms, 1900000000000);
}

TEST(TokenTest, AnEndMayHaveAFraction) {
  EXPECT_EQ(read_token(jwt(R"({"exp":1900000000.25})"))->ends_ms, 1900000000250);
}

TEST(TokenTest, WhatIsNoJwtSaysNothing) {
  for (auto* text : {"opaque", "a.b", "a.b.c.d", "..", "a.%%%.c", "a.bm90IGpzb24.c"}) {
    auto token = read_token(text);
    ASSERT_TRUE(token) << text;
    EXPECT_EQ(token->ends_ms, std::nullopt) << text;
    EXPECT_EQ(token->subject, "") << text;
  }
}

TEST(TokenTest, ClaimsOfOtherTypesSayNothing) {
  for (auto* payload : {"[]", "null", "17", R"("text")", R"({"exp":"soon","sub":17})", R"({"exp":null,"sub":null})",
                        R"({"exp":[1],"sub":{}})", R"({"exp":true})", "{", "\xff\xfe", "{\"sub\":\"\xff\"}"}) {
    auto token = read_token(jwt(payload));
    ASSERT_TRUE(token) << payload;
    EXPECT_EQ(token->ends_ms, std::nullopt) << payload;
    EXPECT_EQ(token->subject, "") << payload;
  }
}

TEST(TokenTest, EndsThatNoClockShowsStayInBounds) {
  constexpr int64_t kLast = 253402300799000;
  EXPECT_EQ(read_token(jwt(R"({"exp":1e300})"))->ends_ms, kLast);
  EXPECT_EQ(read_token(jwt(R"({"exp":99999999999999999999})"))->ends_ms, kLast);
  EXPECT_EQ(read_token(jwt(R"({"exp":-5})"))->ends_ms, 0);
  EXPECT_EQ(read_token(jwt(R"({"exp":-1e300})"))->ends_ms, 0);
}

TEST(TokenTest, DeepNestingCostsNothing) {
  auto token = read_token(jwt(R"({"sub":)" + std::string(20000, '[')));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->subject, "");
  EXPECT_TRUE(read_token(jwt(std::string(10000, '[') + std::string(10000, ']'))));
}

TEST(TokenTest, RefusesWhatNoTokenIs) {
  for (auto& text : {std::string(), std::string(" \n\t"), std::string("two words"), std::string("line\nline"),
                     std::string("nul\0nul", 7), std::string("sch\xc3\xb6n"), std::string(64 * 1024 + 1, '~')}) {
    auto token = read_token(text);
    ASSERT_FALSE(token) << text;
    if (text.size() <= 3) continue;
    EXPECT_EQ(token.error().text.find(text.substr(0, 3)), std::string::npos) << token.error().text;
  }
}

TEST(TokenTest, TimesAreTexts) { EXPECT_EQ(time_text(1900000000000), "2030-03-17T17:46:40Z"); }

class TokenFileTest : public testing::Test {
 protected:
  TokenFileTest() : folder(fs::path(testing::TempDir()) / ("token." + std::to_string(::getpid()))) {
    fs::create_directories(folder);
  }
  ~TokenFileTest() override { fs::remove_all(folder); }
  void write(const fs::path& name, const std::string& text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  }
  std::string read(const std::string& name = "token") {
    auto token = read_token_file((folder / name).string());
    return token ? token->text.reveal() : token.error().text;
  }

  fs::path folder;
};

TEST_F(TokenFileTest, IsReadAsItIsNow) {
  write("token", "one\n");
  EXPECT_EQ(read(), "one");
  write("new", "two\n");
  fs::rename(folder / "new", folder / "token");
  EXPECT_EQ(read(), "two");
}

// As Kubernetes does it: token -> ..data/token, ..data -> ..1, and ..data is replaced by rename.
TEST_F(TokenFileTest, FollowsASwappedFolder) {
  write("..1/token", "one");
  write("..2/token", "two");
  fs::create_directory_symlink("..1", folder / "..data");
  fs::create_symlink("..data/token", folder / "token");
  EXPECT_EQ(read(), "one");
  fs::create_directory_symlink("..2", folder / "..data_tmp");
  fs::rename(folder / "..data_tmp", folder / "..data");
  fs::remove_all(folder / "..1");
  EXPECT_EQ(read(), "two");
}

TEST_F(TokenFileTest, SaysWhatIsWrong) {
  EXPECT_NE(read("none").find("cannot read " + (folder / "none").string()), std::string::npos) << read("none");
  EXPECT_NE(read(".").find("not a regular file"), std::string::npos) << read(".");
  write("empty", "\n");
  EXPECT_EQ(read("empty"), (folder / "empty").string() + " holds no token: it is empty");
  write("prose", "hush hush");
  EXPECT_NE(read("prose").find("more than one word"), std::string::npos) << read("prose");
  EXPECT_EQ(read("prose").find("hush"), std::string::npos);
}

}  // namespace
}  // namespace mombridge::token
