#include "daemon/usage.hpp"

#include <filesystem>

#include "base/text.hpp"
#include "config/diagnostics.hpp"

namespace mombridge {

namespace {

bool looks_like_a_file(const std::string& word) {
  std::error_code error;
  return word.ends_with(".yaml") || word.ends_with(".yml") || word.find('/') != std::string::npos ||
         std::filesystem::exists(word, error);
}

}  // namespace

std::string unexpected_words(const std::vector<std::string>& words, const std::string& command,
                             const std::vector<std::string>& commands, const std::vector<std::string>& options) {
  if (words.empty()) return "no command is given; there are " + joined(commands);
  auto& word = words.front();
  if (word.starts_with('-') && word != "-") {
    auto hint = config::or_did_you_mean(word.substr(0, word.find('=')), options);
    return "there is no option '" + word + "'" +
           (hint.empty()
                ? "; 'mombridge " + command + (command.empty() ? "" : " ") + "--help' shows those that there are"
                : hint);
  }
  if (command.empty()) {
    auto hint = config::or_did_you_mean(word, commands);
    return "there is no command '" + word + "'" + (hint.empty() ? "; there are " + joined(commands) : hint);
  }
  if (looks_like_a_file(word)) return "the configuration is named with -c: mombridge " + command + " -c " + word;
  return "'" + command + "' takes nothing like '" + word + "'; text with spaces goes in quotes";
}

}  // namespace mombridge
