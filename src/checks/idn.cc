#include "checks/idn.h"

#include <idn2.h>
#include <unistr.h>
#include <unictype.h>

#include <algorithm>
#include <memory>

namespace certferry::checks {

std::optional<std::string> unicode_label(std::string_view a_label) {
  char* text = nullptr;
  // Reading does not check what the label holds; writing it again by IDNA 2008 does.
  if (idn2_to_unicode_8z8z(std::string(a_label).c_str(), &text, 0) != IDN2_OK) return std::nullopt;
  std::unique_ptr<char, decltype(&idn2_free)> owner(text, [](void* p) { idn2_free(p); });
  std::string unicode = text;
  char* again = nullptr;
  if (idn2_to_ascii_8z(unicode.c_str(), &again, IDN2_NFC_INPUT | IDN2_NO_TR46) != IDN2_OK) return std::nullopt;
  std::unique_ptr<char, decltype(&idn2_free)> again_owner(again, [](void* p) { idn2_free(p); });
  return unicode;
}

std::set<std::string> scripts_of(std::string_view utf8) {
  std::set<std::string> scripts;
  const auto* at = reinterpret_cast<const std::uint8_t*>(utf8.data());
  std::size_t left = utf8.size();
  while (left > 0) {
    ucs4_t character = 0;
    int size = u8_mbtouc(&character, at, left);
    if (size <= 0) break;
    const uc_script_t* script = uc_script(character);
    std::string name = script ? script->name : "Unknown";
    if (name != "Common" && name != "Inherited") scripts.insert(name);
    at += size;
    left -= static_cast<std::size_t>(size);
  }
  return scripts;
}

bool usual_mix(const std::set<std::string>& scripts) {
  if (scripts.size() <= 1) return true;
  static const std::set<std::string> kMixes[] = {
      {"Latin", "Han", "Hiragana", "Katakana"}, {"Latin", "Han", "Bopomofo"}, {"Latin", "Han", "Hangul"}};
  return std::ranges::any_of(kMixes, [&](const auto& mix) { return std::ranges::includes(mix, scripts); });
}

}  // namespace certferry::checks
