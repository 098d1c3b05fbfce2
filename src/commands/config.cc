#include "commands/config.h"

#include <nlohmann/json.hpp>

#include "commands/frame.h"

namespace certferry::commands {

using nlohmann::ordered_json;

Outcome show_config(Environment& environment, const fleet::Config& config, bool origin) {
  Frame frame(environment, config.computer.fqdn);
  frame.document.headline = "Configuration";
  report::Table table{
      "",
      origin ? std::vector<std::string>{"Setting", "Value", "From"} : std::vector<std::string>{"Setting", "Value"},
      {}};
  ordered_json settings = ordered_json::array();
  for (const fleet::ConfigRow& row : config.rows()) {
    table.rows.push_back(origin ? std::vector<std::string>{row.key, row.value, row.origin}
                                : std::vector<std::string>{row.key, row.value});
    settings.push_back({{"key", row.key}, {"value", row.value}, {"origin", row.origin}});
  }
  frame.document.tables.push_back(std::move(table));
  return frame.finish({}, false, {{"settings", std::move(settings)}});
}

}  // namespace certferry::commands
