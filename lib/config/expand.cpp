// `${file:PATH}`, `${env:NAME}`, `${env:NAME:-default}`, `${credential:NAME}`; `$${` is a plain `${`.

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sys/stat.h>

#include "base/result.hpp"
#include "base/text.hpp"
#include "config/files.hpp"
#include "config/secret_files.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace fs = std::filesystem;

namespace {

constexpr size_t kLargestSecret = 1 << 20;

struct Failure {
  std::string what, hint;
};
using Expanded = tl::expected<std::string, Failure>;

Expanded failure(std::string what, std::string hint = "") {
  return tl::unexpected<Failure>(Failure{std::move(what), std::move(hint)});
}

Expanded file_content(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return failure("cannot read " + path.string() + ": " + std::strerror(errno));
  // Anything else could block for ever or never end.
  if (!S_ISREG(status.st_mode)) return failure("cannot read " + path.string() + ": not a regular file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return failure("cannot read " + path.string() + ": " + std::strerror(errno ? errno : EIO));
  std::string content(kLargestSecret + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(in.gcount()));
  if (content.size() > kLargestSecret) return failure(path.string() + " is larger than " + size_text(kLargestSecret));
  if (content.find('\0') != std::string::npos) return failure(path.string() + " holds a NUL byte");
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();  // the same one newline, written on Windows
  return content;
}

bool variable_name(const std::string& name) {
  auto fits = [](char c) { return letter_or_digit(c) || c == '_'; };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, fits);
}

Expanded variable(const std::string& argument, bool environment) {
  auto dash = argument.find(":-");
  auto name = argument.substr(0, dash);
  if (!variable_name(name))
    return failure(in_quotes(name) + " is not the name of an environment variable",
                   "${env:NAME} or ${env:NAME:-default}");
  if (!environment) return "";
  const char* value = std::getenv(name.c_str());
  if (dash != std::string::npos) return value && *value ? std::string(value) : argument.substr(dash + 2);  // as sh does
  if (!value)
    return failure("the environment variable " + in_quotes(name) + " is not set",
                   "set it, or ${env:" + name + ":-default}");
  return value;
}

Expanded credential(const std::string& name, bool environment) {
  if (!valid_name(name) || name == "." || name == "..")
    return failure(in_quotes(name) + " is not the name of a credential", "${credential:NAME}");
  if (!environment) return "";
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (!folder || !*folder)
    return failure("there are no credentials: $CREDENTIALS_DIRECTORY is not set",
                   "LoadCredential= in the systemd unit");
  return file_content(fs::path(folder) / name);
}

/// What the references of one value are looked up with, and what was found out about them.
struct Context {
  const std::string& beside;  ///< the file that they stand in: relative paths begin at its folder
  bool environment;
  bool references = false;  ///< the value has references
  std::string open;         ///< a file that one of them names and that anybody may read
};

Expanded file(const fs::path& path, Context& context) {
  if (!context.environment) return "";
  auto content = file_content(path);
  if (content && anybody_may_read(path)) context.open = path.string();
  return content;
}

// `reference` is what stands between `${` and `}`.
Expanded lookup(const std::string& reference, Context& context) {
  auto colon = reference.find(':');
  auto scheme = reference.substr(0, colon);
  auto argument = colon == std::string::npos ? "" : reference.substr(colon + 1);
  if (scheme == "env") return variable(argument, context.environment);
  if (scheme == "credential") return credential(argument, context.environment);
  if (scheme != "file") {
    auto near = did_you_mean(scheme, {"env", "file", "credential"});
    return failure("unknown reference " + in_quotes("${" + reference + "}"),
                   near.empty() ? "${file:PATH}, ${env:NAME} or ${credential:NAME}; $${ for a plain ${"
                                : "did you mean '" + near + ":'?");
  }
  if (argument.empty()) return failure("${file:} without a path");
  return file(fs::path(context.beside).parent_path() / argument, context);
}

Expanded expand_text(const std::string& text, Context& context) {
  std::string result;
  size_t at = 0;
  for (size_t dollar; (dollar = text.find("${", at)) != std::string::npos;) {
    if (dollar > at && text[dollar - 1] == '$') {
      result += text.substr(at, dollar - 1 - at) + "${";
      at = dollar + 2;
      continue;
    }
    auto end = text.find('}', dollar);
    if (end == std::string::npos) return failure("'${' without its '}'", "$${ is a plain ${");
    auto value = lookup(text.substr(dollar + 2, end - dollar - 2), context);
    if (!value) return value;
    context.references = true;
    result += text.substr(at, dollar - at) + *value;
    at = end + 1;
  }
  return result + text.substr(at);
}

void expand_scalar(Node& node, const std::string& path, bool environment, Diagnostics& diagnostics) {
  if (node.text.find("${") == std::string::npos) return;
  Context context{node.mark.file, environment, false, {}};
  auto value = expand_text(node.text, context);
  if (!value) {
    diagnostics.error(node.mark, path, value.error().what, value.error().hint);
    node.unexpanded = true;  // reported once: nothing further is said about this value
    return;
  }
  node.written = node.text;
  node.unexpanded = context.references && !environment;
  if (!context.open.empty())
    diagnostics.warning(node.mark, path, "anybody may read " + context.open,
                        "if it holds a secret: chmod o-r " + context.open);
  if (!node.unexpanded) node.text = *value;
}

}  // namespace

void expand(Node& node, const std::string& path, bool environment, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::scalar) expand_scalar(node, path, environment, diagnostics);
  for (size_t i = 0; i < node.items.size(); ++i) expand(node.items[i], join(path, i), environment, diagnostics);
  for (auto& entry : node.entries) expand(entry.value, join(path, entry.key), environment, diagnostics);
}

}  // namespace mombridge::config
