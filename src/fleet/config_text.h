// The TOML behind config.h: places in the text, and keys that are read, set by the environment and shown by one table.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "fleet/type.h"

namespace certferry::fleet {

// Where a value stands, for messages and origins.
struct Place {
  std::string origin;  // "certferry.toml:12", "environment CERTFERRY_COMPUTER_SITE"
  std::string excerpt;  // the line and a caret below the place; empty for the environment
};

// One key of a section: its name, what it sets, and what its values may be.
struct ConfigKey {
  using Target = std::variant<std::string*, bool*, int*, double*, Purpose*, std::chrono::seconds*,
                              std::optional<std::chrono::seconds>*, std::vector<std::string>*,
                              std::optional<std::vector<std::string>>*>;
  // Brings a string, or each one of a list, into its canonical form, or tells why it cannot be one.
  using Normalise = std::function<Result<std::string>(std::string_view)>;

  std::string_view name;
  Target target;
  Normalise normalise = nullptr;
  double least = 0;
  double most = 0;
};

// The value of `target` as TOML, as in the file; "none" where it has none.
[[nodiscard]] std::string toml_text(const ConfigKey::Target& target);
// A TOML basic string.
[[nodiscard]] std::string toml_string(std::string_view text);

// Sets the key from the text of an environment variable. CF1932, CF1933.
[[nodiscard]] Result<> set_from_text(const ConfigKey& key, const std::string& text, const Place& place);

// "certferry.toml:3: unknown key …", the line, the caret.
[[nodiscard]] std::unexpected<Error> config_error(std::string_view id, const Place& place, std::string_view message,
                                                  std::string fix);

}  // namespace certferry::fleet
