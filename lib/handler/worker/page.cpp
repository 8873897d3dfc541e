#include "handler/worker/page.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace mombridge::handler::worker {

namespace {

Result<PageContent*> map(int descriptor) {
  auto* memory = ::mmap(nullptr, sizeof(PageContent), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return fail(std::string("cannot map shared memory: ") + std::strerror(errno));
  return static_cast<PageContent*>(memory);
}

}  // namespace

Page::Page(Page&& other) noexcept : content_(std::exchange(other.content_, nullptr)) {}

Page& Page::operator=(Page&& other) noexcept {
  std::swap(content_, other.content_);
  return *this;
}

Page::~Page() {
  if (content_) ::munmap(content_, sizeof(PageContent));
}

Result<Page> Page::make(Fd& descriptor) {
  descriptor = Fd(::memfd_create("mombridge-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!descriptor || ::ftruncate(descriptor.get(), sizeof(PageContent)) != 0)
    return fail(std::string("cannot make shared memory: ") + std::strerror(errno));
  // A worker that shortened it would end the bridge with SIGBUS.
  ::fcntl(descriptor.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  auto mapped = map(descriptor.get());
  if (!mapped) return fail(mapped.error());
  Page page;
  page.content_ = new (*mapped) PageContent;
  return page;
}

Result<Page> Page::attach(Fd descriptor) {
  auto mapped = map(descriptor.get());
  if (!mapped) return fail(mapped.error());
  Page page;
  page.content_ = *mapped;
  return page;
}

bool Page::begun(mombridge_request_id id) const {
  return id <= content_->begun.load(std::memory_order_relaxed) || running(id);
}

bool Page::running(mombridge_request_id id) const {
  return std::ranges::any_of(content_->running,
                             [id](auto& thread) { return thread.load(std::memory_order_relaxed) == id; });
}

}  // namespace mombridge::handler::worker
