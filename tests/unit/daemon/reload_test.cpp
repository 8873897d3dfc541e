// A reload from its request to its verdict, in each case that can come between.

#include "daemon/reload.hpp"

#include <condition_variable>

#include "doubles/fake_broker.hpp"
#include "loading_parts.hpp"

namespace mombridge {
namespace {

using test::eventually;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFirst =
    "brokers: {one: {type: memory}, two: {type: memory}}\nunrouted: discard\n"
    "routes:\n  - {name: r, from: {broker: one, target: a}, to: {broker: two, target: b}}\n"
    "  - {name: s, from: {broker: two, target: b}, to: {broker: one, target: c}}\n"
    "  - {name: t, from: {broker: one, target: c}, to: {broker: two, target: d}}\n";
const std::string kSecond = kFirst + "  - {name: u, from: {broker: two, target: d}, to: {broker: one, target: e}}\n";

/// A bridge that runs, whose files are read when the test lets them be read.
class Running {
 public:
  Running() {
    loop.start();
    call([&] {
      auto loaded = config::test::load_parts(kFirst);
      bridge = std::make_unique<Bridge>(std::make_shared<const config::Config>(loaded.config), loop, loaded.written);
      EXPECT_TRUE(bridge->start());
      reload = std::make_unique<Reload>(loop, *bridge, [files = files](auto& diagnostics, auto& written) {
        return files->read(diagnostics, written);
      });
    });
  }
  ~Running() {
    files->open(true);
    call([&] {
      reload.reset();
      bridge.reset();
    });
    loop.stop();
  }

  void call(const std::function<void()>& function) { loop.call(function); }
  void request() {
    call([&] {
      reload->request([this](const Verdict& verdict) {
        std::lock_guard lock(mutex_);
        verdicts_.push_back(verdict);
      });
    });
  }
  [[nodiscard]] std::vector<Verdict> verdicts() {
    std::lock_guard lock(mutex_);
    return verdicts_;
  }
  /// Waits until there are that many.
  std::vector<Verdict> verdicts(size_t count) {
    EXPECT_TRUE(eventually([&] { return verdicts().size() >= count; }));
    EXPECT_EQ(verdicts().size(), count);
    return verdicts();
  }
  [[nodiscard]] size_t routes() {
    size_t count = 0;
    call([&] { count = bridge->config().routes.size(); });
    return count;
  }

  /// The files, as the thread that reads them finds them.
  struct Files {
    std::mutex mutex;
    std::condition_variable changed;
    std::string text = kSecond;
    bool is_open = true;
    int reads = 0;

    void write(const std::string& next) {
      std::lock_guard lock(mutex);
      text = next;
    }
    void open(bool yes) {
      std::lock_guard lock(mutex);
      is_open = yes;
      changed.notify_all();
    }
    std::shared_ptr<const config::Config> read(config::Diagnostics& diagnostics, config::Written& written) {
      config::test::Folder folder;
      std::filesystem::path file;
      {
        std::unique_lock lock(mutex);
        ++reads;
        file = folder.write("c.yaml", text);
        changed.notify_all();
        changed.wait(lock, [&] { return is_open; });
      }
      return std::make_shared<const config::Config>(
          config::load({{file}, false, {}}, config::test::kinds(), diagnostics, written));
    }
    bool reading(int count) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, 60s, [&] { return reads == count; });
    }
  };

  std::shared_ptr<Files> files = std::make_shared<Files>();
  EventLoop loop{"main"};
  std::unique_ptr<Bridge> bridge;
  std::unique_ptr<Reload> reload;

 private:
  std::mutex mutex_;
  std::vector<Verdict> verdicts_;
};

TEST(Reload, SaysWhatHasChanged) {
  Running running;
  EXPECT_EQ(running.reload->record().count, 0u);
  running.request();
  auto verdict = running.verdicts(1)[0];
  EXPECT_TRUE(verdict.successful);
  EXPECT_THAT(verdict.added, ElementsAre("route u"));
  EXPECT_THAT(verdict.changed, IsEmpty());
  EXPECT_THAT(verdict.removed, IsEmpty());
  EXPECT_EQ(verdict.summary(), "added route u");
  EXPECT_EQ(running.routes(), 4u);
  running.request();
  EXPECT_EQ(running.verdicts(2)[1].summary(), "nothing has changed");
  auto record = running.reload->record();
  EXPECT_EQ(record.count, 2u);
  EXPECT_TRUE(record.successful);
}

