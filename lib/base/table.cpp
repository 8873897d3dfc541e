#include "base/table.hpp"

#include <algorithm>

namespace mombridge {

size_t text_width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string Table::text() const {
  std::vector<size_t> widths(rows_.front().size());
  for (auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], text_width(row[i]));
  std::string text;
  for (auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      std::string room(widths[i] - text_width(row[i]), ' ');
      line += (i < numbers_ ? row[i] + room : room + row[i]) + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace mombridge
