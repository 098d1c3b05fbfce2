// The cmdlet dialect on any words: lines of the input are the cmdlet's name and its arguments.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cmdlet.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines(1);
  for (const char character : text) {
    if (character == '\n') {
      lines.emplace_back();
    } else if (character != '\0') {  // no argument can hold one
      lines.back() += character;
    }
  }
  return lines;
}

bool is_safe_for_a_terminal(std::string_view text) {
  for (const char character : text) {
    const auto octet = static_cast<unsigned char>(character);
    if ((octet < 0x20 && character != '\n') || octet == 0x7f) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace cli = certferry::cli;
  const std::vector<std::string> lines = lines_of({reinterpret_cast<const char*>(data), size});
  const auto parsed = cli::parse_cmdlet(lines[0], std::span(lines).subspan(1));
  if (!parsed) {
    require(parsed.error().error.id.starts_with("CF10") && !parsed.error().error.message.empty());
    require(is_safe_for_a_terminal(parsed.error().where));
    return 0;
  }
  // What is recorded for the audit reads back as the same command.
  const std::vector<std::string> words = parsed->words();
  const auto again = cli::parse_cmdlet(words[0], std::span(words).subspan(1));
  require(again && again->words() == words && again->command() == parsed->command());
  require(again->parameter_set() == parsed->parameter_set());
  return 0;
}
