#include "handler/instance.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <utility>

namespace mombridge::handler {

namespace {

constexpr Duration kStopPatience = std::chrono::seconds(3);
constexpr Duration kClosePatience = std::chrono::seconds(1);

std::atomic<bool> left_behind{false};

/// Changes when a file is replaced or written anew. Empty: there is none.
std::string identity_of(const std::string& file) {
  struct stat s {};
  if (::stat(file.c_str(), &s) != 0) return {};
  std::string identity;
  for (auto part : {int64_t(s.st_dev), int64_t(s.st_ino), int64_t(s.st_size), int64_t(s.st_mtim.tv_sec),
                    int64_t(s.st_mtim.tv_nsec)})
    identity += std::to_string(part) + ".";
  return identity;
}

/// What was loaded from that file first: from then on, the process has that, whatever it loads from the same path.
std::string first_loaded(const std::string& file) {
  static std::mutex mutex;
  static std::map<std::string, std::string> all;
  std::lock_guard lock(mutex);
  return all.emplace(file, identity_of(file)).first->second;
}

}  // namespace

Result<std::shared_ptr<Instance>> Instance::load(const config::Handler& config, EventLoop* timers) {
  bool in_process = config.isolation == config::Isolation::in_process;
  auto& file = config.plugin.value;
  auto loaded = in_process ? first_loaded(file) : identity_of(file);
  auto runner = in_process ? load_in_process(config, timers) : load_in_worker(config);
  if (!runner) return fail(runner.error());
  return std::shared_ptr<Instance>(new Instance(std::move(*runner), std::move(loaded), config));
}

Instance::Instance(std::shared_ptr<Runner> runner, std::string loaded, const config::Handler& config)
    : runner_(std::move(runner)),
      ordered_(config.order_by ? std::make_shared<OrderedCalls>(runner_, *config.order_by) : nullptr),
      isolation_(config.isolation),
      file_(config.plugin.value),
      loaded_(std::move(loaded)) {}

Instance::~Instance() {
  bool dropped = !stopped_;
  stop(kStopPatience);
  close(kClosePatience);
  if (dropped && runner_->left_behind()) left_behind = true;
}

Result<> Instance::start(const FindBroker& find_broker) {
  if (std::exchange(started_, true)) return {};
  return runner_->start(find_broker);
}

void Instance::stop(Duration patience) {
  stopped_ = true;
  runner_->stop(patience);
  if (ordered_) ordered_->give_back_waiting();
}

void Instance::close(Duration patience) {
  if (!std::exchange(closed_, true)) runner_->close(patience);
}

bool Instance::replaced_on_disk() const {
  auto now = identity_of(file_);
  return !now.empty() && now != loaded_;
}

bool Instance::any_left_behind() { return left_behind; }

}  // namespace mombridge::handler
