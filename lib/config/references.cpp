#include "config/references.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/file.hpp"
#include "base/text.hpp"
#include "config/diagnostics.hpp"
#include "config/secret_files.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace fs = std::filesystem;

namespace {

constexpr size_t kLargestSecret = 1 << 20;

using Expanded = tl::expected<std::string, ReferenceFault>;

tl::unexpected<ReferenceFault> fault(std::string what, std::string hint = "") {
  return tl::unexpected<ReferenceFault>(ReferenceFault{std::move(what), std::move(hint)});
}

Expanded file_content(const fs::path& path) {
  auto read = read_file(path.string(), kLargestSecret);
  if (!read) return fault(read.error().text);
  auto& content = *read;
  if (content.find('\0') != std::string::npos) return fault(path.string() + " holds a NUL byte");
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();  // the same one newline, written on Windows
  return std::move(content);
}

bool variable_name(const std::string& name) {
  auto fits = [](char c) { return letter_or_digit(c) || c == '_'; };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, fits);
}

Expanded variable(const std::string& argument, bool environment) {
  auto dash = argument.find(":-");
  auto name = argument.substr(0, dash);
  if (!variable_name(name))
    return fault(in_quotes(name) + " is not the name of an environment variable",
                 "${env:NAME} or ${env:NAME:-default}");
  if (!environment) return "";
  const char* value = std::getenv(name.c_str());
  if (dash != std::string::npos) return value && *value ? std::string(value) : argument.substr(dash + 2);  // as sh does
  if (!value)
    return fault("the environment variable " + in_quotes(name) + " is not set",
                 "set it, or ${env:" + name + ":-default}");
  return value;
}

Expanded credential(const std::string& name, bool environment) {
  if (!valid_name(name) || name == "." || name == "..")
    return fault(in_quotes(name) + " is not the name of a credential", "${credential:NAME}");
  if (!environment) return "";
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (!folder || !*folder)
    return fault("there are no credentials: $CREDENTIALS_DIRECTORY is not set", "LoadCredential= in the systemd unit");
  return file_content(fs::path(folder) / name);
}

/// What the references of one value are looked up with, and what was found out about them.
struct Context {
  const std::string& beside;  ///< the file that they stand in: relative paths begin at its folder
  bool environment;
  Expansion& result;
};

Expanded file(const fs::path& path, Context& context) {
  if (!context.environment) return "";
  auto content = file_content(path);
  if (content && anybody_may_read(path)) context.result.open = path.string();
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
    auto near = nearest(scheme, {"env", "file", "credential"});
    return fault("unknown reference " + in_quotes("${" + reference + "}"),
                 near.empty() ? "${file:PATH}, ${env:NAME} or ${credential:NAME}; $${ for a plain ${"
                              : "did you mean '" + near + ":'?");
  }
  if (argument.empty()) return fault("${file:} without a path");
  return file(fs::path(context.beside).parent_path() / argument, context);
}

}  // namespace

tl::expected<Expansion, ReferenceFault> expand_references(const std::string& text, const std::string& beside,
                                                          bool environment) {
  Expansion result;
  Context context{beside, environment, result};
  size_t at = 0;
  for (size_t dollar; (dollar = text.find("${", at)) != std::string::npos;) {
    if (dollar > at && text[dollar - 1] == '$') {
      result.text += text.substr(at, dollar - 1 - at) + "${";
      at = dollar + 2;
      continue;
    }
    auto end = text.find('}', dollar);
    if (end == std::string::npos) return fault("'${' without its '}'", "$${ is a plain ${");
    auto value = lookup(text.substr(dollar + 2, end - dollar - 2), context);
    if (!value) return tl::unexpected<ReferenceFault>(value.error());
    result.references = true;
    result.text += text.substr(at, dollar - at) + *value;
    at = end + 1;
  }
  result.text += text.substr(at);
  return result;
}

}  // namespace mombridge::config
