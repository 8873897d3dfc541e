#include "config/handler_settings.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mombridge::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class HandlerSettingsTest : public testing::Test {
 protected:
  ~HandlerSettingsTest() override { std::filesystem::remove(file); }

  void read(const std::string& text) {
    std::ofstream(file) << text;
    read_settings(file, settings, diagnostics);
  }
  std::string first() { return diagnostics.sorted().empty() ? "" : diagnostics.sorted().front().text(); }

  const std::string file = testing::TempDir() + "handler_settings.yaml";
  HandlerSettings settings;
  Diagnostics diagnostics;
};

TEST_F(HandlerSettingsTest, NestedMapsAndListsBecomePaths) {
  read("currency: EUR\ndb: {path: /srv/x, ports: [1, 2]}\nnothing:\n");
  EXPECT_THAT(settings, ElementsAre(Pair("currency", "EUR"), Pair("db.path", "/srv/x"), Pair("db.ports.0", "1"),
                                    Pair("db.ports.1", "2"), Pair("nothing", "")));
  EXPECT_THAT(first(), IsEmpty());
}

TEST_F(HandlerSettingsTest, ANameThatComesTwiceIsAnError) {
  read("db: {path: a}\ndb.path: b\n");
  EXPECT_THAT(first(), HasSubstr(":2:10: error: db.path: 'db.path' is set twice"));
}

TEST_F(HandlerSettingsTest, WhatIsNoMapOrNoFileIsAnError) {
  read("[1, 2]\n");
  EXPECT_THAT(first(), HasSubstr("must be a map"));
  Diagnostics other;
  read_settings(file + ".none", settings, other);
  EXPECT_THAT(other.sorted().at(0).text(), HasSubstr("No such file"));
  EXPECT_THAT(settings, IsEmpty());
}

}  // namespace
}  // namespace mombridge::config::test
