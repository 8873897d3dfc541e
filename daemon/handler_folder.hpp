#pragma once
// Where installed handlers are.

#include <filesystem>

namespace mombridge {

/// The folder in which a plugin is looked for that is not beside its configuration. It is found from where this program
/// is, so that an installation may be moved; where that folder does not exist, it is the one of the build's prefix.
std::filesystem::path handler_folder();

}  // namespace mombridge
