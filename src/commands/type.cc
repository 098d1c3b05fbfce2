#include "commands/type.h"

#include <nlohmann/json.hpp>

#include "commands/frame.h"

namespace certferry::commands {

using nlohmann::ordered_json;

Outcome list_types(Environment& environment, const fleet::Config& config) {
  Frame frame(environment, config.computer.fqdn);
  frame.document.headline = "Certificate types";
  report::Table table{"", {"Type", "Purpose", "On this computer", "Description"}, {}};
  ordered_json types = ordered_json::array();
  for (const fleet::Type& type : config.types.all()) {
    const bool hosted = config.computer.hosts(type.name);
    table.rows.push_back({type.name, std::string(name_of(type.purpose)), hosted ? "yes" : "no", type.description});
    types.push_back({{"name", type.name},
                     {"purpose", name_of(type.purpose)},
                     {"hosted", hosted},
                     {"description", type.description}});
  }
  frame.document.tables.push_back(std::move(table));
  return frame.finish({}, false, {{"types", std::move(types)}});
}

Outcome show_type(Environment& environment, const fleet::Config& config, const std::string& name) {
  Frame frame(environment, config.computer.fqdn);
  const auto type = config.types.get(name);
  frame.document.headline = type ? type->name : name;
  ordered_json profile = ordered_json::object();
  if (!type) return frame.finish(std::unexpected(type.error()), false, {{"profile", std::move(profile)}});
  report::Table table{"", {"Setting", "Value", "From"}, {}};
  for (const fleet::TypeRow& row : fleet::rows(*type)) {
    table.rows.push_back({row.name, row.value, row.source});
    profile[row.name] = {{"value", row.value}, {"source", row.source}};
  }
  frame.document.summary = {type->description};
  frame.document.tables.push_back(std::move(table));
  return frame.finish({}, false, {{"type", type->name}, {"profile", std::move(profile)}});
}

}  // namespace certferry::commands
