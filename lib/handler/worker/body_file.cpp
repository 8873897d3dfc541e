#include "handler/worker/body_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mombridge::handler::worker {

namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

Error system_error(const char* what) { return {std::string(what) + ": " + std::strerror(errno)}; }

}  // namespace

Result<Fd> make_body_file(std::string_view bytes) {
  Fd file(::memfd_create("mombridge-body", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return fail(system_error("cannot share a body"));
  while (!bytes.empty()) {
    auto n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(system_error("cannot share a body"));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals | F_SEAL_SEAL) != 0) return fail(system_error("cannot seal a body"));
  return file;
}

MappedBody::~MappedBody() {
  if (bytes_.data()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

Result<MappedBody> MappedBody::map(const Fd& file, size_t size) {
  auto seals = ::fcntl(file.get(), F_GET_SEALS);
  struct stat found {};
  if (seals < 0 || (seals & kSeals) != kSeals) return fail("a body that is not sealed");
  if (size == 0 || ::fstat(file.get(), &found) != 0 || static_cast<size_t>(found.st_size) != size)
    return fail("a body of another size than was said");
  return map(file, size, MAP_PRIVATE | MAP_POPULATE);
}

Result<MappedBody> MappedBody::map_slot(const Fd& file, size_t size) { return map(file, size, MAP_SHARED); }

Result<MappedBody> MappedBody::map(const Fd& file, size_t size, int flags) {
  auto* memory = ::mmap(nullptr, size, PROT_READ, flags, file.get(), 0);
  if (memory == MAP_FAILED) return fail(system_error("cannot map a body"));
  MappedBody body;
  body.bytes_ = {static_cast<const char*>(memory), size};
  return body;
}

}  // namespace mombridge::handler::worker
