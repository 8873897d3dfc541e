#pragma once
// The header `mombridge-types` of a whole message: written beside headers whose values become text, and read with them.
// Its form is described in typed_text.hpp.

#include <string>
#include <string_view>
#include <vector>

#include "message/typed_text.hpp"

namespace mombridge {

/// For one message: expect() each header that will be written, then ready(), then write() them in their order.
class TypeNoteWriter {
 public:
  /// `nulls`: a null value is noted as well, for readers that cannot tell it from an empty text.
  explicit TypeNoteWriter(bool nulls = false) : nulls_(nulls) {}

  /// `always`: it is noted though its text would tell its type.
  void expect(const Header& header, bool always = false) {
    if (always || needs_type(header.value) || (nulls_ && header.value.kind == Value::Kind::null))
      names_.push_back(header.name);
  }
  void ready();
  /// Returns true if headers of that name are noted: because one of them has a type that its text does not tell.
  [[nodiscard]] bool noted(std::string_view name) const;
  /// The text of a header that is noted, appended to `text`; of a null value none.
  void write(const Header& header, std::string& text);
  /// Empty where nothing was noted. Valid as long as this.
  [[nodiscard]] std::string_view note() const { return note_; }

 private:
  const bool nulls_;
  std::vector<std::string_view> names_;
  std::string note_;
};

/// The entries of a note, asked for in the order of the headers, as they were written. Anybody can have written it.
class TypeNote {
 public:
  /// `note` and `arena` outlive this. `headers`: how many the message has; a note of more entries is not read to its
  /// end.
  TypeNote(std::string_view note, size_t headers, Arena& arena);

  /// The type of the next header of that name; empty: none is noted.
  std::string_view take(std::string_view name);

  /// The value of the next header of that name, which views `text` and the arena: of its noted type where the text is
  /// of that type, else text, or bytes where it is not UTF-8.
  Value value(std::string_view name, std::string_view text);
  /// The same for a type that was taken.
  Value typed(std::string_view type, std::string_view text);

 private:
  struct Entry {
    std::string_view type, name;
    bool taken;
  };

  std::string_view unescape(std::string_view name);

  Arena& arena_;
  std::vector<Entry> entries_;
  size_t next_ = 0;
  size_t budget_ = 100'000;  ///< comparisons: a hostile message may have very many of both
};

}  // namespace mombridge
