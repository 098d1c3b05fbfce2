#include "commands/store_command.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "commands/attempts.h"
#include "commands/facts.h"
#include "commands/frame.h"
#include "commands/store_restore.h"
#include "store/audit.h"
#include "store/backup.h"
#include "store/copy.h"
#include "store/memory/memory_store.h"
#include "x509/digest.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLargestBackup = std::size_t{1} << 30;

std::string octets_text(std::size_t octets) {
  constexpr std::size_t kKibi = 1024;
  if (octets < 10 * kKibi) return std::to_string(octets) + " bytes";
  if (octets < 10 * kKibi * kKibi) return std::to_string(octets / kKibi) + " KiB";
  return std::to_string(octets / kKibi / kKibi) + " MiB";
}

void show_health(const store::EtcdHealth& health, Frame& frame, ordered_json& json) {
  report::Table table{"etcd", {"Member", "State", "Version", "Size", "In use"}, {}};
  json["members"] = ordered_json::array();
  for (const store::EtcdMember& member : health.members) {
    const std::string state = !member.problem.empty()  ? "does not answer"
                              : !member.errors.empty() ? member.errors.front()
                              : member.leads           ? "leads"
                              : member.learner         ? "learns"
                                                       : "follows";
    const bool answers = member.problem.empty();
    table.rows.push_back({member.endpoint, state, member.version,
                          answers ? octets_text(static_cast<std::size_t>(member.octets)) : "",
                          answers ? octets_text(static_cast<std::size_t>(member.octets_in_use)) : ""});
    json["members"].push_back({{"endpoint", member.endpoint},
                               {"state", state},
                               {"problem", member.problem},
                               {"version", member.version},
                               {"leads", member.leads},
                               {"octets", member.octets},
                               {"octets_in_use", member.octets_in_use}});
  }
  json["removed_keys"] = health.removed;
  json["alarms"] = health.alarms;
  frame.document.tables.push_back(std::move(table));
  frame.document.file.push_back({"Removed keys", std::to_string(health.removed)});
  for (Finding& finding : findings_of(health)) frame.document.findings.push_back(std::move(finding));
}

Finding finding(std::string id, Severity severity, std::string message, std::string fix) {
  return {std::move(id), severity, std::move(message), std::move(fix), "certferry"};
}

}  // namespace

Findings findings_of(const store::EtcdHealth& health) {
  // Half an hour of a large fleet's imports.
  constexpr std::int64_t kMuchHistory = 10'000;
  constexpr std::int64_t kUsualQuota = std::int64_t{2} << 30;
  constexpr std::size_t kManyRemoved = 100'000;
  Findings findings;
  for (const std::string& alarm : health.alarms) {
    findings.push_back(finding("CF1759", Severity::kFatal, "etcd raised the alarm " + alarm,
                               alarm == "NOSPACE" ? "compact, defragment each member, then etcdctl alarm disarm"
                                                  : "replace the member that is damaged"));
  }
  for (const store::EtcdMember& member : health.members) {
    if (!member.problem.empty()) {
      findings.push_back(finding("CF1791", Severity::kWarning,
                                 "the member " + member.endpoint + " of etcd does not answer: " + member.problem,
                                 "see whether it runs; the others do its work until a majority is gone"));
      continue;
    }
    const std::int64_t quota = member.quota > 0 ? member.quota : kUsualQuota;
    if (member.octets > quota / 5 * 4) {
      findings.push_back(finding("CF1795", Severity::kWarning,
                                 "the database of " + member.endpoint + " has " +
                                     octets_text(static_cast<std::size_t>(member.octets)) +
                                     ", and takes no more writes at " + octets_text(static_cast<std::size_t>(quota)) +
                                     (member.quota > 0 ? "" : " where --quota-backend-bytes is not given"),
                                 "compact, etcdctl defrag, or raise --quota-backend-bytes"));
    }
    if (health.members.size() > 1 && member.version.starts_with("3.4.")) {
      findings.push_back(finding(
          "CF1797", Severity::kInfo,
          member.endpoint + " runs etcd " + member.version + ", where a member that comes back can depose the leader",
          "start every member with --pre-vote, as later versions do by themselves"));
    }
  }
  if (health.keeps_all_history && health.revision > kMuchHistory) {
    findings.push_back(finding("CF1796", Severity::kWarning,
                               "etcd keeps everything that was ever written: " + std::to_string(health.revision) +
                                   " revisions, and none was compacted",
                               "start the members with --auto-compaction-retention=1h"));
  }
  if (health.removed > kManyRemoved) {
    findings.push_back(finding(
        "CF1798", Severity::kInfo,
        std::to_string(health.removed) + " keys were removed, and their places are still kept",
        "run `certferry doctor --repair` once a day: it erases those that were removed before the run of the day before"));
  }
  return findings;
}

