#include "handler/process_runner.hpp"

#include <future>
#include <utility>

#include "handler/worker/sandbox.hpp"

namespace mombridge::handler {

Result<std::shared_ptr<Runner>> load_in_worker(const config::Handler& config) { return ProcessRunner::load(config); }

ProcessRunner::ProcessRunner(const config::Handler& config)
    : config_(config),
      loop_(worker::WorkerLoop::instance()),
      host_(config_.name, [this] { loop_.loop().wake(); }),
      calls_(config_, host_),
      supervisor_(std::make_unique<worker::Supervisor>(config_, loop_.loop(), host_, calls_)) {
  loop_.loop().call([this] { loop_.join(*this); });
}

ProcessRunner::~ProcessRunner() {
  loop_.loop().call([this] {
    loop_.leave(*this);
    supervisor_.reset();
  });
}

Result<std::shared_ptr<Runner>> ProcessRunner::load(const config::Handler& config) {
  auto runner = std::make_shared<ProcessRunner>(config);
  std::promise<Result<>> created;
  runner->loop_.loop().post(
      [&] { runner->supervisor_->create([&](const Result<>& result) { created.set_value(result); }); });
  if (auto result = created.get_future().get(); !result) return fail(result.error());
  return runner;
}

Result<> ProcessRunner::start(FindBroker find_broker) {
  worker::log_sandbox();
  loop_.loop().call([&] {
    host_.open(std::move(find_broker), weak_from_this());
    supervisor_->start();
  });
  return {};
}

void ProcessRunner::handle(Call& call) noexcept {
  if (!intake_.enter()) return call.finished({Verdict::Kind::retry, "the bridge is stopping", nullptr});
  bool first = arrived_.push(&call);
  intake_.leave();
  if (first) loop_.loop().wake();
}

void ProcessRunner::take_arrived() {
  if (arrived_.empty()) return;
  for (auto* call : arrived_.take()) calls_.add(*call);
}

void ProcessRunner::round_ends() noexcept {
  take_arrived();
  supervisor_->send();
}

void ProcessRunner::stop_taking() {
  intake_.close();
  loop_.loop().call([this] {
    take_arrived();
    calls_.give_back_waiting();
  });
}

void ProcessRunner::stop(Duration patience) {
  stop_taking();
  if (std::exchange(stopped_, true)) return;
  std::promise<void> stopped;
  loop_.loop().post([&] { supervisor_->stop(patience, [&] { stopped.set_value(); }); });
  stopped.get_future().wait();
  host_.publisher().refuse();
}

void ProcessRunner::close(Duration patience) {
  // Its callbacks only hand on to the thread of the workers, so that they come back.
  left_behind_ = !host_.publisher().close(patience);
  std::promise<void> closed;
  loop_.loop().post([&] { supervisor_->close(patience, [&] { closed.set_value(); }); });
  closed.get_future().wait();
}

uint64_t ProcessRunner::unconfirmed() const { return host_.publisher().unconfirmed(); }

}  // namespace mombridge::handler
