#include "commands/fleet.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "commands/adopt.h"
#include "commands/facts.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/fleet_status.h"
#include "commands/frame.h"
#include "commands/publish.h"
#include "commands/refusals.h"
#include "commands/relay_setup.h"
#include "commands/take.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"
#include "seal/join_token.h"
#include "seal/keys.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLargestBundle = std::size_t{64} << 20;

Result<> put_once(store::Store& store, store::Batch& batch, const std::string& key, std::string value) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> there, store.get(key));
  if (there) return {};
  batch.expect(key, 0);
  batch.put(key, std::move(value));
  return {};
}

Bytes spki(const seal::OwnKey& key) { return to_bytes(key.public_key().spki()); }

Result<std::string> make_fleet(Environment& environment, Home& home, const KeyPlace& place, Frame& frame,
                               bool& changed) {
  FileSystem& files = environment.files;
  const std::string& path = home.path();
  CERTFERRY_ASSIGN(const bool has_root, has_key(files, path, FleetKey::kRoot));
  if (home.membership() && !has_root) {
    return fail(ErrorKind::kFailed, "CF1766", "this computer belongs to the fleet " + home.membership()->fleet,
                "run the command in another home, or have this computer leave that fleet first");
  }
  const auto key_of = [&](FleetKey which) { return read_or_make_key(environment, path, which, place); };
  CERTFERRY_ASSIGN(const seal::OwnKey root, key_of(FleetKey::kRoot));
  CERTFERRY_ASSIGN(const seal::OwnKey administrator, key_of(FleetKey::kAdministrator));
  CERTFERRY_ASSIGN(const seal::OwnKey sealing, key_of(FleetKey::kSealing));
  CERTFERRY_ASSIGN(const seal::OwnKey identity, key_of(FleetKey::kIdentity));
  const fleet::Membership membership{
      seal::fingerprint(root.public_key().spki()), spki(root), home.config().computer, {}};
  const fleet::StatementHead head{membership.fleet, 1, frame.now()};
  const fleet::Delegation everything{
      head, environment.actor.name, spki(administrator), {"*"}, {}, {fleet::Scope::global()}, {}};
  CERTFERRY_ASSIGN(const std::string boot, boot_id(files));
  const fleet::Member own{head, membership.computer,          spki(sealing), spki(identity),
                          boot, fleet::Member::State::kActive};
  CERTFERRY_ASSIGN(std::string delegation, signed_text(everything, root));
  CERTFERRY_ASSIGN(std::string member, signed_text(own, administrator));

  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  store::Batch batch;
  CERTFERRY_TRY(put_once(*store, batch, std::string(fleet::kRootKey),
                         dump({{"schema", 1}, {"fleet", membership.fleet}, {"root", base64(membership.root)}})));
  CERTFERRY_TRY(put_once(*store, batch, fleet::delegation_key(seal::key_id(everything.key)), std::move(delegation)));
  CERTFERRY_TRY(put_once(*store, batch, fleet::member_key(membership.computer.fqdn), std::move(member)));
  changed = !batch.puts.empty();
  if (changed) {
    frame.document.steps.push_back({membership.computer.fqdn, "make the fleet " + membership.fleet.substr(0, 16) + "…",
                                    report::Step::State::kDone, ""});
    CERTFERRY_TRY(store::append_audit(*store, batch,
                                      {0, frame.now(), frame.actor(), environment.command_line, frame.actions(), ""}));
    CERTFERRY_TRY(store->commit(batch));
  }
  CERTFERRY_TRY(write_membership(files, path, membership));
  return membership.fleet;
}

// What one computer needs of the store.
Result<ordered_json> entries_for(store::Store& store, const fleet::Member& member) {
  ordered_json entries = ordered_json::array();
  const store::Reading reading(store);
  for (const std::string& key : fleet::keys_for(member.computer)) {
    CERTFERRY_ASSIGN(const store::Listing listing, store.list(key));
    for (const store::Entry& entry : listing.entries) {
      if (key.ends_with('/') || entry.key == key) entries.push_back({{"key", entry.key}, {"value", entry.value}});
    }
  }
  return entries;
}

Result<std::map<std::string, std::string>> read_bundle(Environment& environment, const std::string& path) {
  CERTFERRY_ASSIGN(const Secret text, environment.files.read(path, kLargestBundle));
  const ordered_json json = ordered_json::parse(text.text(), nullptr, false);
  std::map<std::string, std::string> entries;
  try {
    if (json.at("schema") != 1) throw std::invalid_argument("schema");
    for (const ordered_json& entry : json.at("entries")) entries[entry.at("key")] = entry.at("value");
  } catch (const std::exception&) {
    return fail(ErrorKind::kRejected, "CF1768", path + " is no bundle of a fleet",
                "make one with `certferry fleet bundle FQDN --output FILE` where the fleet is administered");
  }
  return entries;
}

}  // namespace

