#include "daemon/handler_run.hpp"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <vector>

#include "base/counters.hpp"
#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "broker/broker.hpp"
#include "config/handler_settings.hpp"
#include "config/text.hpp"
#include "daemon/child_process.hpp"
#include "daemon/exit_codes.hpp"
#include "handler/runner.hpp"

namespace mombridge {

namespace {

constexpr Duration kStarting = std::chrono::seconds(30), kStopping = std::chrono::seconds(5);
/// A handle() that does not return is waited for a little longer than for an answer.
constexpr Duration kMore = std::chrono::seconds(1);
constexpr std::string_view kName = "handler";
constexpr std::string_view kCounters = "handler_handler{";  ///< where the counters of a handler of that name begin

int complain(int code, const std::string& why) {
  std::cerr << "mombridge: " << why << '\n';
  return code;
}

std::string milliseconds(Duration time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << std::chrono::duration<double, std::milli>(time).count() << " ms";
  return text.str();
}

std::string bytes(size_t size) { return std::to_string(size) + (size == 1 ? " byte" : " bytes"); }

/// Stands for every broker that the handler publishes to: shows what comes, and confirms it.
class Shown final : public Broker {
 public:
  using Broker::Broker;
  void start(Sink&) override {}
  void publish(Publication& publication) noexcept override {
    std::cerr << "published to " + printable(name()) + ", target " + printable(publication.target) + ", " +
                     bytes(publication.message->body.size()) + ": " + printable(publication.message->body) + "\n";
    publication.completed({});
  }
  void stop_intake() override {}
  void stop(Duration) override {}
  [[nodiscard]] std::vector<LinkStatus> status() const override { return {}; }
  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {}; }
};

/// One message on its way through the handler.
class OneCall final : public handler::Call {
 public:
  explicit OneCall(const Message& of) {
    message = &of;
    broker = kName;
  }
  void finished(handler::Verdict verdict) noexcept override {
    std::lock_guard lock(mutex_);
    ended_ = Clock::now();
    verdict_ = std::move(verdict);
    changed_.notify_all();
  }

  struct End {
    handler::Verdict verdict;
    Duration time;
  };
  /// Hands it over and waits; nothing where handle() does not return.
  std::optional<End> run(handler::Handler& by, Duration patience) {
    auto begin = Clock::now();
    by.handle(*this);
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return verdict_.has_value(); })) return std::nullopt;
    return End{std::move(*verdict_), ended_ - begin};
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<handler::Verdict> verdict_;
  TimePoint ended_{};
};

/// What the command line says, read.
struct Job {
  config::Handler section;
  std::vector<Header> headers;  ///< views of the options
  Message message;
  std::string body;
  size_t count = 1;
  bool verbose = false;
};

/// `path=value`, or a file. An exit code, and said, where it is neither.
int read_setting(const std::string& text, config::HandlerSettings& settings) {
  auto equals = text.find('=');
  std::error_code error;
  if (equals != std::string::npos && equals > 0 && !std::filesystem::exists(text, error)) {
    settings[text.substr(0, equals)] = text.substr(equals + 1);
    return kExitOk;
  }
  if (!std::filesystem::exists(text, error))
    return complain(kExitUsage, "--config takes path=value or a file, and '" + text + "' is neither");
  config::Diagnostics diagnostics;
  config::read_settings(text, settings, diagnostics);
  for (auto& diagnostic : diagnostics.sorted()) std::cerr << diagnostic.text() << '\n';
  return diagnostics.ok() ? kExitOk : kExitConfig;
}

int read_job(const HandlerOptions& options, Job& job) {
  auto timeout = config::parse_duration(options.timeout);
  if (!timeout || *timeout <= Duration::zero())
    return complain(kExitUsage, "--timeout takes a duration like 2s or 500ms, not '" + options.timeout + "'");
  std::error_code error;
  // Absolute, because dlopen() searches the library path for a name without a slash.
  auto file = std::filesystem::absolute(options.file, error).lexically_normal().string();
  job.section.name = kName;
  job.section.plugin.value = file;
  job.section.timeout = *timeout;
  for (auto& text : options.settings)
    if (int code = read_setting(text, job.section.settings)) return code;
  for (auto& text : options.headers) {
    auto equals = text.find('=');
    if (equals == std::string::npos) return complain(kExitUsage, "-H takes name=value, not '" + text + "'");
    std::string_view header(text);
    job.headers.push_back({header.substr(0, equals), Value::of(header.substr(equals + 1))});
  }
  job.count = options.count;
  job.verbose = options.verbose;
  bool given = options.body && *options.body != "-";
  job.body = given ? *options.body : std::string(std::istreambuf_iterator<char>(std::cin), {});
  job.message.target = options.target;
  job.message.body = job.body;
  job.message.headers = job.headers;
  if (!options.key.empty()) job.message.key = options.key;
  if (!options.content_type.empty()) job.message.content_type = options.content_type;
  return kExitOk;
}

