#include "daemon/handler_folder.hpp"

namespace mombridge {

std::filesystem::path handler_folder() {
  std::error_code error;
  auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  auto beside = (program.parent_path() / MOMBRIDGE_HANDLERS_FROM_PROGRAM).lexically_normal();
  return !error && std::filesystem::is_directory(beside, error) ? beside : MOMBRIDGE_HANDLER_FOLDER;
}

}  // namespace mombridge
