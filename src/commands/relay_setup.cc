#include "commands/relay_setup.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "commands/engines.h"
#include "commands/fleet_files.h"
#include "deploy/materials.h"
#include "fleet/store_keys.h"
#include "seal/certificates.h"
#include "seal/keys.h"

namespace certferry::commands {
namespace {

using nlohmann::json;

constexpr std::chrono::hours kYear{24 * 365};
constexpr auto kRelayLife = 2 * kYear;
constexpr std::size_t kLargestCertificate = 64 * 1024;

// What nobody judges by its dates: the computer's own certificate, and the anchor that stands for the root's key. A clock that
// is wrong shall not part a computer from its fleet.
seal::Validity always() {
  using std::chrono::sys_days;
  return {sys_days(std::chrono::year(2000) / 1 / 1), sys_days(std::chrono::year(2100) / 1 / 1)};
}

bool serves(const x509::Certificate& certificate, const x509::PrivateKey& key, const std::vector<std::string>& names,
            Time now) {
  const auto left = certificate->not_after - now, life = certificate->not_after - certificate->not_before;
  if (!(certificate->public_key == key.public_key()) || now < certificate->not_before || left < life / 3) return false;
  const auto covered = certificate.names();
  return std::ranges::all_of(
      names, [&](const std::string& name) { return std::ranges::find(covered, name) != covered.end(); });
}

}  // namespace

std::string RelayAddress::text() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Result<RelayAddress> parse_relay(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorKind::kUsage, "CF2402", "'" + std::string(text) + "' is no address of a relay",
                "write HOST or HOST:PORT, an IPv6 address in brackets: relay01.example.com:7443, [2001:db8::1]:7443");
  };
  RelayAddress address;
  std::string_view host = text, port;
  if (const std::size_t end = text.find(']'); text.starts_with('[') && end != std::string_view::npos) {
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return wrong();
  } else if (std::ranges::count(text, ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':'));
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto read = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (read.ec != std::errc() || read.ptr != port.data() + port.size() || address.port < 1 || address.port > 65535)
      return wrong();
  }
  if (host.empty() || host.find_first_of(" /,[]") != std::string_view::npos) return wrong();
  address.host = host;
  return address;
}

Result<relay::ServerOptions> relay_credentials(Environment& environment, const Home& home,
                                               const std::vector<RelayAddress>& relays, Time now) {
  FileSystem& files = environment.files;
  CERTFERRY_ASSIGN(const x509::PrivateKey key, read_or_make_relay_key(files, home.path()));
  std::vector<std::string> names;
  for (const RelayAddress& relay : relays) names.push_back(relay.host);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());

  const std::string path = relay_certificate_path(home.path());
  relay::ServerOptions options{{}, "", Secret(key.pem())};
  CERTFERRY_ASSIGN(const std::optional<FileStatus> status, files.status(path));
  if (status) {
    CERTFERRY_ASSIGN(const Secret text, files.read(path, kLargestCertificate));
    options.certificate = text.text();
    const auto there = deploy::materials_from_pem(options.certificate, options.key);
    if (there && serves(there->leaf, key, names, now)) return options;
  }
  CERTFERRY_ASSIGN(const bool has_root, has_key(files, home.path(), FleetKey::kRoot));
  if (!has_root) {
    return fail(ErrorKind::kFailed, "CF2403",
                "the relay has no certificate for its names, and the fleet's root key is not here",
                "start it where the fleet was made, or bring root.key here for this once");
  }
  CERTFERRY_ASSIGN(const seal::OwnKey root, read_key(environment, home.path(), FleetKey::kRoot));
  const seal::Validity validity{now - std::chrono::hours(1), now + kRelayLife};
  CERTFERRY_ASSIGN(const x509::Certificate ca, seal::make_ca(root, validity));
  CERTFERRY_ASSIGN(const x509::Certificate made, seal::issue_server(root, ca, key.public_key(), names, validity));
  options.certificate = made.pem();
  CERTFERRY_TRY(replace_file(files, path, as_bytes(options.certificate), 0644));
  return options;
}

Result<> announce_relay(const Home& home, const std::vector<RelayAddress>& relays) {
  CERTFERRY_ASSIGN(const std::unique_ptr<store::Store> store, home.store_opener()());
  std::vector<std::string> texts;
  for (const RelayAddress& relay : relays) texts.push_back(relay.text());
  const std::string key = fleet::relay_key(home.config().computer.fqdn),
                    value = json({{"schema", 1}, {"relays", texts}}).dump();
  CERTFERRY_ASSIGN(const std::optional<store::Entry> there, store->get(key));
  if (there && there->value == value) return {};
  store::Batch batch;
  batch.put(key, value);
  CERTFERRY_TRY(store->commit(batch));
  return {};
}

Result<std::vector<std::string>> announced_relays(store::Store& store) {
  CERTFERRY_ASSIGN(const store::Listing listing, store.list(fleet::kRelayKeys));
  std::vector<std::string> all;
  for (const store::Entry& entry : listing.entries) {
    const json value = json::parse(entry.value, nullptr, false);
    if (!value.is_object() || !value.contains("relays") || !value["relays"].is_array()) continue;
    for (const json& relay : value["relays"]) {
      if (relay.is_string() && parse_relay(relay.get<std::string>())) all.push_back(relay);
    }
  }
  return all;
}

Result<std::unique_ptr<relay::Client>> connect_to_relays(Environment& environment, const std::string& home,
                                                         const fleet::Membership& membership,
                                                         std::function<void()> changed, FleetKey which) {
  CERTFERRY_ASSIGN(const Engines* const engines, engines_of(environment));
  CERTFERRY_ASSIGN(const seal::OwnKey identity, read_key(environment, home, which));
  CERTFERRY_ASSIGN(const x509::PublicKey root, seal::read_key(membership.root));
  relay::ClientOptions options;
  options.relays = membership.relays;
  options.fqdn = membership.computer.fqdn;
  CERTFERRY_ASSIGN(const x509::Certificate anchor, seal::make_anchor(root, identity, always()));
  CERTFERRY_ASSIGN(seal::ClientIdentity own, seal::make_identity(identity, options.fqdn, always()));
  options.anchor = anchor.pem();
  options.identity = std::move(own.certificates);
  options.identity_key = std::move(own.key);
  return engines->connect(std::move(options), std::move(changed));
}

}  // namespace certferry::commands
