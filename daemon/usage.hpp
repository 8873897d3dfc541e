#pragma once
// Plain words for a command line that is not understood.

#include <string>
#include <vector>

namespace mombridge {

/// What to say of words that no command and no option took. `command` is the one that was given, or empty; `commands`
/// and `options` are those that there are. One line without the program's name.
std::string unexpected_words(const std::vector<std::string>& words, const std::string& command,
                             const std::vector<std::string>& commands, const std::vector<std::string>& options);

}  // namespace mombridge
