#include "handler/worker/child.hpp"

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <new>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

#include "base/crash.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "handler/library.hpp"
#include "handler/plugin.hpp"
#include "handler/worker/confinement.hpp"
#include "handler/worker/frames.hpp"
#include "handler/worker/hello.hpp"
#include "handler/worker/open_requests.hpp"
#include "handler/worker/outbox.hpp"
#include "handler/worker/page.hpp"
#include "handler/worker/remote_host.hpp"
#include "handler/worker/remote_publisher.hpp"
#include "handler/worker/sandbox.hpp"
#include "handler/worker/spawn.hpp"
#include "handler/workers.hpp"

namespace mombridge::handler::worker {

namespace {

constexpr size_t kReadSize = 64 << 10;

/// At once, and without destructors: threads of the plugin's may still run. What it has printed is not lost.
[[noreturn]] void end_process(int code) {
  std::fflush(nullptr);
  std::_Exit(code);
}

/// The bridge has ended, or has closed the connection.
[[noreturn]] void bridge_is_gone() { std::_Exit(EX_OK); }

/// Where the shared page is, for the handlers of failed allocations and of crashes.
PageContent* marked_page = nullptr;

void mark_out_of_memory() { marked_page->out_of_memory.store(1, std::memory_order_relaxed); }

/// Says that memory is over, then fails as without it.
void no_memory() {
  mark_out_of_memory();
  throw std::bad_alloc();
}

/// Memory that can be written and is nobody else's, which RLIMIT_DATA limits, in bytes. Safe in a signal's handler.
uint64_t data_size() {
  char text[128];
  Fd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  auto n = file ? ::read(file.get(), text, sizeof text) : 0;
  // The sixth number, in pages: proc(5).
  std::string_view left(text, n > 0 ? static_cast<size_t>(n) : 0);
  for (int i = 0; i < 5; ++i) {
    auto space = left.find(' ');
    if (space == left.npos) return 0;
    left.remove_prefix(space + 1);
  }
  uint64_t pages = 0;
  std::from_chars(left.data(), left.data() + left.size(), pages);
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// A crash near the limit most often means that malloc() has given nothing, which few programs survive.
void crashed(int) {
  rlimit limit{};
  ::getrlimit(RLIMIT_DATA, &limit);
  if (limit.rlim_cur != RLIM_INFINITY && data_size() >= limit.rlim_cur / 10 * 9) mark_out_of_memory();
}

/// The plugin with its threads. Calls of start() and stop() run on a thread of their own, because both may take long
/// and may publish, which waits for frames.
class Child {
 public:
  Child(Hello hello, const mombridge_handler& table, Page& page, Outbox& outbox)
      : threads_(std::min<size_t>(hello.threads, PageContent::kMostThreads)),
        name_(hello.name),
        page_(page.content()),
        outbox_(outbox),
        breaches_(name_, table.name, table.version,
                  [&outbox](std::string_view what) {
                    outbox.send([&](FrameBuffer& out) { FrameWriter(out, FrameType::breach).text(what); });
                  }),
        requests_(outbox),
        publisher_(name_, outbox, breaches_),
        host_(name_, std::move(hello.settings), page, outbox, requests_, publisher_, breaches_),
        plugin_(table, breaches_) {}

  Result<> create() { return plugin_.create(host_.table()); }

  /// False: the bridge does not keep to the protocol.
  bool take(const Frame& frame, BodyFiles& files) {
    ByteReader reader(frame.fields);
    switch (frame.type) {
      case FrameType::start:
        start();
        return true;
      case FrameType::call: {
        auto id = reader.number<uint64_t>();
        return reader.ok() && call(std::make_unique<RemoteCall>(id, reader.take(reader.left())), files);
      }
      case FrameType::cancel:
        requests_.cancel(reader.number<uint64_t>());
        return reader.ok();
      case FrameType::published: {
        auto token = reader.number<uint64_t>();
        auto status = static_cast<mombridge_status>(reader.number<uint32_t>());
        publisher_.published(token, status, reader.long_string());
        return reader.ok();
      }
      case FrameType::broker: {
        auto name = reader.long_string();
        publisher_.broker(name, reader.octet() != 0);
        return reader.ok();
      }
      case FrameType::stop:
        stop();
        return true;
      case FrameType::close:
        close();
      default:
        return false;
    }
  }

 private:
  void start() {
    auto thread = Thread::start("lifecycle", [this] { live(); });
    if (!thread) return say(FrameType::not_started, thread.error().text);
    lifecycle_ = std::move(*thread);
  }

  void live() {
    publisher_.open();
    auto started = plugin_.start();
    if (started) {
      started = start_threads();
      // The last of the threads would stop it.
      if (!workers_.size()) plugin_.stop();
    }
    if (!started) {
      publisher_.refuse();
      say(FrameType::not_started, started.error().text);
    } else {
      outbox_.send([](FrameBuffer& out) { FrameWriter(out, FrameType::started); });
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_; });
    lock.unlock();
    for (auto* waiting : workers_.stop_taking()) requests_.give_back(static_cast<RemoteCall*>(waiting)->id());
    (void)workers_.join(std::chrono::hours(1));  // the bridge ends the process sooner
    publisher_.refuse();
    outbox_.send([](FrameBuffer& out) { FrameWriter(out, FrameType::stopped); });
  }

  Result<> start_threads() {
    auto work = [this](Call& call) { work_on(static_cast<RemoteCall&>(call)); };
    auto last = [this] { plugin_.stop(); };
    auto started = workers_.start("h:" + name_, plugin_.serial() ? 1 : static_cast<unsigned>(threads_), work, last);
    return started ? started : fail(started.error().in("threads (concurrency)"));
  }

  bool call(std::unique_ptr<RemoteCall> call, BodyFiles& files) {
    if (!call->read(files)) return false;
    auto& taken = *call;
    auto id = taken.id();
    requests_.open(std::move(call));
    if (!workers_.add(taken)) requests_.give_back(id);
    return true;
  }

  void work_on(RemoteCall& call) {
    static std::atomic<size_t> count{0};
    thread_local auto& running = page_.running[count++ % PageContent::kMostThreads];
    auto id = call.id();
    auto now = Clock::now();
    outbox_.flush_before(now);
    if (!requests_.begin(id, now)) return;
    running.store(id, std::memory_order_relaxed);
    auto begun = page_.begun.load(std::memory_order_relaxed);
    while (begun < id && !page_.begun.compare_exchange_weak(begun, id, std::memory_order_relaxed)) {
    }
    mombridge_status status = MOMBRIDGE_OK;
    {
      RemoteHost::InHandle inside;
      status = plugin_.handle(call.content(), id);
    }
    running.store(0, std::memory_order_relaxed);
    requests_.returned(id, status);
    if (!workers_.waiting()) outbox_.flush();
  }

  void stop() {
    if (!lifecycle_) return outbox_.send([](FrameBuffer& out) { FrameWriter(out, FrameType::stopped); });
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }

  [[noreturn]] void close() {
    publisher_.close();
    plugin_.destroy();
    outbox_.finish();
    end_process(EX_OK);
  }

  void say(FrameType type, std::string_view text) {
    outbox_.send([&](FrameBuffer& out) { FrameWriter(out, type).text(text); });
  }

  const size_t threads_;
  const std::string name_;
  PageContent& page_;
  Outbox& outbox_;
  Breaches breaches_;
  OpenRequests requests_;
  RemotePublisher publisher_;
  RemoteHost host_;
  Plugin plugin_;
  Workers workers_;
  Thread lifecycle_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
};

/// Reads frames for as long as the bridge is there.
class Reader {
 public:
  explicit Reader(Outbox& outbox) : outbox_(outbox) { stream_.files().takes_slots = true; }

