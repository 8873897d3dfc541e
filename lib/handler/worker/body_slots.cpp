#include "handler/worker/body_slots.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <sys/mman.h>
#include <unistd.h>

namespace mombridge::handler::worker {

BodySlots::Memory::~Memory() {
  if (bytes_) ::munmap(bytes_, kSize);
}

std::optional<BodySlots::Filled> BodySlots::fill(std::string_view body, mombridge_request_id id) {
  if (body.size() > kSize) return std::nullopt;
  auto free = [this](const Slot& slot) { return slot.answered && !page_.running(slot.user); };
  auto slot = std::ranges::find_if(slots_, free);
  Filled filled{};
  if (slot == slots_.end()) {
    if (slots_.size() == kMost) return std::nullopt;
    filled.file = add();
    if (!filled.file) return std::nullopt;
    slot = std::prev(slots_.end());
  }
  std::memcpy(slot->memory.bytes(), body.data(), body.size());
  slot->user = id;
  slot->answered = false;
  filled.slot = static_cast<uint32_t>(slot - slots_.begin());
  return filled;
}

void BodySlots::answered(mombridge_request_id id) {
  for (auto& slot : slots_)
    if (slot.user == id) slot.answered = true;
}

Fd BodySlots::add() {
  Fd file(::memfd_create("mombridge-bodies", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), kSize) != 0) return {};
  auto* bytes = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (bytes == MAP_FAILED) return {};
  Memory memory(static_cast<char*>(bytes));
  // After the mapping, which alone may write from now on (Linux 5.1).
  constexpr int kSeals = F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return {};
  slots_.push_back({std::move(memory)});
  return file;
}

}  // namespace mombridge::handler::worker
