#include "handler/in_process.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "config/text.hpp"
#include "handler/abi.hpp"
#include "handler/library.hpp"
#include "handler/verdicts.hpp"

namespace mombridge::handler {

namespace {

Verdict stopping() { return {Verdict::Kind::retry, "the bridge is stopping", nullptr}; }

std::string stuck(const config::Handler& config, const mombridge_handler& table) {
  return "handle() of handler '" + config.name + "' (" + printable(table.name, 100) + " " +
         printable(table.version, 100) + ") had not returned after " + config::to_text(config.timeout);
}

}  // namespace

Result<std::shared_ptr<Runner>> load_in_process(const config::Handler& config, EventLoop* timers) {
  return InProcess::load(config, timers);
}

InProcess::InProcess(const config::Handler& config, const mombridge_handler& table, EventLoop* timers)
    : config_(config),
      breaches_(config.name, table.name, table.version),
      requests_(config.name, stuck(config, table)),
      messages_(config.name),
      publisher_(config.name, messages_, breaches_),
      deadlines_(config_, timers, requests_, [this] { write_off(); }),
      host_(config_, requests_, messages_, publisher_, breaches_),
      plugin_(table, breaches_),
      thread_count_(plugin_.serial() ? 1 : std::max(1u, config_.concurrency)) {}

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
    if (!workers_.size()) plugin_.stop();
  }
  if (!started) {
    publisher_.refuse();
    return fail(started.error().in("handler '" + name() + "'"));
  }
  auto& table = plugin_.table();
  log::info("handler started",
            {{"handler", name()}, {"plugin", table.name}, {"version", table.version}, {"threads", workers_.size()}});
  return {};
}

Result<> InProcess::start_threads() {
  auto self = shared_from_this();
  auto work = [self](Call& call) { self->work_on(call); };
  // On the last of the threads, so that a stop() that hangs can be left behind as well.
  auto last = [self] {
    if (!self->left_behind_) self->plugin_.stop();
  };
  auto started = workers_.start("h:" + name(), static_cast<unsigned>(thread_count_), work, last);
  return started ? started : fail(started.error().in("threads (concurrency)"));
}

void InProcess::handle(Call& call) noexcept {
  if (!workers_.add(call)) call.finished(stopping());
}

void InProcess::work_on(Call& call) {
  // A copy, because a handle() that does not return may read it for ever, and its call has to end before that.
  AbiMessage message(call);
  if (!message.own()) return call.finished({Verdict::Kind::retry, "there is no memory for the message", nullptr});
  auto now = Clock::now();
  auto id = requests_.open(call, now + config_.timeout, now);
  deadlines_.watch();
  auto status = plugin_.handle(*message.get(), id);
  std::optional<Verdict> verdict;
  if (status != MOMBRIDGE_OK) verdict = returned_verdict(status, name(), breaches_);
  auto returned = requests_.returned(id, std::move(verdict));
  if (returned.finished) requests_.hand_over(*returned.finished);
  if (returned.written_off) log::warn("a handler's thread that was written off has come back", {{"handler", name()}});
}

void InProcess::write_off() {
  auto off = requests_.written_off();
  log::error(off < thread_count_ ? "handler does not return from handle(): its thread is written off"
                                 : "handler does not return from handle(): its last thread is written off, so that "
                                   "messages wait and the bridge is not live",
             {{"handler", name()}, {"threads_left", thread_count_ - std::min(off, thread_count_)}});
}

void InProcess::stop_taking() {
  for (auto* call : workers_.stop_taking()) call->finished(stopping());
}

void InProcess::stop(Duration patience) {
  stop_taking();
  if (std::exchange(stopped_, true)) return;
  if (!workers_.join(patience)) leave_behind();
  publisher_.refuse();
  requests_.close();
}

void InProcess::close(Duration patience) {
  if (!publisher_.close(patience)) leave_behind();
}

void InProcess::leave_behind() {
  log::error("a handler does not come back: it is left behind with its thread", {{"handler", name()}});
  left_behind_ = true;
  plugin_.abandon();
}

}  // namespace mombridge::handler
