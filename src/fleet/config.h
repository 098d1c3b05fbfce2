// certferry.toml: what a home is configured to be (docs/formats/config.md). Text in, values out; reads no file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fleet/topology.h"
#include "fleet/type.h"

namespace certferry::fleet {

// Answers of [import] where the command line says nothing.
struct ImportDefaults {
  bool require_trust = false;              // an anchor that this computer does not trust is fatal
  bool private_key_exportable = false;     // of a certificate that is new in the store
  bool operator==(const ImportDefaults&) const = default;
};

// [checks]
struct CheckSettings {
  double warn_lifetime_left = 0.25;  // warn when less than this fraction of the lifetime is left
  std::vector<std::string> ignore;   // ids of warnings and informations that this home does not want to see
  bool operator==(const CheckSettings&) const = default;
};

// [agent]
struct AgentSettings {
  std::vector<std::string>
      ntp_servers;  // "HOST" or "HOST:PORT": asked before anything is rolled; none: nobody is asked
  bool operator==(const AgentSettings&) const = default;
};

// [store]
struct StoreSettings {
  static constexpr std::string_view kEmbedded = "sqlite";
  std::string url = std::string(kEmbedded);  // or "etcd://…", which store/etcd_url.h reads
  bool operator==(const StoreSettings&) const = default;
};

// One line of `certferry config show`. `origin` is "default", "certferry.toml:12" or "environment CERTFERRY_SITE".
struct ConfigRow {
  std::string key;    // "computer.fqdn", "types.Default.names"
  std::string value;  // as TOML
  std::string origin;
  bool operator==(const ConfigRow&) const = default;
};

struct Config {
  Computer computer;  // this one
  TypeTable types;
  ImportDefaults import;
  CheckSettings checks;
  AgentSettings agent;
  StoreSettings store;
  std::map<std::string, std::string> origins;  // key → origin, for every key that is not a default

  [[nodiscard]] Topology topology() const { return {{computer}}; }
  // Every setting with its value and origin, in the order of docs/formats/config.md; of types only what was set.
  [[nodiscard]] std::vector<ConfigRow> rows() const;
};

struct ConfigSource {
  std::string text;                 // of the file; empty where there is none
  std::string file = "certferry.toml";  // for messages and origins
  std::string host_name;            // the computer's fqdn where nothing is configured
  // Variables by name. Each key of [computer], [import], [checks], [agent] and [store] but lists can be set as CERTFERRY_<SECTION>_<KEY>
  // in upper case; they win over the file.
  std::map<std::string, std::string> environment;
};

// CF1930 where it is no TOML, CF1931 for an unknown key (with the nearest one), CF1932 for a value of the wrong kind,
// CF1933 for one that means nothing. Each message shows file, line, the line's text and a caret below the place.
[[nodiscard]] Result<Config> parse_config(const ConfigSource& source);

}  // namespace certferry::fleet