Outcome change_fleet_passphrase(Environment& environment, Home& home) {
  Frame frame(environment, home.config().computer.fqdn);
  bool is_set = false;
  const auto change = [&]() -> Result<> {
    if (!home.membership()) return std::unexpected(no_fleet());
    CERTFERRY_ASSIGN(const Secret passphrase, environment.ui.new_passphrase());
    is_set = !passphrase.text().empty();
    CERTFERRY_ASSIGN(const std::vector<std::string> paths, change_passphrase(environment, home.path(), passphrase));
    for (const std::string& path : paths)
      frame.document.steps.push_back({home.config().computer.fqdn,
                                      is_set ? "put " + path + " under the passphrase" : "write " + path + " as it is",
                                      report::Step::State::kDone, ""});
    return {};
  };
  const Result<> done = change();
  frame.document.status = report::Status::kDone;
  frame.document.headline = !done    ? "The passphrase was not changed"
                            : is_set ? "The fleet's keys here are under a new passphrase"
                                     : "The fleet's keys here are under no passphrase any more";
  if (done && is_set) {
    frame.document.summary = {
        "Nobody can bring it back when it is lost. Copies of the keys elsewhere are as they were.",
        "Commands that sign ask for it, or take it from the file that CERTFERRY_PASSPHRASE_FILE names. The agent of this home takes "
        "in no computers and gives no heartbeats unless it gets it like that."};
  }
  return frame.finish(done, done.has_value(), {{"passphrase", is_set}});
}

Outcome init_fleet(Environment& environment, Home& home, const KeyPlace& place) {
  Frame frame(environment, home.config().computer.fqdn);
  bool changed = false;
  const auto made = make_fleet(environment, home, place, frame, changed);
  Result<> done;
  if (!made) done = std::unexpected(made.error());
  frame.document.status = changed ? report::Status::kDone : report::Status::kNothing;
  frame.document.headline = !made ? "No fleet was made" : changed ? "Made a fleet" : "The fleet is there already";
  if (made) {
    frame.document.summary = {
        "Its fingerprint is " + *made + ".",
        "Keep a copy of " + home.path() + "/fleet/root.key in a safe place: whoever has it owns the fleet.",
        "`certferry computer add FQDN` prints what a computer needs to join. Where computers can reach this one, "
        "`certferry serve` brings them what they shall have, and `certferry agent` takes them in."};
  }
  return frame.finish(done, changed, {{"fleet", made ? ordered_json(*made) : ordered_json()}, {"changed", changed}});
}

Outcome show_fleet(Environment& environment, Home& home) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json computers = ordered_json::array(), invitation = nullptr;
  const auto look = [&]() -> Result<> {
    CERTFERRY_ASSIGN(store::Store* const store, home.store());
    CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home, *store));
    CERTFERRY_ASSIGN(const Members all, fleet_members(*store, trust, frame.now()));
    report::Table table{"", {"Computer", "Site", "Pool", "Types", "State", "Answered", "Uses"}, {}};
    for (const StoredMember& one : all.members) {
      const fleet::Computer& computer = one.member.computer;
      std::string types = computer.types ? "" : "all";
      for (const std::string& type : computer.types.value_or(std::vector<std::string>()))
        types += (types.empty() ? "" : ", ") + type;
      CERTFERRY_ASSIGN(const std::optional<fleet::Status> status, last_status(*store, trust, one.member));
      std::string uses;
      ordered_json said = ordered_json::array();
      for (const fleet::ReportedUse& use : status ? status->uses : std::vector<fleet::ReportedUse>()) {
        uses += (uses.empty() ? "" : ", ") + use.type + " " + std::string(name_of(use.state));
        said.push_back({{"use", use.type},
                        {"scope", use.scope.text()},
                        {"generation", use.generation},
                        {"sha256", use.sha256},
                        {"state", name_of(use.state)},
                        {"reason", use.reason}});
      }
      for (const std::string& alarm : status ? status->alarms : std::vector<std::string>())
        uses += (uses.empty() ? "" : ", ") + alarm;
      table.rows.push_back({computer.fqdn, computer.site, computer.pool, types, std::string(name_of(one.member.state)),
                            status ? rfc3339(status->head.issued) : "never", uses});
      computers.push_back({{"fqdn", computer.fqdn},
                           {"site", computer.site},
                           {"pool", computer.pool},
                           {"types", computer.types ? ordered_json(*computer.types) : ordered_json()},
                           {"state", name_of(one.member.state)},
                           {"identity", seal::fingerprint(one.member.identity_key)},
                           {"signed_by", one.signer},
                           {"answered", status ? ordered_json(rfc3339(status->head.issued)) : ordered_json()},
                           {"alarms", status ? status->alarms : std::vector<std::string>()},
                           {"uses", std::move(said)}});
    }
    frame.document.findings = all.findings;
    frame.document.headline = "The fleet " + trust.fleet();
    CERTFERRY_ASSIGN(const std::vector<std::string> relays, announced_relays(*store));
    if (!relays.empty()) {
      const fleet::Membership& own = *home.membership();
      invitation = seal::to_text(seal::Invitation{own.fleet, own.root, relays});
      frame.document.summary = {"A computer asks to join with this, which is no secret, and waits for your approval:",
                                "certferry join " + invitation.get<std::string>()};
    }
    frame.document.tables.push_back(std::move(table));
    return {};
  };
  const Result<> done = look();
  frame.document.status = report::Status::kShown;
  if (frame.document.headline.empty()) frame.document.headline = "No fleet";
  const ordered_json id = home.membership() ? ordered_json(home.membership()->fleet) : ordered_json();
  return frame.finish(done, false,
                      {{"fleet", id}, {"invitation", std::move(invitation)}, {"computers", std::move(computers)}});
}

