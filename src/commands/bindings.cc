#include "commands/bindings.h"

#include <unistd.h>

#include <algorithm>

#include "deploy/binding_set.h"
#include "probe/resolve.h"

namespace certferry::commands {
namespace {

constexpr std::chrono::milliseconds kLookUp{5'000};

}  // namespace

Result<std::vector<deploy::Binding>> load_bindings(Environment& environment, const Home& home) {
  CERTFERRY_ASSIGN(std::vector<deploy::Binding> bindings,
                   deploy::read_bindings(environment.files, deploy::binding_folder(home.path()), ::geteuid()));
  std::erase_if(bindings, [](const deploy::Binding& binding) { return binding.built_in; });
  return bindings;
}

Result<std::vector<probe::Target>> probe_targets(const deploy::BoundProbe& asked,
                                                 const std::vector<std::string>& names) {
  std::vector<probe::Target> targets;
  CERTFERRY_ASSIGN(const std::vector<std::string> addresses, probe::resolve(asked.address, kLookUp));
  std::vector<std::optional<std::string>> server_names(asked.server_names.begin(), asked.server_names.end());
  for (const std::string& name : names) {
    if (asked.server_names.empty() && !name.contains('*') && !probe::is_address(name)) server_names.emplace_back(name);
  }
  if (server_names.empty()) server_names.emplace_back("");
  std::vector<probe::KeyKind> kinds;
  for (const std::string& key : asked.keys)
    kinds.push_back(key == "rsa" ? probe::KeyKind::kRsa : probe::KeyKind::kEcdsa);
  if (kinds.empty()) kinds.push_back(probe::KeyKind::kAny);
  probe::Target target;
  if (!asked.starttls.empty()) {
    CERTFERRY_ASSIGN(target.starttls, probe::starttls_from(asked.starttls));
  }
  for (const std::string& address : addresses) {
    target.endpoint = {address, static_cast<std::uint16_t>(asked.port)};
    for (const auto& name : server_names) {
      target.server_name = name;
      for (const probe::KeyKind kind : kinds) {
        target.key_kind = kind;
        for (int i = 0; i < std::max(1, asked.connections); ++i) targets.push_back(target);
      }
    }
  }
  return targets;
}

}  // namespace certferry::commands
