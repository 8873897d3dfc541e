#include "admin/verdict.hpp"

#include <gmock/gmock.h>

namespace mombridge::admin {
namespace {

using testing::ElementsAre;

TEST(Verdict, IsReadAsItWasWritten) {
  Verdict verdict{.successful = true, .added = {"route a", "broker b"}, .removed = {"handler h"}, .notes = {"n"}};
  EXPECT_EQ(verdict.summary(), "added route a, broker b; removed handler h");
  auto response = response_of(verdict);
  EXPECT_EQ(response.status, 200);
  auto read = read_verdict(response.body);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_TRUE(read->successful);
  EXPECT_THAT(read->added, ElementsAre("route a", "broker b"));
  EXPECT_THAT(read->changed, ElementsAre());
  EXPECT_THAT(read->notes, ElementsAre("n"));
  EXPECT_EQ(read->summary(), verdict.summary());
}

TEST(Verdict, AFailureHasItsErrorsAndItsStatus) {
  Verdict verdict{.errors = {"a.yaml:1:2: error: x", "y\x1b"}};
  EXPECT_EQ(verdict.summary(), "a.yaml:1:2: error: x (and 1 more)");
  EXPECT_EQ(response_of(verdict).status, 422);
  EXPECT_THAT(read_verdict(response_of(verdict).body)->errors, ElementsAre("a.yaml:1:2: error: x", "y\\x1b"));
  verdict.stopping = true;
  EXPECT_EQ(response_of(verdict).status, 503);
}

TEST(Verdict, AnythingElseIsNone) {
  for (auto* text : {"", "ok", "[]", "{}", R"({"successful": 1})", R"({"successful": true, "added": [1]})"})
    EXPECT_FALSE(read_verdict(text)) << text;
}

}  // namespace
}  // namespace mombridge::admin
