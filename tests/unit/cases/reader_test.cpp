#include "cases/reader.hpp"

#include <gmock/gmock.h>

namespace mombridge::cases {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Read {
  std::vector<Case> cases;
  std::vector<std::string> said;
};

Read read(const std::string& text) {
  config::Diagnostics diagnostics;
  Read read{read_cases("c.yaml", text, diagnostics), {}};
  for (auto& diagnostic : diagnostics.sorted()) read.said.push_back(diagnostic.text());
  return read;
}

TEST(CasesReader, ReadsAll) {
  auto [cases, said] = read(
      "cases:\n"
      "  - name: one\n"
      "    message: {broker: shop, target: a.b, queue: q, body: x, key: k, reply_to: me, correlation_id: \"7\",\n"
      "              headers: {n: 5, t: \"5\", b: true, r: 1.5}}\n"
      "    expect:\n"
      "      routes: [r, s]\n"
      "      sent: [{broker: lake, target: t, body: null, headers: {n: 5, gone: null}}]\n"
      "      reply: {body: y}\n"
      "      dead_letters: []\n"
      "  - {name: two, message: {broker: shop, target: a, tombstone: true}, expect: {unrouted: true}}\n");
  EXPECT_THAT(said, IsEmpty());
  ASSERT_EQ(cases.size(), 2u);
  auto& one = cases[0];
  EXPECT_EQ(one.name, "one");
  EXPECT_EQ(one.message.broker.value, "shop");
  EXPECT_EQ(one.message.through->value, "q");
  EXPECT_THAT(one.message.properties, ElementsAre(testing::Pair("key", "k"), testing::Pair("reply_to", "me"),
                                                  testing::Pair("correlation_id", "7")));
  EXPECT_THAT(one.message.headers,
              ElementsAre(testing::Pair("n", config::Typed(int64_t{5})), testing::Pair("t", config::Typed("5")),
                          testing::Pair("b", config::Typed(true)), testing::Pair("r", config::Typed(1.5))));
  ASSERT_EQ(one.expect.routes->size(), 2u);
  auto& sent = one.expect.sent->messages.at(0);
  ASSERT_EQ(sent.fields.size(), 3u);
  EXPECT_EQ(sent.fields[2].name, "body");
  EXPECT_FALSE(sent.fields[2].value);
  ASSERT_EQ(sent.headers.size(), 2u);
  EXPECT_EQ(sent.headers[0].value, config::Typed(int64_t{5}));
  EXPECT_FALSE(sent.headers[1].value);
  EXPECT_EQ(sent.headers[1].mark.line, 7);
  EXPECT_EQ(one.expect.reply->messages.size(), 1u);
  EXPECT_THAT(one.expect.dead_letters->messages, IsEmpty());
  EXPECT_FALSE(one.expect.unrouted);
  EXPECT_TRUE(cases[1].message.tombstone);
  EXPECT_TRUE(cases[1].expect.unrouted);
  EXPECT_FALSE(cases[1].expect.sent);
}

TEST(CasesReader, SaysWhereAndWhat) {
  auto [cases, said] = read(
      "cases:\n"
      "  - {name: a, message: {broker: shop, target: t, heders: {}}, expect: {unrouted: yes}}\n"
      "  - {message: {broker: shop}, expect: {}}\n"
      "  - name: c\n"
      "    message: {broker: shop, target: t, body: x, tombstone: true}\n"
      "    expect: {sent: [text, {brokr: lake}], reply: {headers: {a: [1]}}}\n"
      "  - text\n");
  EXPECT_THAT(said,
              ElementsAre("c.yaml:2:50: error: cases[0].message: unknown key 'heders' (did you mean 'headers'?)",
                          "c.yaml:2:82: error: cases[0].expect.unrouted: 'yes' is neither true nor false",
                          "c.yaml:3:5: error: cases[1]: missing key 'name'",
                          "c.yaml:3:15: error: cases[1].message: missing key 'target' (the routing key or topic of the "
                          "message)",
                          "c.yaml:3:39: error: cases[1].expect: nothing is expected (at least one of routes, sent, "
                          "reply, dead_letters, unrouted)",
                          "c.yaml:5:60: error: cases[2].message.tombstone: a tombstone has no body",
                          "c.yaml:6:21: error: cases[2].expect.sent[0]: not a message (a map as {broker: lake, target: "
                          "orders})",
                          "c.yaml:6:28: error: cases[2].expect.sent[1]: unknown key 'brokr' (did you mean 'broker'?)",
                          "c.yaml:6:64: error: cases[2].expect.reply.headers.a: must be a single value, not a list",
                          "c.yaml:7:5: error: cases[3]: not a case (a map with name, message and expect)"));
}

TEST(CasesReader, AFileWithoutCasesIsAnError) {
  for (auto* text : {"", "[]", "cases: []", "cases: text", "routes: []"})
    EXPECT_THAT(read(text).said, testing::Not(IsEmpty())) << text;
}

}  // namespace
}  // namespace mombridge::cases
