#define TOML_EXCEPTIONS 0
#include "fleet/topology_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>

#include "fleet/toml_guard.h"

namespace certferry::fleet {
namespace {

// Names of sites may hold anything; the others are names that need no more than quotes.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

class Reader {
 public:
  Reader(std::string_view file, const TypeTable& types) : file_(file), types_(types) {}

  [[nodiscard]] Result<Topology> read(std::string_view text) const {
    if (const std::optional<TomlMistake> mistake = find_toml_mistake(text))
      return wrong(mistake->line, mistake->column, std::string(mistake->message));
    const toml::parse_result parsed = toml::parse(text, file_);
    if (!parsed) return wrong(parsed.error().source(), std::string(parsed.error().description()));
    for (const auto& [key, node] : parsed.table()) {
      if (key != "computers") return wrong(key.source(), "unknown key '" + std::string(key.str()) + "'");
    }
    Topology topology;
    const toml::node* const list = parsed.table().get("computers");
    if (!list) return topology;
    const toml::array* const computers = list->as_array();
    if (!computers) return wrong(list->source(), "'computers' is no list");
    for (const toml::node& node : *computers) {
      const toml::table* const table = node.as_table();
      if (!table) return wrong(node.source(), "a computer is a section");
      CERTFERRY_ASSIGN(Computer computer, read_computer(*table));
      if (topology.find(computer.fqdn)) return wrong(node.source(), computer.fqdn + " is there twice");
      topology.computers.push_back(std::move(computer));
    }
    return topology;
  }

 private:
  [[nodiscard]] std::unexpected<Error> wrong(std::uint32_t line, std::uint32_t column, const std::string& what) const {
    return fail(
        ErrorKind::kUsage, "CF1934", fmt::format("{}:{}:{}: {}", file_, line, column, what),
        "write [[computers]] with fqdn, and site, pool and types where they are; `certferry topology --export FILE` "
        "writes such a file");
  }
  [[nodiscard]] std::unexpected<Error> wrong(const toml::source_region& region, const std::string& what) const {
    return wrong(region.begin.line, region.begin.column, what);
  }

  [[nodiscard]] Result<Computer> read_computer(const toml::table& table) const {
    Computer computer;
    for (const auto& [key, node] : table) {
      if (key == "types") {
        CERTFERRY_ASSIGN(computer.types, read_types(node));
        continue;
      }
      const std::optional<std::string> text = node.value_exact<std::string>();
      if (!text) return wrong(node.source(), "'" + std::string(key.str()) + "' wants a text");
      Result<std::string> name = std::string();
      if (key == "fqdn" || key == "pool") {
        name = parse_fqdn(*text);
      } else if (key == "site") {
        const Result<Scope> scope = Scope::parse("site:" + *text);
        name = scope ? Result<std::string>(scope->name) : std::unexpected(scope.error());
      } else {
        return wrong(key.source(), "unknown key '" + std::string(key.str()) + "'");
      }
      if (!name) return wrong(node.source(), name.error().message);
      (key == "fqdn" ? computer.fqdn : key == "pool" ? computer.pool : computer.site) = std::move(*name);
    }
    if (computer.fqdn.empty()) return wrong(table.source(), "a computer has no fqdn");
    return computer;
  }

  [[nodiscard]] Result<std::vector<std::string>> read_types(const toml::node& node) const {
    const toml::array* const list = node.as_array();
    if (!list) return wrong(node.source(), "'types' wants a list");
    std::vector<std::string> names;
    for (const toml::node& element : *list) {
      const std::optional<std::string> text = element.value_exact<std::string>();
      if (!text) return wrong(element.source(), "'types' wants texts");
      const Type* const type = types_.find(*text);
      if (!type) return wrong(element.source(), "there is no type " + *text);
      names.push_back(type->name);
    }
    return names;
  }

  const std::string_view file_;
  const TypeTable& types_;
};

}  // namespace

std::string to_toml(const Topology& topology, std::string_view comment) {
  std::string text = fmt::format("# {}\n", comment);
  for (const Computer& computer : topology.computers) {
    text += fmt::format("\n[[computers]]\nfqdn = {}\n", quoted(computer.fqdn));
    if (!computer.site.empty()) text += fmt::format("site = {}\n", quoted(computer.site));
    if (!computer.pool.empty()) text += fmt::format("pool = {}\n", quoted(computer.pool));
    if (!computer.types) continue;
    std::string list;
    for (const std::string& type : *computer.types) list += (list.empty() ? "" : ", ") + quoted(type);
    text += fmt::format("types = [{}]\n", list);
  }
  return text;
}

Result<Topology> topology_from_toml(std::string_view text, std::string_view file, const TypeTable& types) {
  return Reader(file, types).read(text);
}

}  // namespace certferry::fleet
