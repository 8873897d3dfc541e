# Makes one page of page.html, page.css and page.js, and a C++ header of it, with the hashes that its policy names:
#   cmake -D FOLDER=… -D HEADER=… -P embed.cmake
foreach(part html css js)
  file(READ ${FOLDER}/page.${part} ${part})
endforeach()
string(SHA256 style_hash "${css}")
string(SHA256 script_hash "${js}")
string(REPLACE "@style@" "${css}" html "${html}")
string(REPLACE "@script@" "${js}" html "${html}")
file(WRITE ${HEADER} "#pragma once
#include <string_view>
namespace mombridge::admin {
inline constexpr std::string_view kPage = R\"page(${html})page\";
/// SHA-256 in hexadecimal digits.
inline constexpr std::string_view kStyleHash = \"${style_hash}\";
inline constexpr std::string_view kScriptHash = \"${script_hash}\";
}  // namespace mombridge::admin
")
