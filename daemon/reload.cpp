#include "daemon/reload.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "broker/blocking_calls.hpp"
#include "daemon/service_notify.hpp"

namespace mombridge {

namespace {

/// For reading and checking: a file may be on a network, and its server away.
constexpr Duration kPatience = std::chrono::seconds(60);
constexpr Duration kStopPatience = std::chrono::milliseconds(100);

/// Top-level keys that are read when the process starts, and not again.
constexpr std::string_view kOnlyAtStart[] = {"admin", "probes"};

constexpr const char* kDraining = "the bridge is stopping: the configuration is not read again";

Verdict refused(std::string why) {
  Verdict verdict;
  verdict.errors.push_back(std::move(why));
  return verdict;
}

Verdict refused_because_stopping() {
  auto verdict = refused(kDraining);
  verdict.stopping = true;
  return verdict;
}

/// A diagnostic without a place is a sentence.
std::string line(const config::Diagnostic& d) { return d.mark.file.empty() ? d.what : d.text(); }

}  // namespace

std::string ReloadRecord::text() const {
  return count ? (successful ? "reloaded: " : "reload failed: ") + last.summary() : "";
}

struct Reload::Reading {
  explicit Reading(EventLoop& loop) : caller(calls, loop) { calls.start(); }
  ~Reading() {
    caller.cancel();
    calls.stop(kStopPatience);
  }
  BlockingCalls calls{"reload"};
  BlockingCaller caller;
};

Reload::Reload(EventLoop& loop, Bridge& bridge, Load load)
    : bridge_(bridge), load_(std::move(load)), reading_(std::make_unique<Reading>(loop)) {
  record_.last_good = record_.last_at = std::chrono::system_clock::now();
}

Reload::~Reload() = default;

void Reload::request(Done done) {
  if (bridge_.draining()) {
    auto verdict = refused_because_stopping();
    log::warn("reload refused", {{"reason", kDraining}});
    if (done) done(verdict);
    return;
  }
  (under_way_ ? next_ : now_).push_back(std::move(done));
  if (under_way_)
    again_ = true;
  else
    begin();
}

void Reload::begin() {
  under_way_ = true;
  again_ = false;
  service::reloading();
  log::info("reloading");
  auto call = [load = load_](TimePoint) -> Result<Loaded> {
    Loaded loaded;
    loaded.config = load(loaded.diagnostics, loaded.written);
    return loaded;
  };
  reading_->caller.ask(kPatience, call, [this](Result<Loaded> result) { loaded(std::move(result)); });
}

void Reload::loaded(Result<Loaded> loaded) {
  end(loaded ? use(std::move(*loaded)) : refused("the configuration could not be read within 60 s"));
}

Verdict Reload::use(Loaded loaded) {
  Verdict verdict;
  topology::Difference difference;
  auto& diagnostics = loaded.diagnostics;
  auto replaced = bridge_.replaced_plugins(config::Isolation::process);
  if (diagnostics.ok()) difference = bridge_.change_to(loaded.config, std::move(loaded.written), diagnostics);
  verdict.successful = diagnostics.ok();
  for (auto& d : diagnostics.sorted()) {
    bool is_error = d.severity == config::Diagnostic::Severity::error;
    if (is_error || verdict.successful) (is_error ? verdict.errors : verdict.notes).push_back(line(d));
  }
  if (!verdict.successful) return verdict;
  verdict.added = difference.named(topology::Change::added);
  verdict.changed = difference.named(topology::Change::changed);
  verdict.removed = difference.named(topology::Change::removed);
  for (auto& [key, change] : difference.globals)
    if (change != topology::Change::same && std::ranges::find(kOnlyAtStart, key) != std::end(kOnlyAtStart))
      verdict.notes.push_back("'" + key + "' stays as it was: restart needed");
  if (!bridge_.listens_as_configured()) verdict.notes.push_back("'ingress.listen' stays as it was: restart needed");
  for (auto& name : replaced)
    if (loaded.config->handler(name))
      verdict.notes.push_back("handler " + name + ": its plugin was replaced on disk, and a new worker runs it");
  for (auto& name : bridge_.replaced_plugins(config::Isolation::in_process))
    verdict.notes.push_back("handler " + name +
                            ": its plugin was replaced on disk, and what runs is the former one: " + "restart needed");
  log::init(loaded.config->log_level, loaded.config->log_format);
  return verdict;
}

void Reload::end(const Verdict& verdict) {
  {
    std::lock_guard lock(mutex_);
    ++record_.count;
    record_.successful = verdict.successful;
    record_.last_at = std::chrono::system_clock::now();
    if (verdict.successful) record_.last_good = record_.last_at;
    record_.last = verdict;
  }
  for (auto& error : verdict.errors) log::error(error);
  for (auto& note : verdict.notes) log::warn(note);
  if (verdict.successful)
    log::info(
        "reloaded",
        {{"added", joined(verdict.added)}, {"changed", joined(verdict.changed)}, {"removed", joined(verdict.removed)}});
  else
    log::error("reload failed, the running configuration stays as it is",
               {{"reason", verdict.summary()}, {"errors", verdict.errors.size()}});
  auto told = std::exchange(now_, std::exchange(next_, {}));
  bool once_more = std::exchange(again_, false);
  under_way_ = false;
  if (once_more)
    begin();
  else if (!bridge_.draining())
    service::ready((verdict.successful ? "running; reloaded: " : "running; reload failed: ") + verdict.summary());
  for (auto& done : told)
    if (done) done(verdict);
}

void Reload::stop() {
  if (!under_way_) return;
  reading_->caller.cancel();
  again_ = false;
  now_.insert(now_.end(), std::make_move_iterator(next_.begin()), std::make_move_iterator(next_.end()));
  next_.clear();
  end(refused_because_stopping());
}

ReloadRecord Reload::record() const {
  std::lock_guard lock(mutex_);
  return record_;
}

}  // namespace mombridge
