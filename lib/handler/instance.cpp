#include "handler/instance.hpp"

#include <pthread.h>

#include <algorithm>

#include "base/counters.hpp"
#include "base/text.hpp"
#include "handler/abi.hpp"
#include "handler/library.hpp"

namespace mombridge::handler {

namespace {

constexpr size_t kErrorSize = 1024;

std::string plugin_error(const char* step, mombridge_status status, const char* text) {
  return std::string(step) + " failed (" + std::string(to_string(status)) + ")" + (*text ? ": " + printable(text, kErrorSize) : "");
}

}  // namespace

Instance::Instance(const config::Handler& config, const mombridge_handler* plugin, EventLoop* timers)
    : config_(config), plugin_(plugin), timers_(timers) {
  fill_host();
}

Result<std::shared_ptr<Instance>> Instance::load(const config::Handler& config, EventLoop* timers) {
  auto plugin = open_library(config.plugin.value);
  if (!plugin) return fail(plugin.error());
  std::shared_ptr<Instance> instance(new Instance(config, *plugin, timers));
  char error[kErrorSize] = "";
  if (auto status = (*plugin)->create(&instance->host_, &instance->self_, error, sizeof error); status != MOMBRIDGE_OK) {
    error[kErrorSize - 1] = '\0';
    return fail(config.plugin.value + ": " + plugin_error("create", status, error));
  }
  instance->created_ = true;
  return instance;
}

Instance::~Instance() {
  if (created_ && !left_behind_) plugin_->destroy(self_);
}

Result<> Instance::start(FindBroker find_broker) {
  find_broker_ = std::move(find_broker);
  accepts_publish_ = true;
  char error[kErrorSize] = "";
  if (auto status = plugin_->start ? plugin_->start(self_, error, sizeof error) : MOMBRIDGE_OK; status != MOMBRIDGE_OK) {
    accepts_publish_ = false;
    error[kErrorSize - 1] = '\0';
    return fail("handler '" + name() + "': " + plugin_error("start", status, error));
  }
  started_ = true;
  unsigned threads = plugin_->flags & MOMBRIDGE_HANDLER_SERIAL ? 1 : std::max(1u, config_.concurrency);
  working_ = threads;
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([self = shared_from_this()] { self->work(); });
  log::info("handler started", {{"handler", name()}, {"plugin", plugin_->name}, {"version", plugin_->version}, {"threads", threads}});
  return {};
}

void Instance::handle(Call& call) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (!stopping_) {
      waiting_.push_back(&call);
      changed_.notify_one();
      return;
    }
  }
  call.finished({Verdict::Kind::retry, "the bridge is stopping", nullptr});
}

void Instance::work() {
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
  --working_;
  changed_.notify_all();
}

void Instance::work_on(Call& call) {
  AbiMessage message(call);
  auto id = requests_.open(call, Clock::now() + config_.timeout);
  watch_deadlines();
  auto status = plugin_->handle(self_, message.get(), id);
  std::optional<Verdict> verdict;
  if (status == MOMBRIDGE_REJECT)
    verdict = {Verdict::Kind::reject, "handler '" + name() + "' rejected the message", nullptr};
  else if (status != MOMBRIDGE_OK)
    verdict = {Verdict::Kind::retry, "handler '" + name() + "' returned " + std::string(to_string(status)), nullptr};
  auto finished = requests_.returned(id, std::move(verdict));
  if (finished && !left_behind_) finished->hand_over();
}

// One timer per instance, for the earliest deadline: the time-out is the same for all requests.
void Instance::watch_deadlines() {
  if (!timers_ || watching_.exchange(true)) return;
  timers_->post([weak = weak_from_this(), timers = timers_] {
    auto self = weak.lock();
    if (!self) return;
    auto next = self->requests_.next_deadline();
    timers->after(next ? *next - Clock::now() : self->config_.timeout, [weak] {
      auto alive = weak.lock();
      if (!alive) return;
      while (auto overdue = alive->requests_.overdue(Clock::now())) {
        counter("handler_timeouts", alive->name()).add();
        alive->stuck_log_.event(log::Level::warn, overdue->finished ? "handler did not answer in time" : "handler does not return from handle()",
                                {{"handler", alive->name()}});
        if (overdue->finished) overdue->finished->hand_over();
      }
      alive->watching_ = false;
      if (alive->requests_.next_deadline()) alive->watch_deadlines();
    });
  });
}

void Instance::stop(Duration patience) {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  give_back_waiting();
  if (!join(patience)) {
    log::error("a handler does not return from handle(): it is left behind with its thread", {{"handler", name()}});
    left_behind_ = true;
    accepts_publish_ = false;
    return;
  }
  if (started_ && plugin_->stop) plugin_->stop(self_);
  started_ = accepts_publish_ = false;
  while (auto finished = requests_.abandon()) finished->hand_over();
}

void Instance::give_back_waiting() {
  std::deque<Call*> waiting;
  {
    std::lock_guard lock(mutex_);
    waiting.swap(waiting_);
  }
  for (auto* call : waiting) call->finished({Verdict::Kind::retry, "the bridge is stopping", nullptr});
}

bool Instance::join(Duration patience) {
  bool all;
  {
    std::unique_lock lock(mutex_);
    all = changed_.wait_for(lock, patience, [this] { return working_ == 0; });
  }
  for (auto& thread : threads_) all ? thread.join() : thread.detach();
  threads_.clear();
  return all;
}

void Instance::breach(const char* what) {
  counter("handler_contract_breaches", name()).add();
  breach_log_.event(log::Level::warn, what, {{"handler", name()}});
}

}  // namespace mombridge::handler