TEST(Reload, OnAnErrorEverythingStaysAndEveryErrorIsSaid) {
  Running running;
  auto good = running.reload->record().last_good;
  running.files->write(
      "brokers: {one: {type: memory, nonsense: 1}}\nroutes: [{from: {broker: nobody}, to: {broker: one}}]\n");
  running.request();
  auto verdict = running.verdicts(1)[0];
  EXPECT_FALSE(verdict.successful);
  ASSERT_EQ(verdict.errors.size(), 2u);
  EXPECT_THAT(verdict.errors[0], HasSubstr("c.yaml:1:31: error: brokers.one: unknown key 'nonsense'"));
  EXPECT_THAT(verdict.errors[1], HasSubstr("c.yaml:2:26: error: routes[0].from.broker"));
  EXPECT_THAT(verdict.summary(), HasSubstr("(and 1 more)"));
  EXPECT_EQ(running.routes(), 3u);
  auto record = running.reload->record();
  EXPECT_FALSE(record.successful);
  EXPECT_EQ(record.last_good, good);
  running.files->write(kSecond);
  running.request();
  EXPECT_EQ(running.verdicts(2)[1].summary(), "added route u") << "compared with what runs";
  EXPECT_GT(running.reload->record().last_good, good);
}

TEST(Reload, AHandlerThatCannotBeLoadedOrStartedIsAnError) {
  Running running;
  auto handlers = [](const std::string& plugin) {
    return kSecond +
           "handlers: {h: {plugin: " HANDLERS "/good_sync.so, isolation: in_process}, i: {plugin: " HANDLERS "/" +
           plugin + ", isolation: in_process}}\n";
  };
  running.files->write(handlers("nothing.so"));
  running.request();
  auto verdict = running.verdicts(1)[0];
  EXPECT_THAT(verdict.errors, ElementsAre(testing::AllOf(HasSubstr("c.yaml:8:"), HasSubstr("error: handlers.i:"),
                                                         HasSubstr("nothing.so"))));
  running.files->write(handlers("bad_start_fails.so"));
  running.request();
  verdict = running.verdicts(2)[1];
  EXPECT_THAT(verdict.errors, ElementsAre("handler 'i': start failed (internal error): the device is not there"));
  EXPECT_EQ(running.routes(), 3u);
  running.files->write(handlers("good_count.so"));
  running.request();
  EXPECT_EQ(running.verdicts(3)[2].summary(), "added handler h, handler i, route u");
  running.files->write(kSecond);
  running.request();
  EXPECT_EQ(running.verdicts(4)[3].summary(), "removed handler h, handler i");
}

TEST(Reload, OneMoreFollowsTheOneThatIsUnderWayForAllThatAskMeanwhile) {
  Running running;
  running.files->open(false);
  running.request();
  ASSERT_TRUE(running.files->reading(1));
  running.files->write(kFirst);
  for (int i = 0; i < 3; ++i) running.request();
  running.files->open(true);
  auto verdicts = running.verdicts(4);
  EXPECT_EQ(verdicts[0].summary(), "added route u");
  for (int i = 1; i < 4; ++i) EXPECT_EQ(verdicts[i].summary(), "removed route u");
  EXPECT_EQ(running.files->reads, 2);
  EXPECT_EQ(running.routes(), 3u);
}

TEST(Reload, IsGivenUpWhenTheBridgeStops) {
  Running running;
  running.files->open(false);
  running.request();
  ASSERT_TRUE(running.files->reading(1));
  running.request();
  std::atomic<bool> drained{false};
  running.call([&] {
    running.reload->stop();
    running.bridge->drain(60s, [&](uint64_t) { drained = true; });
  });
  for (auto& verdict : running.verdicts(2)) EXPECT_THAT(verdict.summary(), HasSubstr("the bridge is stopping"));
  running.request();
  EXPECT_THAT(running.verdicts(3)[2].summary(), HasSubstr("the bridge is stopping"));
  running.files->open(true);
  EXPECT_TRUE(eventually([&] { return drained.load(); }));
  EXPECT_EQ(running.routes(), 3u);
  EXPECT_EQ(running.files->reads, 1);
}

TEST(Verdict, IsOneLine) {
  Verdict verdict;
  EXPECT_EQ(verdict.summary(), "failed");
  verdict.successful = true;
  verdict.added = {"route a", "route b"};
  verdict.removed = {"broker c"};
  EXPECT_EQ(verdict.summary(), "added route a, route b; removed broker c");
}

}  // namespace
}  // namespace mombridge
