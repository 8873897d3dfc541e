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

TEST(Template, ADefaultStandsForWhatIsMissing) {
  Fixture f;
  f.message.key.reset();
  EXPECT_EQ(f.render("{header.customer:-none}"), "none");
  EXPECT_EQ(f.render("{key:-}"), "");
  EXPECT_EQ(f.render("order-{key:-0}.{header.a:-b c}"), "order-0.b c");
  EXPECT_EQ(f.render("{target:-x}/{broker:-y}"), "order.new/shop");
  EXPECT_EQ(f.render("{header.a:-}{header.b}").error().text,
            "'{header.a:-}{header.b}' needs the header 'b' and the message lacks it");
}

TEST(Template, ADefaultStandsForWhatIsEmptyOrNoPlainValue) {
  Fixture f;
  f.message.key = "";
  f.message.target = "";
  Value array;
  array.kind = Value::Kind::array;
  f.headers = {{"empty", Value::of("")}, {"list", array}, {"nothing", Value{}}, {"n", Value::of(int64_t{0})}};
  EXPECT_EQ(f.render("{key:-k}{target:-t}"), "kt");
  EXPECT_EQ(f.render("{header.empty:-e}{header.list:-l}{header.nothing:-n}"), "eln");
  EXPECT_EQ(f.render("{header.n:-1}"), "0");
}

TEST(Template, AValueThatIsThereIsRendered) {
  Fixture f;
  f.headers = {{"customer", Value::of("c7")}, {"n", Value::of(int64_t{42})}};
  EXPECT_EQ(f.render("{header.customer:-none}-{header.n:-0}-{key:-}"), "c7-42-k1");
}

TEST(Template, EscapesInADefault) {
  Fixture f;
  EXPECT_EQ(f.render("{header.a:-b:-c}"), "b:-c") << "the first one begins the default";
  EXPECT_EQ(f.render(R"({header.a:-\{x\}}})"), "{x}}") << "a brace outside is plain text";
  EXPECT_EQ(f.render(R"({header.a:-\\})"), "\\");
  f.headers = {{"a:b", Value::of("colon")}};
  EXPECT_EQ(f.render("{header.a:b}"), "colon");
}

TEST(Template, SaysWhatIsWrongWithADefault) {
  EXPECT_EQ(error("{key:-a"), "'{' without '}'");
  EXPECT_EQ(error(R"({key:-a\})"), "'{' without '}'");
  EXPECT_EQ(error("{key:-{target}}"), "'{' in a default, which is plain text: a literal brace there is written '\\{'");
  EXPECT_EQ(error(R"({key:-C:\temp})"),
            "'\\' in a default stands before '{', '}' or '\\': a literal one is written '\\\\'");
  EXPECT_EQ(error(R"({key:-\)"), "'\\' in a default stands before '{', '}' or '\\': a literal one is written '\\\\'");
  EXPECT_EQ(error("{key:none}"), "unknown variable '{key:none}': a default is written '{key:-none}'");
  EXPECT_THAT(error("{:-x}"), HasSubstr("unknown variable '{}'"));
  EXPECT_THAT(error("{header.:-x}"), HasSubstr("unknown variable '{header.}'"));
  EXPECT_THAT(error("{Key:-x}"), HasSubstr("unknown variable '{Key}'"));
}

TEST(Template, KnowsWhatItIsByDefault) {
  EXPECT_EQ(parsed("a.{header.x:-b}.{key:-c}").defaults({}, {}), "a.b.c");
  EXPECT_EQ(parsed("{target}.{broker}.{key:-c}").defaults("t", "shop"), "t.shop.c");
  EXPECT_EQ(parsed("{target}.{key:-c}").defaults({}, "shop"), std::nullopt);
  EXPECT_EQ(parsed("{target:-t}{broker:-b}").defaults("", ""), "tb");
  EXPECT_EQ(parsed("a.{header.x}").defaults("t", "shop"), std::nullopt);
  EXPECT_EQ(parsed("a").defaults({}, {}), "a");
  EXPECT_EQ(parsed("{target:-t}").outline("", "b", "x"), "t");
}

TEST(Template, ADefaultDoesNotChangeWhoChooses) {
  EXPECT_TRUE(parsed("{key:-x}").chosen_by_message());
  EXPECT_FALSE(parsed("{target:-x}").chosen_by_message());
  EXPECT_FALSE(parsed("{target:-x}").is_target());
  EXPECT_EQ(parsed("{key:-x}y").literal_prefix(), "");
  EXPECT_EQ(parsed("x{key:-x}").literal_prefix(), "x");
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
