#include "config/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <unordered_map>

#include "base/text.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace fs = std::filesystem;

namespace {

void add_folder(const fs::path& folder, std::vector<std::string>& files, Diagnostics& diagnostics) {
  std::error_code error;
  std::vector<std::string> found;
  bool yml = false;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    yml |= at->path().extension() == ".yml";
    // Hidden files are editors' and Kubernetes' own (..data).
    if (at->path().extension() == ".yaml" && !at->path().filename().string().starts_with('.'))
      found.push_back(at->path());
  }
  if (error)
    diagnostics.error({folder.string()}, "", "cannot read this folder: " + error.message());
  else if (found.empty())
    diagnostics.error({folder.string()}, "", "no *.yaml in this folder", yml ? "*.yml is not read: rename it" : "");
  std::ranges::sort(found);
  std::ranges::move(found, std::back_inserter(files));
}

// What is wrong with the first bad byte at or after `at`; empty where there is none.
std::string why_not_text(std::string_view line, size_t& at) {
  for (; at < line.size(); ++at) {
    auto byte = static_cast<unsigned char>(line[at]);
    if (byte == 0) return "a NUL byte: this is not a text file";
    if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7F)
      return "a control character (" + printable(line.substr(at, 1)) + "): this is not a text file";
    if (byte < 0x80) continue;
    size_t length = 2;
    while (length <= 4 && !is_utf8(line.substr(at, length))) ++length;
    if (length > 4) return "not valid UTF-8 (" + printable(line.substr(at, 1)) + ")";
    at += length - 1;
  }
  return "";
}

bool is_text(const std::string& file, std::string_view text, Diagnostics& diagnostics) {
  for (int line = 1; !text.empty(); ++line) {
    auto end = text.find('\n');
    size_t at = 0;
    if (auto why = why_not_text(text.substr(0, end), at); !why.empty()) {
      diagnostics.error({file, line, static_cast<int>(at) + 1}, "", why, "the configuration is YAML in UTF-8");
      return false;
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return true;
}

// `to` holds what an earlier file said under the same key.
void merge_entry(Node::Entry& to, Node::Entry from, Diagnostics& diagnostics) {
  if (from.value.kind == Node::Kind::null) return;
  if (to.value.kind == Node::Kind::null) {
    to = std::move(from);
    return;
  }
  bool named = to.key == "brokers" || to.key == "handlers";
  if (named && to.value.kind == Node::Kind::map && from.value.kind == Node::Kind::map) {
    for (auto& entry : from.value.entries) {
      if (auto* first = to.value.find(entry.key))
        diagnostics.error(entry.mark, join(to.key, entry.key), "defined twice", "first at " + place(first->mark));
      else
        to.value.entries.push_back(std::move(entry));
    }
  } else if (to.key == "routes" && to.value.kind == Node::Kind::list && from.value.kind == Node::Kind::list) {
    std::ranges::move(from.value.items, std::back_inserter(to.value.items));
  } else if (to.key != "version") {  // each file may say which version it is written in
    diagnostics.error(from.mark, "", in_quotes(to.key) + " is set twice", "first at " + place(to.mark));
  }
}

}  // namespace

std::vector<std::string> files_of(const std::vector<fs::path>& paths, Diagnostics& diagnostics) {
  std::vector<std::string> files;
  for (auto& path : paths) {
    std::error_code error;
    auto status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found)
      diagnostics.error({path.string()}, "", "no such file or folder");
    else if (error)
      diagnostics.error({path.string()}, "", error.message());
    else if (fs::is_directory(status))
      add_folder(path, files, diagnostics);
    else
      files.push_back(path.string());
  }
  return files;
}

bool read_text(const std::string& file, std::string& text, Diagnostics& diagnostics) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    diagnostics.error({file}, "", std::string("cannot read this file: ") + std::strerror(errno ? errno : EIO));
    return false;
  }
  text.resize(kLargestFile + 1);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kLargestFile) {
    diagnostics.error({file}, "", "larger than " + size_text(kLargestFile), "split it into the *.yaml of a folder");
    return false;
  }
  return is_text(file, text, diagnostics);
}

void merge(Node& into, Node file, Diagnostics& diagnostics) {
  if (file.kind == Node::Kind::null) return;
  if (file.kind != Node::Kind::map) {
    diagnostics.error(file.mark, "", "the top level must be a map", "with brokers: and routes:");
    return;
  }
  if (into.kind == Node::Kind::null) {
    into.kind = Node::Kind::map;
    into.mark = file.mark;
  }
  // Keys that stand twice in one file were reported by the parser; here a key may stand in two files.
  std::unordered_map<std::string, size_t> earlier;
  for (size_t i = 0; i < into.entries.size(); ++i) earlier.emplace(into.entries[i].key, i);
  for (auto& entry : file.entries) {
    if (auto same = earlier.find(entry.key); same != earlier.end())
      merge_entry(into.entries[same->second], std::move(entry), diagnostics);
    else
      into.entries.push_back(std::move(entry));
  }
}

}  // namespace mombridge::config
