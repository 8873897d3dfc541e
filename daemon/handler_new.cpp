#include "daemon/handler_new.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>

#include "base/result.hpp"
#include "daemon/exit_codes.hpp"
#include "daemon/handler_templates.hpp"

namespace mombridge {

namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 64;
/// Targets of every CMake project, so that no handler can be one.
constexpr std::array<std::string_view, 9> kTaken{
    "all", "clean", "edit_cache", "help", "install", "list_install_components", "package", "rebuild_cache", "test"};

bool valid_handler_name(std::string_view name) {
  auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kLongestName && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(name, fits) && std::ranges::find(kTaken, name) == kTaken.end();
}

/// "order-price" becomes "OrderPriceHandler", which is no word of C++ and no class of the SDK.
std::string class_name(std::string_view name) {
  std::string text;
  bool begins = true;
  for (char c : name) {
    bool letter = c != '_' && c != '-';
    if (letter) text += begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    begins = !letter;
  }
  return text + "Handler";
}

std::string filled(std::string_view text, std::string_view word, const std::string& value) {
  std::string result(text);
  for (size_t at = 0; (at = result.find(word, at)) != std::string::npos; at += value.size())
    result.replace(at, word.size(), value);
  return result;
}

int complain(int code, const std::string& why) {
  std::cerr << "mombridge: " << why << '\n';
  return code;
}

Result<> write(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  return out ? Result<>{} : fail("cannot write " + file.string());
}

}  // namespace

int new_handler(const HandlerOptions& options) {
  auto& name = options.name;
  if (!valid_handler_name(name))
    return complain(kExitUsage, "'" + name +
                                    "' cannot be the name of a handler: it takes a small letter, then small letters, "
                                    "digits, - and _, and is no target of CMake's such as 'test'");
  bool c = options.language == "c";
  if (!c && options.language != "cpp")
    return complain(kExitUsage, "--lang takes cpp or c, not '" + options.language + "'");
  // create_directory() alone decides, so that nothing that exists is ever written over.
  std::error_code error;
  if (!fs::create_directory(name, error))
    return complain(kExitUsage, error ? "cannot make the folder '" + name + "': " + error.message()
                                      : "'" + name + "' is there already, and nothing in it is changed");
  auto source = name + (c ? ".c" : ".cpp");
  const std::pair<std::string, std::string_view> files[] = {{source, c ? templates::kSourceC : templates::kSourceCpp},
                                                            {"test.cpp", templates::kTest},
                                                            {"CMakeLists.txt", templates::kBuild},
                                                            {"bridge.yaml", templates::kBridge},
                                                            {"cases.yaml", templates::kCases}};
  for (auto& [file, text] : files) {
    auto content = filled(filled(filled(text, "@NAME@", name), "@CLASS@", class_name(name)), "@SOURCE@", source);
    if (auto ok = write(fs::path(name) / file, content); !ok) return complain(kExitSoftware, ok.error().text);
  }
  std::cout << "wrote " << name << "/: " << source << ", test.cpp, CMakeLists.txt, bridge.yaml, cases.yaml. Next:\n"
            << "  cd " << name << "\n  cmake -B build && cmake --build build && ctest --test-dir build\n"
            << "  mombridge handler run build/" << name << ".so --target " << name << " world\n"
            << "  mombridge test -c bridge.yaml cases.yaml\n  mombridge run -c bridge.yaml\n";
  return kExitOk;
}

}  // namespace mombridge
