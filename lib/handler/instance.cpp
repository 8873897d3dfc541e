#include "handler/instance.hpp"

#include <algorithm>
#include <pthread.h>

#include "base/text.hpp"
#include "handler/abi.hpp"
#include "handler/library.hpp"

namespace mombridge::handler {

namespace {

constexpr size_t kErrorSize = 1024;
constexpr size_t kMaxCounters = 256;  ///< of one plugin: a bad one makes their names from messages

std::string plugin_error(const char* step, mombridge_status status, const char* text) {
  return std::string(step) + " failed (" + std::string(to_string(status)) + ")" +
         (*text ? ": " + printable(text, kErrorSize) : "");
}

}  // namespace

Instance::Instance(const config::Handler& config, const mombridge_handler* plugin, EventLoop* timers)
    : config_(config), plugin_(plugin), timers_(timers) {
  fill_host();
}

// Nothing may be thrown across the ABI, but a plugin that does without handler.hpp can do it.
template <class Function>
mombridge_status Instance::call_plugin(Function function) {
  try {
    return function();
  } catch (...) {
    breach("a handler threw an exception");
    return MOMBRIDGE_INTERNAL;
  }
}

Result<std::shared_ptr<Instance>> Instance::load(const config::Handler& config, EventLoop* timers) {
  auto plugin = open_library(config.plugin.value);
  if (!plugin) return fail(plugin.error());
  std::shared_ptr<Instance> instance(new Instance(config, *plugin, timers));
  char error[kErrorSize] = "";
  auto status =
      instance->call_plugin([&] { return (*plugin)->create(&instance->host_, &instance->self_, error, sizeof error); });
  if (status != MOMBRIDGE_OK) {
    error[kErrorSize - 1] = '\0';
    return fail(config.plugin.value + ": " + plugin_error("create", status, error));
  }
  instance->created_ = true;
  return instance;
}

Instance::~Instance() {
  if (created_ && !left_behind_) call_plugin([this] { return plugin_->destroy(self_), MOMBRIDGE_OK; });
}

Result<> Instance::start(FindBroker find_broker) {
  find_broker_ = std::move(find_broker);
  accepts_publish_ = true;
  char error[kErrorSize] = "";
  mombridge_status status = MOMBRIDGE_OK;
  if (plugin_->start) status = call_plugin([&] { return plugin_->start(self_, error, sizeof error); });
  if (status != MOMBRIDGE_OK) {
    accepts_publish_ = false;
    error[kErrorSize - 1] = '\0';
    return fail("handler '" + name() + "': " + plugin_error("start", status, error));
  }
  unsigned threads = plugin_->flags & MOMBRIDGE_HANDLER_SERIAL ? 1 : std::max(1u, config_.concurrency);
  working_ = threads;
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([self = shared_from_this()] { self->work(); });
  log::info("handler started",
            {{"handler", name()}, {"plugin", plugin_->name}, {"version", plugin_->version}, {"threads", threads}});
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
  // The last one out stops the plugin, so that a stop() that hangs can be left behind as well.
  if (working_ == 1) {
    lock.unlock();
    stop_plugin();
    lock.lock();
  }
  --working_;
  changed_.notify_all();
}

void Instance::work_on(Call& call) {
  AbiMessage message(call);
  auto id = requests_.open(call, Clock::now() + config_.timeout);
  watch_deadlines();
  auto status = call_plugin([&] { return plugin_->handle(self_, message.get(), id); });
  std::optional<Verdict> verdict;
  if (status != MOMBRIDGE_OK) verdict = verdict_of(status);
  if (auto finished = requests_.returned(id, std::move(verdict))) hand_over(*finished);
}

Verdict Instance::verdict_of(mombridge_status status) {
  if (status > MOMBRIDGE_OK || status < MOMBRIDGE_INTERNAL) breach("a handler returned an undefined status");
  if (status == MOMBRIDGE_REJECT)
    return {Verdict::Kind::reject, "handler '" + name() + "' rejected the message", nullptr};
  return {Verdict::Kind::retry, "handler '" + name() + "' returned " + std::string(to_string(status)), nullptr};
}

void Instance::hand_over(Requests::Finished& finished) {
  if (!outward_.enter()) return;
  finished.hand_over();
  outward_.leave();
}

void Instance::stop_plugin() {
  if (plugin_->stop && !left_behind_) call_plugin([this] { return plugin_->stop(self_), MOMBRIDGE_OK; });
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
        alive->timeouts_.add();
        alive->stuck_log_.event(
            log::Level::warn,
            overdue->finished ? "handler did not answer in time" : "handler does not return from handle()",
            {{"handler", alive->name()}});
        if (overdue->finished) alive->hand_over(*overdue->finished);
      }
      alive->watching_ = false;
      if (alive->requests_.next_deadline()) alive->watch_deadlines();
    });
  });
}

void Instance::stop_taking() {
  std::deque<Call*> waiting;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    waiting.swap(waiting_);
  }
  for (auto* call : waiting) call->finished({Verdict::Kind::retry, "the bridge is stopping", nullptr});
}

void Instance::stop(Duration patience) {
  stop_taking();
  if (std::exchange(stopped_, true)) return;
  if (!join(patience)) {
    log::error("a handler does not come back: it is left behind with its thread", {{"handler", name()}});
    left_behind_ = true;
  }
  accepts_publish_ = false;
  while (auto finished = requests_.abandon()) hand_over(*finished);
  outward_.close();
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
  breaches_.add();
  breach_log_.event(log::Level::warn, what, {{"handler", name()}});
}

Counter& Instance::plugin_counter(std::string_view counter_name) {
  std::lock_guard lock(counters_mutex_);
  if (auto found = counters_.find(counter_name); found != counters_.end()) return *found->second;
  if (counters_.size() >= kMaxCounters) {
    breach("a handler has too many counters: it seems to name them after messages");
    counter_name = "other";
  }
  auto& c = counter("handler_" + name(), printable(counter_name, 64));
  if (counters_.size() < kMaxCounters) counters_.emplace(counter_name, &c);
  return c;
}

}  // namespace mombridge::handler
