// Shows text that came from outside without letting it act: as HTML, on a terminal, in a CSV cell.
#pragma once

#include <string>
#include <string_view>

namespace certferry {

// Characters that act or hide are written as "\u{202e}", invalid octets as "\x9b": controls (C0, C1, DEL), line and paragraph separators,
// bidirectional marks and overrides, zero-width and other invisible characters, tags, byte order marks.
[[nodiscard]] std::string escape_terminal(std::string_view text);

// The same, and the five characters of markup as entities: safe in text and in quoted attributes. Line feeds too.
[[nodiscard]] std::string escape_html(std::string_view text);

// One CSV cell (RFC 4180), always in quotes; a cell that a spreadsheet would run as a formula starts with an apostrophe.
[[nodiscard]] std::string escape_csv(std::string_view text);

}  // namespace certferry
