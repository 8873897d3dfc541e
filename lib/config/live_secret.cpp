#include "config/live_secret.hpp"

#include <filesystem>
#include <mutex>

#include "config/references.hpp"

namespace mombridge::config {

struct LiveSecret::State {
  const std::string written;  ///< empty: the value stays what it is
  const std::string file;
  std::mutex mutex;
  Secret last;
};

LiveSecret::LiveSecret(Secret value) : LiveSecret({}, {}, std::move(value)) {}

LiveSecret::LiveSecret(std::string written, const std::string& file, Secret value)
    : state_(new State{
          std::move(written), file.empty() ? file : std::filesystem::absolute(file).string(), {}, std::move(value)}) {}

LiveSecret::Reading LiveSecret::read() const {
  if (!state_) return {};
  std::string fault;
  if (!state_->written.empty()) {
    auto now = expand_references(state_->written, state_->file);  // not under the lock: a file system may hang
    std::lock_guard lock(state_->mutex);
    if (!now)
      fault = now.error().what;
    else if (now->text.empty() && !state_->last.empty())
      fault = "what " + state_->written + " stands for is empty now";
    else
      state_->last = Secret(std::move(now->text));
  }
  std::lock_guard lock(state_->mutex);
  return {state_->last, fault.empty() ? "" : fault + "; the value from before is used"};
}

bool LiveSecret::empty() const {
  if (!state_) return true;
  std::lock_guard lock(state_->mutex);
  return state_->last.empty();
}

}  // namespace mombridge::config
