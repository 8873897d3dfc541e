#include "base/file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/stat.h>

namespace mombridge {

Result<std::string> read_file(const std::string& path, size_t most) {
  auto cannot = [&](const std::string& why) { return fail("cannot read " + path + ": " + why); };
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return cannot(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return cannot("not a regular file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return cannot(std::strerror(errno ? errno : EIO));
  // One byte more than the file has, so that a file that grows meanwhile is read to its end or found too large.
  std::string content;
  for (size_t read = 0, wanted = static_cast<size_t>(status.st_size) + 1; in && read <= most; wanted = 4096) {
    content.resize(std::min(read + wanted, most + 1));
    in.read(content.data() + read, static_cast<std::streamsize>(content.size() - read));
    content.resize(read += static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) return cannot(std::strerror(errno ? errno : EIO));
  if (content.size() > most) return fail(path + " is larger than " + std::to_string(most >> 20) + "MiB");
  return content;
}

}  // namespace mombridge