std::string verdict_name(handler::Verdict::Kind kind) {
  return kind == handler::Verdict::Kind::ok ? "ok" : kind == handler::Verdict::Kind::retry ? "retry" : "reject";
}

/// Properties and headers of the reply.
void show_properties(const Message& reply) {
  auto show = [](std::string_view name, const Message::Text& value) {
    if (value) std::cerr << "< " << printable(name) << ": " << printable(*value) << '\n';
  };
  show("content_type", reply.content_type);
  show("content_encoding", reply.content_encoding);
  show("message_id", reply.message_id);
  show("type", reply.type);
  show("key", reply.key);
  for (auto& header : reply.headers) show(header.name, scalar_text(header.value).value_or("(no scalar)"));
}

void show(const OneCall::End& end, bool verbose) {
  auto& [verdict, time] = end;
  auto* reply = verdict.reply ? &verdict.reply->message : nullptr;
  std::cerr << verdict_name(verdict.kind) << (verdict.reason.empty() ? "" : " (" + printable(verdict.reason) + ")");
  if (verdict.kind == handler::Verdict::Kind::ok)
    std::cerr << (reply ? ", with a reply of " + bytes(reply->body.size()) : std::string(", without a reply"));
  std::cerr << ", in " << milliseconds(time) << '\n';
  if (!reply) return;
  if (verbose) show_properties(*reply);
  std::cout << reply->body << (reply->body.ends_with('\n') ? "" : "\n") << std::flush;
}

/// Verdicts and times of many calls.
void show_all(const std::map<std::string, size_t>& verdicts, std::vector<Duration>& times, Duration whole) {
  std::ranges::sort(times);
  auto percentile = [&](size_t percent) {
    return milliseconds(times[std::min(times.size() - 1, times.size() * percent / 100)]);
  };
  std::cerr << times.size() << " calls";
  for (auto& [name, count] : verdicts) std::cerr << ", " << count << ' ' << name;
  auto a_second = static_cast<double>(times.size()) / std::max(std::chrono::duration<double>(whole).count(), 1e-9);
  std::cerr << "\np50 " << percentile(50) << ", p90 " << percentile(90) << ", p99 " << percentile(99) << ", longest "
            << milliseconds(times.back()) << ", " << static_cast<uint64_t>(a_second) << " a second\n";
}

int call(handler::Handler& by, const Job& job, ChildProcess& child) {
  std::map<std::string, size_t> verdicts;
  std::vector<Duration> times;
  auto begin = Clock::now();
  for (size_t i = 0; i < job.count; ++i) {
    child.doing("it handled a message", job.section.timeout + kMore + kStopping);
    OneCall one(job.message);
    auto end = one.run(by, job.section.timeout + kMore);
    if (!end) return complain(kExitFailed, "handle() has not returned within " + config::to_text(job.section.timeout));
    times.push_back(end->time);
    ++verdicts[verdict_name(end->verdict.kind)];
    if (i == 0) show(*end, job.verbose);
  }
  if (job.count > 1) show_all(verdicts, times, Clock::now() - begin);
  return verdicts.size() == 1 && verdicts.contains("ok") ? kExitOk : kExitFailed;
}

int run(const Job& job, ChildProcess& child) {
  log::init(log::Level::info, log::Format::text);
  // Never destroyed, because a plugin that does not come back may use it to the end.
  auto& loop = *new EventLoop("main");
  loop.start();
  child.doing("it was loaded and configured", kStarting);
  auto runner = handler::load_in_process(job.section, &loop);
  if (!runner) return complain(kExitConfig, runner.error().text);
  child.doing("it was started", kStarting);
  auto settings = std::make_shared<config::BrokerSettings>();
  auto any_broker = [settings](const std::string& name) -> handler::Outlet {
    return {std::make_shared<Shown>(name), settings};
  };
  if (auto started = (*runner)->start(any_broker); !started) return complain(kExitConfig, started.error().text);
  int code = call(**runner, job, child);
  child.doing("it was stopped", kStopping + kStopping);
  (*runner)->stop(kStopping);
  (*runner)->close(kStopping);
  for (auto& [name, value] : counters())
    if (name.starts_with(kCounters))
      std::cerr << "counted " << name.substr(kCounters.size(), name.size() - kCounters.size() - 1) << ": " << value
                << '\n';
  if ((*runner)->left_behind()) return kExitFailed;
  runner->reset();
  return code;
}

}  // namespace

int run_handler(const HandlerOptions& options) {
  Job job;
  if (int code = read_job(options, job)) return code;
  return ChildProcess().run(job.section.plugin.value, std::cerr, [&](ChildProcess& child) { return run(job, child); });
}

}  // namespace mombridge
