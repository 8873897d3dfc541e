#pragma once
// Columns of text for people.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mombridge {

/// Characters that a terminal shows of UTF-8, near enough.
[[nodiscard]] size_t text_width(std::string_view text);

/// Columns as wide as their widest cell. Cells are UTF-8 without control characters.
class Table {
 public:
  using Row = std::vector<std::string>;  ///< no longer than the head

  /// The columns from `numbers` on are of numbers: their ends are one below the other.
  explicit Table(Row head, size_t numbers = SIZE_MAX) : rows_{std::move(head)}, numbers_(numbers) {}
  void add(Row row) { rows_.push_back(std::move(row)); }
  /// A line for each row, the head first, without spaces at its end.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Row> rows_;
  size_t numbers_;
};

}  // namespace mombridge