Outcome write_bundle(Environment& environment, Home& home, const std::string& fqdn, const std::string& output) {
  Frame frame(environment, home.config().computer.fqdn);
  std::size_t count = 0;
  const auto write = [&]() -> Result<> {
    CERTFERRY_ASSIGN(store::Store* const store, home.store());
    CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home, *store));
    CERTFERRY_TRY(publish(environment, home, "Set-CsCertificate", frame.now()));
    CERTFERRY_ASSIGN(const Members all, fleet_members(*store, trust, frame.now()));
    const auto found =
        std::ranges::find_if(all.members, [&](const StoredMember& one) { return one.member.computer.fqdn == fqdn; });
    if (found == all.members.end()) return std::unexpected(no_such_computer(fqdn));
    CERTFERRY_ASSIGN(ordered_json entries, entries_for(*store, found->member));
    count = entries.size();
    const std::string text = dump({{"schema", 1}, {"computer", fqdn}, {"entries", std::move(entries)}}) + "\n";
    return replace_file(environment.files, output, as_bytes(text), 0644);
  };
  const Result<> done = write();
  frame.document.status = report::Status::kDone;
  frame.document.headline = done ? "Wrote " + output : "Nothing was written";
  if (done)
    frame.document.summary = {"On " + fqdn +
                              ": certferry fleet take FILE. The keys in it are sealed to that computer."};
  return frame.finish(done, false, {{"computer", fqdn}, {"output", output}, {"entries", count}});
}

Outcome take_bundle(Environment& environment, Home& home, const std::string& path) {
  Frame frame(environment, home.config().computer.fqdn);
  Taken taken;
  const auto take = [&]() -> Result<> {
    CERTFERRY_ASSIGN(const auto entries, read_bundle(environment, path));
    auto took = take_over(environment, home, entries, frame);
    CERTFERRY_TRY(record_refusals(environment, home, frame.document.findings, frame.now()));
    if (!took) return std::unexpected(took.error());
    taken = std::move(*took);
    return {};
  };
  const Result<> done = take();
  const bool changed = !taken.changed.empty();
  frame.document.status = changed ? report::Status::kDone : report::Status::kNothing;
  frame.document.headline = !done     ? "Not everything was taken over"
                            : changed ? "Taken over"
                                      : "Everything was here already";
  return frame.finish(done, changed, {{"changed", changed}, {"types", taken.changed}});
}

Outcome accept_statement(Environment& environment, Home& home, const std::string& path) {
  Frame frame(environment, home.config().computer.fqdn);
  std::string fqdn;
  bool changed = false;
  const auto accept = [&]() -> Result<> {
    CERTFERRY_ASSIGN(store::Store* const store, home.store());
    CERTFERRY_ASSIGN(const seal::Trust trust, fleet_trust(home, *store));
    CERTFERRY_ASSIGN(const Secret text, environment.files.read(path, seal::kMaxEnvelope));
    const std::string statement(text.text().substr(0, text.text().find_last_not_of("\r\n") + 1));
    CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(statement));
    if (envelope.payload_type == seal::payload_type(fleet::Status::kKind)) {
      const auto accepted = accept_status(*store, trust, statement, frame.now());
      // Also where it is refused: it may show that there are two of it.
      CERTFERRY_ASSIGN(const Published published, publish(environment, home, "Set-CsCertificate", frame.now()));
      frame.document.findings = published.findings;
      if (!accepted) return std::unexpected(accepted.error());
      changed = *accepted;
      frame.document.headline = changed ? "Its word is kept" : "Its word was known";
      return {};
    }
    CERTFERRY_ASSIGN(const fleet::Member claimed, fleet::statement_from_json<fleet::Member>(envelope.payload));
    fqdn = claimed.computer.fqdn;
    CERTFERRY_ASSIGN(changed, adopt(environment, home, *store, trust, statement, frame));
    if (!changed) return {};
    CERTFERRY_TRY(publish(environment, home, "Set-CsCertificate", frame.now()));
    return {};
  };
  const Result<> done = accept();
  frame.document.status = changed ? report::Status::kDone : report::Status::kNothing;
  if (frame.document.headline.empty() || !done)
    frame.document.headline = !done     ? "Nothing was accepted"
                              : changed ? fqdn + " has joined"
                                        : fqdn + " had joined already";
  return frame.finish(done, changed, {{"computer", fqdn}, {"changed", changed}});
}

}  // namespace certferry::commands
