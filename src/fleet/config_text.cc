#include "fleet/config_text.h"

#include <fmt/format.h>

#include <charconv>

namespace certferry::fleet {
namespace {

std::string toml_list(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) text += (text.size() > 1 ? ", " : "") + toml_string(value);
  return text + "]";
}

struct Show {
  std::string operator()(const std::string* value) const { return toml_string(*value); }
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const int* value) const { return std::to_string(*value); }
  std::string operator()(const double* value) const { return fmt::format("{}", *value); }
  std::string operator()(const Purpose* value) const { return toml_string(name_of(*value)); }
  std::string operator()(const std::chrono::seconds* value) const { return toml_string(duration_text(*value)); }
  std::string operator()(const std::optional<std::chrono::seconds>* value) const {
    return *value ? toml_string(duration_text(**value)) : toml_string("until-expiry");
  }
  std::string operator()(const std::vector<std::string>* value) const { return toml_list(*value); }
  std::string operator()(const std::optional<std::vector<std::string>>* value) const {
    return *value ? toml_list(**value) : "all";
  }
};

template <typename T>
std::optional<T> number_from(const std::string& text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string toml_text(const ConfigKey::Target& target) { return std::visit(Show(), target); }

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::unexpected<Error> config_error(std::string_view id, const Place& place, std::string_view message,
                                    std::string fix) {
  return fail(ErrorKind::kUsage, id,
              fmt::format("{}: {}{}{}", place.origin, message, place.excerpt.empty() ? "" : "\n", place.excerpt),
              std::move(fix));
}

Result<> set_from_text(const ConfigKey& key, const std::string& text, const Place& place) {
  auto wrong_kind = [&](std::string_view expected) {
    return config_error("CF1932", place, fmt::format("'{}' is not {}", text, expected),
                        fmt::format("set it to {}", expected));
  };
  auto out_of_range = [&] {
    return config_error("CF1933", place, fmt::format("{} is outside {} to {}", text, key.least, key.most),
                        fmt::format("use a number from {} to {}", key.least, key.most));
  };
  if (auto* const* flag = std::get_if<bool*>(&key.target)) {
    if (text != "true" && text != "false") return wrong_kind("true or false");
    **flag = text == "true";
  } else if (auto* const* integer = std::get_if<int*>(&key.target)) {
    std::optional<int> value = number_from<int>(text);
    if (!value) return wrong_kind("a whole number");
    if (*value < key.least || *value > key.most) return out_of_range();
    **integer = *value;
  } else if (auto* const* real = std::get_if<double*>(&key.target)) {
    std::optional<double> value = number_from<double>(text);
    if (!value) return wrong_kind("a number");
    if (!(*value >= key.least && *value <= key.most)) return out_of_range();
    **real = *value;
  } else if (auto* const* purpose = std::get_if<Purpose*>(&key.target)) {
    std::optional<Purpose> value = purpose_from(text);
    if (!value) return wrong_kind("one of tls-server, tls-client, token-signing");
    **purpose = *value;
  } else if (auto* const* duration = std::get_if<std::chrono::seconds*>(&key.target)) {
    std::optional<std::chrono::seconds> value = duration_from(text);
    if (!value) return wrong_kind("a duration such as 8h, 90m, 2d");
    **duration = *value;
  } else if (auto* const* window = std::get_if<std::optional<std::chrono::seconds>*>(&key.target)) {
    std::optional<std::chrono::seconds> value = duration_from(text);
    if (!value && text != "until-expiry") return wrong_kind("a duration such as 8h, or until-expiry");
    **window = value;
  } else if (auto* const* string = std::get_if<std::string*>(&key.target)) {
    Result<std::string> value = key.normalise ? key.normalise(text) : Result<std::string>(text);
    if (!value) return config_error("CF1933", place, value.error().message, value.error().fix);
    **string = *value;
  }
  return {};
}

}  // namespace certferry::fleet
