#include "message/type_note.hpp"

#include <gtest/gtest.h>

namespace mombridge {
namespace {

using Kind = Value::Kind;

TEST(TypeNote, NamesAreEscapedAndComeBack) {
  Header headers[] = {{"n", Value::of(int64_t{1})},    {"text", Value::of("abc")},
                      {"a;b%", Value::of_bool(true)},  {"broken", Value::of("caf\xe9")},
                      {"bin", Value::of_bytes("abc")}, {"raw", Value::of_bytes("\xff")}};
  TypeNoteWriter writer;
  for (auto& h : headers) writer.expect(h);
  writer.ready();
  std::string text;
  for (auto& h : headers)
    if (writer.noted(h.name)) writer.write(h, text += ' ');
  EXPECT_EQ(writer.note(), "i64:n;bool:a%3Bb%25;str:broken;bin:bin");
  EXPECT_EQ(text, " 1 true caf\xe9 abc");
  EXPECT_FALSE(writer.noted("text") || writer.noted("raw"));

  Arena arena;
  TypeNote note(writer.note(), 6, arena);
  EXPECT_EQ(note.value("n", "1").kind, Kind::i64);
  EXPECT_EQ(note.value("text", "abc").kind, Kind::string);
  EXPECT_EQ(note.value("a;b%", "true").kind, Kind::boolean);
  EXPECT_EQ(note.value("broken", "caf\xe9").kind, Kind::string);
  EXPECT_EQ(note.value("bin", "abc").kind, Kind::bytes);
  EXPECT_EQ(note.value("raw", "\xff").kind, Kind::bytes);
}

TEST(TypeNote, ATypeThatDoesNotFitIsIgnored) {
  Arena arena;
  TypeNote note("i32:a;i32:b;nonsense:c", 3, arena);
  EXPECT_EQ(note.value("a", "forty").kind, Kind::string);
  EXPECT_EQ(note.value("b", "\xff").kind, Kind::bytes);
  EXPECT_EQ(note.value("c", "1").kind, Kind::string);
  EXPECT_EQ(note.value("d", "1").kind, Kind::string);
}

// Of a megabyte of forged entries as many are read as there are headers.
TEST(TypeNote, EntriesAreBoundedByTheHeaders) {
  Arena arena;
  std::string forged;
  for (int i = 0; i < 1000; ++i) forged += "i32:%25;";
  TypeNote note(forged + "i32:a", 2, arena);
  EXPECT_EQ(note.value("a", "1").kind, Kind::string);
  EXPECT_EQ(arena.texts.size(), 2u);
}

}  // namespace
}  // namespace mombridge
