// Lines as SMTP, IMAP, POP3, ManageSieve and FTP send them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace certferry::probe {

// The line that begins at `position`, without its end (CR LF, or LF alone), and moves `position` behind it; nothing
// while the line is not whole. A view into `text`.
[[nodiscard]] inline std::optional<std::string_view> line_at(std::string_view text, std::size_t& position) {
  const std::size_t end = text.find('\n', position);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(position, end - position);
  if (line.ends_with('\r')) line.remove_suffix(1);
  position = end + 1;
  return line;
}

// Takes the first line out of `received`.
[[nodiscard]] inline std::optional<std::string> take_line(std::string& received) {
  std::size_t used = 0;
  const auto line = line_at(received, used);
  if (!line) return std::nullopt;
  std::string taken(*line);
  received.erase(0, used);
  return taken;
}

}  // namespace certferry::probe
