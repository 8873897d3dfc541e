#include "token/source.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "token/jwt.hpp"

namespace mombridge::token {
namespace {

namespace fs = std::filesystem;

/// Waits for something that other threads do.
template <class Done>
bool eventually(Done done, Duration patience = 20s) {
  for (auto deadline = Clock::now() + patience; Clock::now() < deadline; ::usleep(2000))
    if (done()) return true;
  return done();
}

class TokenSourceTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { log::init(log::Level::off, log::Format::text); }

  // Each look finds what `next` says.
  Source::Obtain obtain() {
    return [this](TimePoint, auto&) {
      ++looks;
      std::lock_guard lock(mutex);
      return next;
    };
  }
  void will_find(const std::string& text, std::optional<int64_t> ends_ms = {}) {
    std::lock_guard lock(mutex);
    next = Token{.text = Secret(text), .subject = {}, .ends_ms = ends_ms};
  }
  void will_fail(const std::string& why) {
    std::lock_guard lock(mutex);
    next = fail(why);
  }
  static std::string text(const Source& source) {
    auto present = source.present();
    return present ? present->token.text.reveal() : present.error().text;
  }

  std::atomic<int> looks{0};
  std::mutex mutex;
  Result<Token> next = fail("nothing");
};

TEST_F(TokenSourceTest, TellsOfItsFirstToken) {
  will_find("a");
  Source source("shop", Renewal::Origin::url, obtain());
  std::promise<void> told;
  auto watch = source.watch([&] { told.set_value(); });
  EXPECT_FALSE(source.status().working);
  source.start();
  told.get_future().wait();
  EXPECT_EQ(text(source), "a");
  EXPECT_TRUE(source.status().working);
  EXPECT_EQ(source.status().detail, "");
}

TEST_F(TokenSourceTest, RenewsBeforeTheEnd) {
  std::atomic<int> number{0};
  Source source("shop", Renewal::Origin::url, [&](TimePoint, auto&) -> Result<Token> {
    return Token{.text = Secret(std::to_string(++number)), .subject = {}, .ends_ms = unix_ms() + 2000};
  });
  std::atomic<int> told{0};
  auto watch = source.watch([&] { ++told; });
  source.start();
  EXPECT_TRUE(eventually([&] { return told >= 3; }));
  EXPECT_TRUE(source.present());
}

TEST_F(TokenSourceTest, OneThatIsRefusedIsLookedForOnceMore) {
  will_find("a");
  Source source("shop", Renewal::Origin::url, obtain());
  std::atomic<int> told{0};
  auto watch = source.watch([&] { ++told; });
  source.start();
  ASSERT_TRUE(eventually([&] { return told == 1; }));
  source.refused(1);
  ASSERT_TRUE(eventually([&] { return told == 2; }));
  EXPECT_EQ(source.present()->number, 2u);  // the same again: it is the newest that there is
  source.refused(1);
  EXPECT_EQ(looks, 2);
}

TEST_F(TokenSourceTest, AnEndpointThatIsDownIsAState) {
  will_find("a", unix_ms() + 1500);
  Source source("shop", Renewal::Origin::url, obtain());
  source.start();
  ASSERT_TRUE(eventually([&] { return looks == 1; }));
  will_fail("it is down");
  ASSERT_TRUE(eventually([&] { return !source.status().detail.empty(); }));
  EXPECT_TRUE(source.status().working);
  EXPECT_NE(source.status().detail.find("not renewed: it is down"), std::string::npos) << source.status().detail;
  EXPECT_EQ(text(source), "a");
  will_find("b");
  EXPECT_TRUE(eventually([&] { return text(source) == "b"; }));
  EXPECT_EQ(source.status().detail, "");
}

TEST_F(TokenSourceTest, TellsThatThereIsNone) {
  will_fail("it is down");
  Source source("shop", Renewal::Origin::url, obtain());
  std::promise<void> told;
  std::atomic<bool> once{false};
  auto watch = source.watch([&] {
    if (!once.exchange(true)) told.set_value();
  });
  source.start();
  told.get_future().wait();
  EXPECT_EQ(text(source), "there is no token: it is down");
  EXPECT_FALSE(source.status().working);
}

TEST_F(TokenSourceTest, AfterTheEndOfAWatchNothingComes) {
  will_find("a");
  Source source("shop", Renewal::Origin::url, obtain());
  std::atomic<int> told{0}, other{0};
  auto watch = source.watch([&] { ++told; });
  auto second = source.watch([&] { ++other; });
  watch = {};
  source.start();
  ASSERT_TRUE(eventually([&] { return other == 1; }));
  EXPECT_EQ(told, 0);
}

TEST_F(TokenSourceTest, StopsWhileItLooks) {
  std::promise<void> began;
  Source source("shop", Renewal::Origin::url, [&](TimePoint, const std::function<bool()>& stopped) -> Result<Token> {
    began.set_value();
    while (!stopped()) ::usleep(1000);
    return fail("stopped");
  });
  std::atomic<int> told{0};
  auto watch = source.watch([&] { ++told; });
  source.start();
  began.get_future().wait();
  source.stop();
  EXPECT_EQ(told, 0);
}

// A file is replaced by rename, and as Kubernetes does it: by another folder under the same link.
TEST_F(TokenSourceTest, SeesAFileThatIsSwapped) {
  auto folder = fs::path(testing::TempDir()) / ("source." + std::to_string(::getpid()));
  auto write = [&](const char* name, const std::string& text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  };
  write("..1/token", "one");
  write("..2/token", "two");
  fs::create_directory_symlink("..1", folder / "..data");
  fs::create_symlink("..data/token", folder / "token");
  Settings settings;
  settings.file = folder / "token";
  Source source("shop", settings);
  std::atomic<int> told{0};
  auto watch = source.watch([&] { ++told; });
  source.start();
  ASSERT_TRUE(eventually([&] { return text(source) == "one"; }));
  // So that it looks at once, and not in some seconds.
  auto look = [&] { source.refused(source.present()->number); };
  fs::create_directory_symlink("..2", folder / "..data_tmp");
  fs::rename(folder / "..data_tmp", folder / "..data");
  look();
  EXPECT_TRUE(eventually([&] { return text(source) == "two"; }));
  write("new", "three");
  fs::rename(folder / "new", folder / "token");
  look();
  EXPECT_TRUE(eventually([&] { return text(source) == "three"; }));
  EXPECT_TRUE(eventually([&] { return told == 3; }));
  fs::remove_all(folder);
  look();
  EXPECT_TRUE(eventually([&] { return source.status().detail.find("cannot read") != std::string::npos; }));
  EXPECT_EQ(text(source), "three");
}

}  // namespace
}  // namespace mombridge::token
