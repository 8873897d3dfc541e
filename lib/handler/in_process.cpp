#include "handler/in_process.hpp"

#include <algorithm>
#include <pthread.h>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "handler/abi.hpp"
#include "handler/library.hpp"

namespace mombridge::handler {

namespace {
Verdict stopping() { return {Verdict::Kind::retry, "the bridge is stopping", nullptr}; }
}  // namespace

Result<std::shared_ptr<Runner>> load_in_process(const config::Handler& config, EventLoop* timers) {
  return InProcess::load(config, timers);
}

InProcess::InProcess(const config::Handler& config, const mombridge_handler& table, EventLoop* timers)
    : config_(config),
      breaches_(config.name),
      messages_(config.name),
      publisher_(config.name, messages_, breaches_),
      deadlines_(config_, timers, requests_),
      host_(config_, requests_, messages_, publisher_, breaches_),
      plugin_(table, breaches_) {}

Result<std::shared_ptr<Runner>> InProcess::load(const config::Handler& config, EventLoop* timers) {
  auto table = open_library(config.plugin.value);
  if (!table) return fail(table.error());
  std::shared_ptr<InProcess> runner(new InProcess(config, **table, timers));
  if (auto created = runner->plugin_.create(runner->host_.table()); !created)
    return fail(created.error().in(config.plugin.value));
  return runner;
}

Result<> InProcess::start(FindBroker find_broker) {
  deadlines_.belong_to(weak_from_this());
  publisher_.open(std::move(find_broker), weak_from_this());
  auto started = plugin_.start();
  if (started) {
    started = start_threads();
    // The last of the threads would stop it.
    if (threads_.empty()) plugin_.stop();
  }
  if (!started) {
    publisher_.refuse();
    return fail(started.error().in("handler '" + name() + "'"));
  }
  auto& table = plugin_.table();
  log::info("handler started",
            {{"handler", name()}, {"plugin", table.name}, {"version", table.version}, {"threads", threads_.size()}});
  return {};
}

Result<> InProcess::start_threads() {
  unsigned wanted = plugin_.serial() ? 1 : std::max(1u, config_.concurrency);
  std::lock_guard lock(mutex_);
  try {
    while (threads_.size() < wanted) {
      threads_.emplace_back([self = shared_from_this()] { self->work(); });
      ++working_;
    }
  } catch (const std::system_error& e) {
    return fail("cannot make thread " + std::to_string(threads_.size() + 1) + " of " + std::to_string(wanted) +
                " (concurrency): " + e.what());
  }
  return {};
}

void InProcess::handle(Call& call) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (!stopping_) {
      waiting_.push_back(&call);
      changed_.notify_one();
      return;
    }
  }
  call.finished(stopping());
}

void InProcess::work() {
  pthread_setname_np(pthread_self(), ("h:" + name()).substr(0, 15).c_str());
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) break;
    Call* call = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    work_on(*call);
    lock.lock();
  }
  // The last one out stops the plugin, so that a stop() that hangs can be left behind as well.
  if (working_ == 1) {
    lock.unlock();
    if (!left_behind_) plugin_.stop();
    lock.lock();
  }
  --working_;
  changed_.notify_all();
}

void InProcess::work_on(Call& call) {
  AbiMessage message(call);
  auto id = requests_.open(call, Clock::now() + config_.timeout);
  deadlines_.watch();
  auto status = plugin_.handle(*message.get(), id);
  std::optional<Verdict> verdict;
  if (status != MOMBRIDGE_OK) verdict = verdict_of(status);
  if (auto finished = requests_.returned(id, std::move(verdict))) requests_.hand_over(*finished);
}

Verdict InProcess::verdict_of(mombridge_status status) {
  if (status > MOMBRIDGE_OK || status < MOMBRIDGE_INTERNAL) breaches_.report("a handler returned an undefined status");
  if (status == MOMBRIDGE_REJECT)
    return {Verdict::Kind::reject, "handler '" + name() + "' rejected the message", nullptr};
  return {Verdict::Kind::retry, "handler '" + name() + "' returned " + std::string(to_string(status)), nullptr};
}

void InProcess::stop_taking() {
  std::deque<Call*> waiting;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    waiting.swap(waiting_);
  }
  for (auto* call : waiting) call->finished(stopping());
}

void InProcess::stop(Duration patience) {
  stop_taking();
  if (std::exchange(stopped_, true)) return;
  if (!join(patience)) leave_behind();
  publisher_.refuse();
  requests_.close();
}

void InProcess::close(Duration patience) {
  if (!publisher_.close(patience)) leave_behind();
}

bool InProcess::join(Duration patience) {
  bool all;
  {
    std::unique_lock lock(mutex_);
    all = changed_.wait_for(lock, patience, [this] { return working_ == 0; });
  }
  for (auto& thread : threads_) all ? thread.join() : thread.detach();
  threads_.clear();
  return all;
}

void InProcess::leave_behind() {
  log::error("a handler does not come back: it is left behind with its thread", {{"handler", name()}});
  left_behind_ = true;
  plugin_.abandon();
}

}  // namespace mombridge::handler