Outcome show_store(Environment& environment, Home& home) {
  Frame frame(environment, home.config().computer.fqdn);
  const StorePlace& place = home.store_place();
  ordered_json json = {{"engine", place.etcd ? "etcd" : "sqlite"}, {"place", place.etcd ? place.text : place.file}};
  const auto look = [&]() -> Result<> {
    frame.document.file = {{"Engine", place.etcd ? "etcd" : "SQLite"}, {"Place", place.etcd ? place.text : place.file}};
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, environment.files.status(place.file));
    if (!place.etcd && (!status || status->size == 0)) {
      frame.document.summary.emplace_back("There is no store yet: nothing was imported.");
      json.update({{"revision", 0}, {"keys", 0}, {"octets", 0}});
      return {};
    }
    CERTFERRY_ASSIGN(const auto store, open_unchecked(environment.engines, place, /*write=*/false));
    CERTFERRY_ASSIGN(const store::Listing all, store->list(""));
    std::size_t octets = 0;
    for (const store::Entry& entry : all.entries) octets += entry.key.size() + entry.value.size();
    frame.document.file.push_back({"Revision", std::to_string(all.revision)});
    frame.document.file.push_back({"Keys", std::to_string(all.entries.size())});
    frame.document.file.push_back({"Size", octets_text(octets)});
    json.update({{"revision", all.revision}, {"keys", all.entries.size()}, {"octets", octets}});
    if (const Result<> usable = store::check_usable(*store); !usable)
      frame.document.findings.push_back(
          finding(usable.error().id, Severity::kFatal, usable.error().message, usable.error().fix));
    if (!place.etcd) return {};
    CERTFERRY_ASSIGN(const store::EtcdHealth health, environment.engines->examine_etcd(*place.etcd));
    show_health(health, frame, json);
    return {};
  };
  const Result<> done = look();
  frame.document.headline = done ? "The store" : "The store cannot be shown";
  return frame.finish(done, false, json);
}

Outcome back_up_store(Environment& environment, Home& home, const std::string& file) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json json = {{"file", file}};
  const auto write = [&]() -> Result<> {
    CERTFERRY_ASSIGN(store::Store* const store, home.store());
    CERTFERRY_ASSIGN(const store::Backup backup, store::read_backup(*store, frame.now()));
    const std::string text = store::to_text(backup);
    CERTFERRY_TRY(replace_file(environment.files, file, as_bytes(text), 0600));
    const std::string sha256 = hex_lower(x509::sha256(as_bytes(text)));
    json.update({{"keys", backup.entries.size()}, {"revision", backup.revision}, {"sha256", sha256}});
    frame.document.file = {{"Keys", std::to_string(backup.entries.size())},
                           {"Revision", std::to_string(backup.revision)},
                           {"Size", octets_text(text.size())},
                           {"SHA-256", sha256}};
    return {};
  };
  const Result<> done = write();
  frame.document.status = report::Status::kDone;
  frame.document.headline = done ? "Wrote the store to " + file : "Nothing was written";
  if (done)
    frame.document.summary = {
        "Private keys are not in it: save certificates/ and fleet/ of the home as well, "
        "where nobody else reads them."};
  return frame.finish(done, false, json);
}

Outcome restore_store(Environment& environment, Home& home, const std::string& file, const RestoreOptions& options) {
  Frame frame(environment, home.config().computer.fqdn);
  ordered_json json = {{"file", file}};
  bool changed = false;
  const auto restore = [&]() -> Result<> {
    CERTFERRY_ASSIGN(const Secret text, environment.files.read(file, kLargestBackup));
    CERTFERRY_ASSIGN(const store::Backup backup, store::backup_from_text(text.text()));
    CERTFERRY_ASSIGN(const bool done, restore_backup(environment, home, backup, options, frame));
    changed = done;
    json.update({{"keys", backup.entries.size()}, {"made", rfc3339(backup.made)}});
    return {};
  };
  const Result<> done = restore();
  frame.document.status = options.what_if ? report::Status::kPlanned : report::Status::kDone;
  frame.document.headline = !done             ? "The store was not restored"
                            : options.what_if ? "Would restore the store from " + file
                                              : "Restored the store from " + file;
  if (done && !options.what_if) {
    frame.mark_done();
    frame.document.summary = {"`certferry doctor` tells which private keys are missing below the home."};
  }
  return frame.finish(done, changed, json);
}

}  // namespace certferry::commands
