#include "routing/template.hpp"

#include <gmock/gmock.h>

namespace mombridge::routing {
namespace {

using testing::HasSubstr;

Template parsed(const std::string& text) {
  auto t = Template::parse(text);
  EXPECT_TRUE(t) << t.error().text;
  return t.value_or(Template{});
}

std::string error(const std::string& text) {
  auto t = Template::parse(text);
  return t ? "" : t.error().text;
}

struct Fixture {
  std::vector<Header> headers;
  Message message;
  Fixture() {
    message.target = "order.new";
    message.key = "k1";
  }
  Result<std::string> render(const std::string& text) {
    message.headers = headers;
    std::string storage;
    auto compiled = parsed(text);  // a constant is rendered as a view of it
    auto out = compiled.render(message, "shop", storage);
    if (!out) return fail(out.error());
    return std::string(*out);
  }
};

TEST(Template, RendersEachVariable) {
  Fixture f;
  f.headers = {{"customer", Value::of("c7")}};
  EXPECT_EQ(f.render("orders"), "orders");
  EXPECT_EQ(f.render(""), "");
  EXPECT_EQ(f.render("{target}"), "order.new");
  EXPECT_EQ(f.render("x.{target}.y"), "x.order.new.y");
  EXPECT_EQ(f.render("{key}"), "k1");
  EXPECT_EQ(f.render("{broker}"), "shop");
  EXPECT_EQ(f.render("{header.customer}"), "c7");
  EXPECT_EQ(f.render("{broker}-{key}{header.customer}-}"), "shop-k1c7-}");
}

TEST(Template, RendersHeadersOfOtherTypesAsText) {
  Fixture f;
  f.headers = {{"n", Value::of(int64_t{42})}, {"b", Value::of_bool(true)}, {"raw", Value::of_bytes("\x01\x02")}};
  EXPECT_EQ(f.render("{header.n}"), "42");
  EXPECT_EQ(f.render("{header.b}"), "true");
  EXPECT_EQ(f.render("{header.raw}"), "\x01\x02");
}

TEST(Template, TakesTheLastOfHeadersOfOneName) {
  Fixture f;
  f.headers = {{"n", Value::of("first")}, {"n", Value::of("last")}};
  EXPECT_EQ(f.render("{header.n}"), "last");
}

TEST(Template, RefusesWhatTheMessageLacks) {
  Fixture f;
  f.message.key.reset();
  std::vector<Header> members{{"", Value::of("a")}, {"", Value::of("b")}};
  Value array;
  array.kind = Value::Kind::array;
  array.members = members;
  f.headers = {{"list", array}, {"nothing", Value{}}};
  EXPECT_EQ(f.render("x{key}").error().text, "'x{key}' needs a key and the message has none");
  EXPECT_EQ(f.render("x{header.a}").error().text, "'x{header.a}' needs the header 'a' and the message lacks it");
  EXPECT_EQ(f.render("{header.list}").error().text,
            "'{header.list}' needs the header 'list' and the message has no plain value in it");
  EXPECT_THAT(f.render("{header.nothing}").error().text, HasSubstr("has no plain value in it"));
}

TEST(Template, AnEmptyKeyIsAKey) {
  Fixture f;
  f.message.key = "";
  EXPECT_EQ(f.render("x{key}"), "x");
}

TEST(Template, SaysWhatIsWrong) {
  EXPECT_EQ(error("a{target"), "'{' without '}'");
  EXPECT_EQ(error("{"), "'{' without '}'");
  EXPECT_EQ(error("{}"), "unknown variable '{}': known are {target}, {key}, {broker} and {header.NAME}");
  EXPECT_THAT(error("{Target}"), HasSubstr("unknown variable '{Target}'"));
  EXPECT_THAT(error("{header.}"), HasSubstr("unknown variable '{header.}'"));
  EXPECT_THAT(error("{header}"), HasSubstr("unknown variable '{header}'"));
  EXPECT_THAT(error("{{target}}"), HasSubstr("unknown variable '{{target}'"));
}

TEST(Template, KnowsWhatAMessageCanChoose) {
  EXPECT_FALSE(parsed("orders").chosen_by_message());
  EXPECT_FALSE(parsed("{target}.{broker}").chosen_by_message());
  EXPECT_TRUE(parsed("x{key}").chosen_by_message());
  EXPECT_TRUE(parsed("{target}{header.x}").chosen_by_message());
  EXPECT_EQ(parsed("task.{key}").literal_prefix(), "task.");
  EXPECT_EQ(parsed("orders").literal_prefix(), "orders");
  EXPECT_EQ(parsed("{key}.task").literal_prefix(), "");
  EXPECT_TRUE(parsed("orders").constant());
  EXPECT_TRUE(parsed("").constant());
  EXPECT_FALSE(parsed("{broker}").constant());
  EXPECT_TRUE(parsed("{target}").is_target());
  EXPECT_FALSE(parsed("{target}x").is_target());
}

// No copy where none is needed: this is on every message's way.
TEST(Template, RendersViewsWhereItCan) {
  Message message;
  message.target = "t";
  std::string storage;
  auto whole = parsed("{target}").render(message, "b", storage);
  EXPECT_EQ(whole->data(), message.target.data());
  EXPECT_TRUE(storage.empty());
}

}  // namespace
}  // namespace mombridge::routing
