#include "container/pem_scan.h"

#include <algorithm>

namespace certferry::container {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kDashes = "-----";

std::unexpected<Error> damaged(std::string_view label, std::size_t number, std::string_view what) {
  return fail(ErrorKind::kRejected, "CF1206",
              "PEM block " + std::to_string(number) + " (" + std::string(label) + ") " + std::string(what),
              "copy the file again; mail programs and web forms break such blocks");
}

std::string_view trimmed(std::string_view line) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; };
  while (!line.empty() && blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && blank(line.back())) line.remove_suffix(1);
  return line;
}

// Takes one line off the front, whatever ends it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
  } else {
    const std::size_t width = text.substr(end, 2) == "\r\n" ? 2 : 1;
    text.remove_prefix(end + width);
  }
  return line;
}

bool is_base64_or_blank(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
         c == '=' || c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

struct Body {
  std::string dek_info;
  Secret base64;
};

// Headers (RFC 1421 section 4.6) come before the first empty line and hold a colon, which Base64 does not.
std::optional<Body> read_body(std::string_view text) {
  Body body;
  Bytes base64;
  base64.reserve(text.size());
  bool headers = text.find(':') != std::string_view::npos;
  bool valid = true;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    if (headers && line.find(':') != std::string_view::npos) {
      if (line.starts_with("DEK-Info:")) body.dek_info = trimmed(line.substr(9));
      continue;
    }
    // A dash ends the Base64; what follows is somebody's decoration.
    if (line.starts_with('-')) break;
    if (!line.empty()) headers = false;
    if (!std::ranges::all_of(line, is_base64_or_blank)) valid = false;
    for (char c : line) {
      if (c != ' ' && c != '\t') base64.push_back(static_cast<std::uint8_t>(c));
    }
  }
  body.base64 = Secret(std::move(base64));
  if (!valid) return std::nullopt;
  return body;
}

}  // namespace

Secret to_text(ByteView file) {
  if (file.size() >= 3 && file[0] == 0xef && file[1] == 0xbb && file[2] == 0xbf) return Secret(file.subspan(3));
  bool utf16 = false;
  std::size_t low = 0;  // where the low octet of each unit is
  if (file.size() >= 2 && ((file[0] == 0xff && file[1] == 0xfe) || (file[0] == 0xfe && file[1] == 0xff))) {
    utf16 = true;
    low = file[0] == 0xff ? 0 : 1;
    file = file.subspan(2);
  } else if (file.size() >= 4 && file[0] != 0 && file[1] == 0 && file[2] != 0 && file[3] == 0) {
    utf16 = true;
  } else if (file.size() >= 4 && file[0] == 0 && file[1] != 0 && file[2] == 0 && file[3] != 0) {
    utf16 = true;
    low = 1;
  }
  if (!utf16) return Secret(file);
  Bytes text;
  text.reserve(file.size() / 2);
  for (std::size_t i = 0; i + 1 < file.size(); i += 2) {
    // What is not ASCII is text around the blocks; its place matters, its letters do not.
    text.push_back(file[i + 1 - low] == 0 ? file[i + low] : '?');
  }
  return Secret(std::move(text));
}

bool looks_like_pem(std::string_view text) { return text.find(kBegin) != std::string_view::npos; }

Result<std::vector<PemBlock>> scan_pem(std::string_view text) {
  std::vector<PemBlock> blocks;
  while (true) {
    const std::size_t begin = text.find(kBegin);
    if (begin == std::string_view::npos) return blocks;
    text.remove_prefix(begin + kBegin.size());
    const std::size_t number = blocks.size() + 1;
    const std::size_t label_end = text.find(kDashes);
    if (label_end > 64 || text.substr(0, label_end).find_first_of("\r\n") != std::string_view::npos) continue;
    PemBlock block;
    block.label = trimmed(text.substr(0, label_end));
    text.remove_prefix(label_end + kDashes.size());
    const std::size_t end = text.find("-----END ");
    if (end == std::string_view::npos) return damaged(block.label, number, "is cut off: its END line is missing");
    const std::string_view end_line = text.substr(end + 9);
    if (!end_line.starts_with(block.label + std::string(kDashes))) {
      block.mismatched = true;
      blocks.push_back(std::move(block));
      text.remove_prefix(end + 9);
      continue;
    }
    const auto body = read_body(text.substr(0, end));
    text.remove_prefix(end + 9 + block.label.size() + kDashes.size());
    auto der = body ? from_base64(body->base64.text()) : std::nullopt;
    if (!der || der->empty()) return damaged(block.label, number, "is damaged: it is no Base64");
    block.der = Secret(std::move(*der));
    block.dek_info = body->dek_info;
    blocks.push_back(std::move(block));
  }
}

}  // namespace certferry::container
