#include "handler/library.hpp"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <sys/stat.h>

namespace mombridge::handler {

namespace {

Result<> check_file(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return fail(path + ": " + std::strerror(errno));
  if (!S_ISREG(s.st_mode)) return fail(path + ": not a file");
  if (s.st_mode & S_IWOTH) return fail(path + ": anybody may write to it, so it is not loaded (chmod o-w)");
  return {};
}

Result<> check_table(const std::string& path, const mombridge_handler& table) {
  if (table.struct_size < MOMBRIDGE_HANDLER_SIZE_1_0)
    return fail(path + ": its handler table has " + std::to_string(table.struct_size) + " bytes, expected at least " +
                std::to_string(MOMBRIDGE_HANDLER_SIZE_1_0));
  if (table.abi_major != MOMBRIDGE_ABI_MAJOR)
    return fail(path + ": built for handler ABI " + std::to_string(table.abi_major) + "." +
                std::to_string(table.abi_minor) + ", this bridge has " + std::to_string(MOMBRIDGE_ABI_MAJOR) + "." +
                std::to_string(MOMBRIDGE_ABI_MINOR));
  if (auto unknown = table.flags & ~MOMBRIDGE_HANDLER_SERIAL)
    return fail(path + ": sets handler flags that this bridge does not know (" + std::to_string(unknown) + ")");
  auto missing = !table.name      ? "name"
                 : !table.version ? "version"
                 : !table.create  ? "create"
                 : !table.handle  ? "handle"
                 : !table.destroy ? "destroy"
                                  : nullptr;
  if (missing) return fail(path + ": its handler table has a null pointer where '" + missing + "' is expected");
  return {};
}

}  // namespace

Result<const mombridge_handler*> open_library(const std::string& path) {
  if (auto ok = check_file(path); !ok) return fail(ok.error());
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char* why = ::dlerror();
    return fail("cannot load " + path + ": " + (why ? why : "unknown reason"));
  }
  using Entry = const mombridge_handler* (*)(uint32_t, uint32_t);
  auto entry = reinterpret_cast<Entry>(::dlsym(library, MOMBRIDGE_ENTRY_SYMBOL));
  if (!entry) return fail(path + ": no symbol '" MOMBRIDGE_ENTRY_SYMBOL "': not a mombridge handler");
  const mombridge_handler* table = entry(MOMBRIDGE_ABI_MAJOR, MOMBRIDGE_ABI_MINOR);
  if (!table)
    return fail(path + ": does not support handler ABI " + std::to_string(MOMBRIDGE_ABI_MAJOR) + "." +
                std::to_string(MOMBRIDGE_ABI_MINOR) + ", which this bridge has");
  if (auto ok = check_table(path, *table); !ok) return fail(ok.error());
  return table;
}

}  // namespace mombridge::handler
