#include "commands/fleet_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/clones.h"
#include "commands/deployment.h"
#include "commands/fleet_files.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "commands/heartbeat.h"
#include "commands/reconcile.h"
#include "deploy/generations.h"
#include "fleet/store_keys.h"
#include "seal/dsse.h"

namespace certferry::commands {
namespace {

using fleet::ReportedUse;
using nlohmann::ordered_json;

// How many statuses this computer has signed.
constexpr std::string_view kCounter = "status-counter";

Result<std::uint64_t> next_counter(store::Store& store) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store.get(kCounter));
  const std::uint64_t counter = entry ? std::strtoull(entry->value.c_str(), nullptr, 10) + 1 : 1;
  store::Batch batch;
  batch.expect(std::string(kCounter), entry ? entry->revision : 0);
  batch.put(std::string(kCounter), std::to_string(counter));
  CERTFERRY_TRY(store.commit(batch));
  return counter;
}

ReportedUse::State state_of(const Deployment& deployment) {
  switch (deployment.state) {
    case Deployment::State::kVerified: return ReportedUse::State::kVerified;
    case Deployment::State::kInPlace: return ReportedUse::State::kActive;
    case Deployment::State::kRolledBack: return ReportedUse::State::kRolledBack;
    case Deployment::State::kFlipping:
    case Deployment::State::kUnverified: break;
  }
  return ReportedUse::State::kFailed;
}

ReportedUse staged_use(const Target& target) {
  const fleet::Slot& slot = target.next_slot->slot;
  return {target.type, target.scope, slot.generation, slot.certificate.sha256, ReportedUse::State::kStaged, ""};
}

Result<ReportedUse> use_of(Environment& environment, const Home& home, const Target& target) {
  const fleet::Slot& slot = *target.slot;
  ReportedUse use{target.type, target.scope, slot.generation, slot.certificate.sha256, ReportedUse::State::kReceived,
                  ""};
  CERTFERRY_ASSIGN(const std::optional<Deployment> deployment,
                   read_deployment(environment.files, home.path(), target.type));
  CERTFERRY_ASSIGN(const deploy::Live live, deploy::Generations(environment.files, home.path(), target.type).live());
  if (deployment && deployment->sha256 == use.sha256) {
    use.state = state_of(*deployment);
    use.reason = deployment->reason;
  } else {
    const bool in_use = live.current && live.current->sha256 == use.sha256;
    use.state = in_use ? ReportedUse::State::kActive : ReportedUse::State::kReceived;
  }
  return use;
}

}  // namespace

Result<fleet::Status> current_status(Environment& environment, Home& home) {
  if (!home.membership()) return std::unexpected(no_fleet());
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  const Time now = environment.clock.now();
  fleet::Status status{{home.membership()->fleet, 0, now}, home.config().computer.fqdn, "", {}};
  CERTFERRY_ASSIGN(status.boot_id, boot_id(environment.files));
  Catalog catalog(*store);
  CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
  for (const Target& target : targets(assignments, home.config(), now)) {
    if (target.slot) {
      CERTFERRY_ASSIGN(ReportedUse use, use_of(environment, home, target));
      status.uses.push_back(std::move(use));
    }
    if (target.next_slot) status.uses.push_back(staged_use(target));
  }
  CERTFERRY_ASSIGN(const Silence heard, silence(environment, home, now));
  if (heard.alarm) status.alarms.push_back(heard.alarm->id);
  return status;
}

Result<std::string> sign_status(Environment& environment, Home& home, fleet::Status status) {
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_ASSIGN(const seal::OwnKey identity, read_key(environment, home.path(), FleetKey::kIdentity));
  CERTFERRY_ASSIGN(status.head.counter, next_counter(*store));
  return signed_text(status, identity);
}

Outcome write_status(Environment& environment, Home& home, const std::string& output) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json uses = ordered_json::array();
  const auto write = [&]() -> Result<> {
    CERTFERRY_ASSIGN(const fleet::Status status, current_status(environment, home));
    for (const ReportedUse& use : status.uses)
      uses.push_back({{"use", use.type}, {"sha256", use.sha256}, {"state", fleet::name_of(use.state)}});
    CERTFERRY_ASSIGN(const std::string statement, sign_status(environment, home, status));
    return replace_file(environment.files, output, as_bytes(statement + "\n"), 0644);
  };
  const Result<> done = write();
  frame.document.status = report::Status::kDone;
  frame.document.headline = done ? "Wrote " + output : "Nothing was written";
  if (done) frame.document.summary = {"Where the fleet is administered: certferry fleet accept FILE"};
  return frame.finish(done, false, {{"output", output}, {"uses", std::move(uses)}});
}

Result<bool> accept_status(store::Store& store, const seal::Trust& trust, const std::string& statement, Time now) {
  CERTFERRY_ASSIGN(const seal::Envelope envelope, seal::envelope_from_json(statement));
  CERTFERRY_ASSIGN(const fleet::Status claimed, fleet::statement_from_json<fleet::Status>(envelope.payload));
  CERTFERRY_ASSIGN(const Members all, fleet_members(store, trust, now));
  const auto member = std::ranges::find_if(
      all.members, [&](const StoredMember& one) { return one.member.computer.fqdn == claimed.fqdn; });
  if (member == all.members.end()) return std::unexpected(no_such_computer(claimed.fqdn));
  CERTFERRY_ASSIGN(const seal::Verified<fleet::Status> status, trust.status(statement, member->member));
  const std::string key = fleet::status_key(claimed.fqdn);
  CERTFERRY_ASSIGN(const std::optional<store::Entry> there, store.get(key));
  CERTFERRY_ASSIGN(const std::optional<fleet::Status> before, last_status(store, trust, member->member));
  store::Batch batch;
  if (before) {
    CERTFERRY_ASSIGN(const seal::Envelope old_envelope, seal::envelope_from_json(there->value));
    const auto is_new = seal::follows(before->head, old_envelope.payload, status.statement.head, envelope.payload);
    if (!is_new && is_new.error().id == "CF2218") {
      CERTFERRY_TRY(watch(store, batch, member->member, status.statement, envelope.payload));
      if (!batch.puts.empty()) CERTFERRY_TRY(store.commit(batch));
    }
    if (!is_new) return std::unexpected(is_new.error());
    if (!*is_new) return false;
  }
  CERTFERRY_TRY(watch(store, batch, member->member, status.statement, envelope.payload));
  batch.expect(key, there ? there->revision : 0);
  batch.put(key, statement);
  CERTFERRY_TRY(store.commit(batch));
  return true;
}

Result<std::optional<fleet::Status>> last_status(store::Store& store, const seal::Trust& trust,
                                                 const fleet::Member& member) {
  CERTFERRY_ASSIGN(const std::optional<store::Entry> entry, store.get(fleet::status_key(member.computer.fqdn)));
  if (!entry) return std::optional<fleet::Status>();
  // Also of one that left, for the record.
  fleet::Member then = member;
  then.state = fleet::Member::State::kActive;
  auto status = trust.status(entry->value, then);
  // Of an earlier computer of that name, as a rule: it signed with other keys.
  if (!status) return std::optional<fleet::Status>();
  return std::optional(std::move(status->statement));
}

}  // namespace certferry::commands
