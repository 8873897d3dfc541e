#include "handler/worker/supervisor.hpp"

#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "handler/worker/hello.hpp"

namespace mombridge::handler::worker {

namespace {

// Waits before the next start.
constexpr Duration kFirstWait = 20ms;
constexpr Duration kLongestWait = 30s;

constexpr Duration kDestroyPatience = 1s;  ///< after a create() or start() that has failed

/// For opening the plugin and create(), which does no I/O.
constexpr Duration kCreatePatience = 10s;

const char* word(int state) {
  constexpr const char* kWords[] = {"waiting", "starting", "starting", "starting",
                                    "running", "stopping", "stopped",  "stopped"};
  return kWords[state];
}

/// That is logged, as handler.h counts them.
uint32_t least_severity() {
  constexpr log::Level kLevels[] = {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error};
  uint32_t severity = 0;
  while (severity < std::size(kLevels) && !log::enabled(kLevels[severity])) ++severity;
  return severity;
}

}  // namespace

Supervisor::Supervisor(const config::Handler& config, EventLoop& loop, HostFrames& host, Calls& calls)
    : config_(config),
      loop_(loop),
      host_(host),
      calls_(calls),
      backoff_(kFirstWait, kLongestWait),
      record_(config.name) {
  enter(State::none);
}

Supervisor::~Supervisor() {
  for (auto timer : {timer_, look_timer_}) loop_.cancel(timer);
  if (process_) process_->forget();
}

void Supervisor::create(Created created) {
  created_ = std::move(created);
  if (auto begun = begin(false); !begun) std::exchange(created_, nullptr)(begun);
}

void Supervisor::start() {
  goal_ = Goal::running;
  if (process_) return pursue_goal();
  begin_later();
}

void Supervisor::stop(Duration patience, Ended stopped) {
  goal_ = Goal::stopped;
  reached_ = std::move(stopped);
  kill_after(patience, "the handler did not stop in time");
  pursue_goal();
}

void Supervisor::close(Duration patience, Ended closed) {
  goal_ = Goal::closed;
  reached_ = std::move(closed);
  kill_after(patience, "the handler did not end in time");
  pursue_goal();
}

void Supervisor::kill_after(Duration patience, const char* reason) {
  loop_.cancel(timer_);
  timer_ = loop_.after(patience, [this, reason] {
    timer_ = 0;
    if (!process_) return;
    log::error("a handler does not come back: its worker is killed", {{"handler", config_.name}, {"reason", reason}});
    process_->kill(reason);
  });
}

Result<> Supervisor::begin(bool again) {
  failure_.clear();
  auto process =
      Process::start(loop_, {.name = config_.name, .threads = config_.concurrency, .limits = config_.limits}, *this);
  if (!process) return fail(process.error().in("no worker for handler '" + config_.name + "'"));
  process_ = std::move(*process);
  record_.begun(process_->pid(), again);
  enter(State::creating);
  host_.begin_process();
  Hello::of(config_).write(process_->out());
  process_->flush();
  kill_after(kCreatePatience, "create() had not returned after 10s");
  return {};
}

void Supervisor::begin_later() {
  enter(State::none);
  loop_.cancel(timer_);
  timer_ = loop_.after(backoff_.next(), [this] {
    timer_ = 0;
    auto begun = begin(true);
    if (begun) return;
    log::error("a handler's worker cannot be started; its messages wait",
               {{"handler", config_.name}, {"reason", begun.error().text}});
    begin_later();
  });
}

Result<> Supervisor::frame(const Frame& frame) {
  ByteReader reader(frame.fields);
  switch (frame.type) {
    case FrameType::created:
      return state_ == State::creating ? created(reader) : fail("created() at the wrong time");
    case FrameType::refused:
      return state_ == State::creating ? failed(reader) : fail("a refusal at the wrong time");
    case FrameType::not_started:
      return state_ == State::starting ? failed(reader) : fail("a failed start at the wrong time");
    case FrameType::started:
      if (state_ == State::stopping) return {};
      if (state_ != State::starting) return fail("a start at the wrong time");
      log::info("handler started",
                {{"handler", config_.name}, {"plugin", printable(plugin_, 200)}, {"pid", process_->pid()}});
      enter(State::running);
      return {};
    case FrameType::stopped:
      if (state_ != State::stopping) return fail("a stop at the wrong time");
      enter(State::stopped);
      calls_.give_back_all(process_->page());
      pursue_goal();
      return {};
    case FrameType::result: {
      auto read = calls_.result(reader, process_->files(), process_->slots());
      if (read) backoff_.reset();
      return read;
    }
    default:
      break;
  }
  auto taken = host_.take(frame, process_->files(), process_->out());
  if (!taken) return fail(taken.error());
  return *taken ? Result<>() : fail("a frame of type " + std::to_string(static_cast<int>(frame.type)));
}

Result<> Supervisor::created(ByteReader reader) {
  auto name = reader.long_string(), version = reader.long_string();
  if (!reader.ok() || !reader.at_end()) return fail("a plugin's name that cannot be read");
  plugin_ = printable(name, 100) + " " + printable(version, 100);
  if (goal_ < Goal::stopped) loop_.cancel(std::exchange(timer_, 0));
  enter(State::created);
  if (auto told = std::exchange(created_, nullptr)) told({});
  pursue_goal();
  return {};
}

Result<> Supervisor::failed(ByteReader reader) {
  auto why = reader.long_string();
  if (!reader.ok() || !reader.at_end()) return fail("a reason that cannot be read");
  failure_ = printable(why);
  if (why.find("ermission denied") != std::string_view::npos)
    failure_ += " (a worker process reads and writes only what the handler's 'allow' names)";
  if (auto told = std::exchange(created_, nullptr)) told(fail(failure_));
  FrameWriter(process_->out(), FrameType::close);
  process_->flush();
  enter(State::closing);
  if (goal_ < Goal::stopped) kill_after(kDestroyPatience, "destroy() had not returned after 1s");
  return {};
}

void Supervisor::pursue_goal() {
  if (!process_ && goal_ >= Goal::stopped) return reached_goal();
  switch (state_) {
    case State::created:
    case State::starting:
    case State::running:
      if (goal_ == Goal::running && state_ == State::created) {
        FrameWriter(process_->out(), FrameType::start);
        enter(State::starting);
      } else if (goal_ >= Goal::stopped) {
        FrameWriter(process_->out(), FrameType::stop);
        enter(State::stopping);
      }
      break;
    case State::stopped:
      if (goal_ == Goal::stopped) return reached_goal();
      FrameWriter(process_->out(), FrameType::close);
      enter(State::closing);
      break;
    default:
      break;
  }
  if (process_) process_->flush();
}

void Supervisor::reached_goal() {
  loop_.cancel(std::exchange(timer_, 0));
  if (auto told = std::exchange(reached_, nullptr)) told();
}

void Supervisor::ended(const Death& death) {
  auto why = failure_.empty() ? to_string(death) : failure_;
  bool stopping = goal_ >= Goal::stopped;
  Calls::Lost lost{};
  if (stopping)
    calls_.give_back_all(process_->page());
  else
    lost = calls_.worker_ended(process_->page(), worker() + " " + why);
  if (lost.rejected) backoff_.reset();
  bool expected = stopping && failure_.empty() && death.killed_for.empty();
  if (expected || goal_ == Goal::created)  // who waits for create() is told why it failed
    record_.ended();
  else
    record_.ended(failure_.empty() ? "the worker of a handler has ended" : "a handler did not start; its messages wait",
                  plugin_, why, lost.calls);
  // It is on the call stack.
  loop_.post([gone = std::shared_ptr<Process>(std::move(process_))] {});
  enter(State::none);
  if (auto told = std::exchange(created_, nullptr))
    return told(fail(config_.plugin.value + ": the worker process that was to create it " + why));
  if (goal_ == Goal::running) return begin_later();
  loop_.cancel(std::exchange(timer_, 0));
  if (stopping) reached_goal();
}

std::string Supervisor::worker() const { return "the worker of handler '" + config_.name + "' (" + plugin_ + ")"; }

void Supervisor::send() {
  if (!process_) return;
  process_->page().content().log_level.store(least_severity(), std::memory_order_relaxed);
  if (state_ == State::running) calls_.send(process_->out(), process_->slots());
  host_.answer(process_->out());
  watch_calls();
  process_->flush();
}

void Supervisor::watch_calls() {
  if (look_timer_ || !calls_.any_in_worker()) return;
  look_timer_ = loop_.after(calls_.look_interval(), [this] {
    look_timer_ = 0;
    if (!process_ || process_->killed()) return;
    if (auto reason = calls_.look(process_->page(), process_->out())) process_->kill(*reason);
    watch_calls();
  });
}

void Supervisor::enter(State state) {
  state_ = state;
  record_.state(word(static_cast<int>(state)));
}

}  // namespace mombridge::handler::worker