  /// Waits for the next one. Valid until next().
  Frame next() {
    for (;;) {
      auto frame = stream_.next();
      if (!frame) end_process(EX_PROTOCOL);
      if (*frame) return **frame;
      receive();
    }
  }

  /// That came with frames.
  [[nodiscard]] BodyFiles& files() { return stream_.files(); }

 private:
  void receive() {
    pollfd both[] = {{kSocket, POLLIN, 0}, {outbox_.timer().get(), POLLIN, 0}};
    if (::poll(both, 2, -1) < 0) return;
    // A plugin that closes descriptors of others has closed these, too.
    if ((both[0].revents | both[1].revents) & POLLNVAL) end_process(EX_OSERR);
    if (both[1].revents) outbox_.timer_expired();
    if (!both[0].revents) return;
    auto n = stream_.receive(kSocket, kReadSize);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) bridge_is_gone();
  }

  Outbox& outbox_;
  FrameStream stream_;
};

[[noreturn]] void refuse(Outbox& outbox, Reader& reader, const Error& why) {
  outbox.send([&](FrameBuffer& out) { FrameWriter(out, FrameType::refused).text(why.text); });
  (void)reader.next();  // the bridge closes
  end_process(EX_OK);
}

[[noreturn]] void serve(Page& page) {
  Outbox outbox(kSocket, bridge_is_gone);
  Reader reader(outbox);
  auto first = reader.next();
  Hello hello;
  if (first.type != FrameType::hello || !hello.read(ByteReader(first.fields))) end_process(EX_PROTOCOL);
  auto file = hello.plugin;
  if (auto entered = enter_sandbox(hello.access, file); !entered) refuse(outbox, reader, entered.error());
  auto table = open_library(file);
  if (!table) refuse(outbox, reader, table.error());
  Child child(std::move(hello), **table, page, outbox);
  if (auto created = child.create(); !created) refuse(outbox, reader, created.error().in(file));
  outbox.send(
      [&](FrameBuffer& out) { FrameWriter(out, FrameType::created).text((*table)->name).text((*table)->version); });
  while (child.take(reader.next(), reader.files())) {
  }
  end_process(EX_PROTOCOL);
}

}  // namespace

int child_main(int argc, char** argv) {
  auto confined = confine(argc, argv);
  if (!confined) {
    std::fprintf(stderr, "mombridge: %s\n", confined.error().text.c_str());
    return EX_USAGE;
  }
  log::init(log::Level::warn, log::Format::text);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  auto page = Page::attach(Fd(kPage));
  if (!page) {
    std::fprintf(stderr, "mombridge: %s\n", page.error().text.c_str());
    return EX_OSERR;
  }
  marked_page = &page->content();
  std::set_new_handler(no_memory);
  crash::install(crashed);
  serve(*page);
}

}  // namespace mombridge::handler::worker
