#include "commands/doctor.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "commands/catalog.h"
#include "commands/frame.h"
#include "commands/reconcile.h"
#include "commands/store_command.h"
#include "deploy/certificates.h"
#include "deploy/generations.h"
#include "store/audit.h"

namespace certferry::commands {
namespace {

class Doctor {
 public:
  Doctor(Environment& environment, Home& home, const DoctorOptions& options)
      : environment_(environment),
        home_(home),
        options_(options),
        frame_(environment, home.config().computer.fqdn),
        certificates_(environment.files, home.path()) {}

  [[nodiscard]] Outcome run() {
    Result<> done = options_.repair ? repair() : Result<>();
    if (done) done = look();
    Findings& findings = frame_.document.findings;
    std::ranges::stable_sort(findings, std::ranges::greater(), &Finding::severity);
    for (const Finding& finding : findings) {
      if (!done || finding.severity != Severity::kFatal) continue;
      done = fail(ErrorKind::kFailed, finding.id, finding.message, finding.fix);
    }
    const bool clean = done && std::ranges::none_of(findings, [](const Finding& finding) {
                         return finding.severity != Severity::kInfo;
                       });
    frame_.document.headline = clean ? "The home is sound" : done ? "The home needs a look" : "The home is damaged";
    frame_.document.summary.insert(frame_.document.summary.begin(),
                                   home_.path() + ": " + std::to_string(records_) +
                                       (records_ == 1 ? " certificate" : " certificates") + ", " +
                                       std::to_string(uses_) + (uses_ == 1 ? " use." : " uses."));
    const bool mended = !frame_.document.steps.empty();
    frame_.mark_done();
    return frame_.finish(
        done, mended, {{"clean", clean}, {"certificates", records_}, {"uses", uses_}, {"repaired", frame_.actions()}});
  }

 private:
  void tell(std::string_view id, Severity severity, std::string message, std::string fix) {
    frame_.document.findings.push_back({std::string(id), severity, std::move(message), std::move(fix), "certferry"});
  }

  // Nothing here can lose a key: what names no living process and no stored certificate is only ever a copy in the
  // making.
  [[nodiscard]] Result<> repair() {
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    CERTFERRY_TRY(store->verify());
    Catalog catalog(*store);
    CERTFERRY_ASSIGN(const std::vector<std::string> removed, certificates_.remove_leftovers(left_by_the_dead));
    for (const std::string& name : removed) step("remove what an interrupted command left: " + name);
    CERTFERRY_ASSIGN(const std::vector<Found> records, catalog.all());
    for (const Found& found : records) {
      const auto access = deploy::choose_access(found.record.exportable).access;
      const auto there = certificates_.has_key(found.record.sha256);
      if (!there || !*there) continue;  // damage, which is told of below
      CERTFERRY_ASSIGN(const bool changed, certificates_.set_access(found.record.sha256, access));
      if (changed) step("set who may read the private key of " + found.record.thumbprint);
    }
    if (const auto& etcd = home_.store_place().etcd) {
      CERTFERRY_ASSIGN(const std::size_t purged, environment_.engines->purge_etcd(*etcd, frame_.now()));
      if (purged > 0) step("erase the places of " + std::to_string(purged) + " keys that were removed long ago");
    }
    CERTFERRY_ASSIGN(const Reconciled reconciled, reconcile(environment_, home_, frame_.now()));
    CERTFERRY_TRY(reconciled.outcome());
    for (const std::string& type : reconciled.changed) step("bring what is live for " + type + " to the store");
    if (frame_.document.steps.empty()) return {};
    store::Batch batch;
    CERTFERRY_TRY(store::append_audit(
        *store, batch, {0, frame_.now(), frame_.actor(), environment_.command_line, frame_.actions(), ""}));
    const auto revision = store->commit(batch);
    if (!revision) return std::unexpected(revision.error());
    return {};
  }

  // Names end in "<pid>-<tid>.new" or "<pid>-<tid>-<count>.new".
  [[nodiscard]] static bool left_by_the_dead(const std::string& name) {
    const std::string_view stem = std::string_view(name).substr(0, name.size() - std::string_view(".new").size());
    const std::size_t dot = stem.find_last_of('.');
    pid_t pid = 0;
    if (dot != std::string_view::npos) std::from_chars(stem.data() + dot + 1, stem.data() + stem.size(), pid);
    return pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH);
  }

  void step(std::string action) {
    frame_.document.steps.push_back(
        {home_.config().computer.fqdn, std::move(action), report::Step::State::kPlanned, ""});
  }

  [[nodiscard]] Result<> look() {
    CERTFERRY_ASSIGN(const std::optional<FileStatus> status, environment_.files.status(home_.path()));
    if (!status) {
      frame_.document.summary.push_back("There is no such folder yet: nothing was imported.");
      return {};
    }
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    CERTFERRY_TRY(store->verify());
    if (const auto& etcd = home_.store_place().etcd) {
      CERTFERRY_ASSIGN(const store::EtcdHealth health, environment_.engines->examine_etcd(*etcd));
      for (Finding& finding : findings_of(health)) frame_.document.findings.push_back(std::move(finding));
    }
    const auto audit = store::verify_audit(*store);
    if (!audit) tell(audit.error().id, Severity::kFatal, audit.error().message, audit.error().fix);
    Catalog catalog(*store);
    CERTFERRY_TRY(look_at_certificates(catalog));
    return look_at_uses(catalog);
  }

  [[nodiscard]] Result<> look_at_certificates(Catalog& catalog) {
    CERTFERRY_ASSIGN(const std::vector<Found> records, catalog.all());
    records_ = records.size();
    std::set<std::string> known;
    for (const Found& found : records) {
      known.insert(found.record.sha256);
      for (Finding& finding :
           certificates_.verify(found.record.sha256, deploy::choose_access(found.record.exportable).access)) {
        frame_.document.findings.push_back(std::move(finding));
      }
      const auto certificate = catalog.certificate(found.record.sha256);
      if (!certificate || certificate->sha256_hex() != found.record.sha256) {
        tell("CF1780", Severity::kFatal,
             "the store's copy of " + found.record.thumbprint + " is not the certificate it should be",
             "import the certificate again");
      }
      if (found.record.not_after < frame_.now())
        tell("CF1781", Severity::kInfo, found.record.thumbprint + " (" + found.record.subject + ") has expired", "");
    }
    CERTFERRY_ASSIGN(const std::vector<std::string> folders, certificates_.list());
    for (const std::string& folder : folders) {
      if (known.contains(folder)) continue;
      tell("CF1782", Severity::kWarning, "certificates/" + folder + " is not in the store: an import was interrupted",
           "import the file again; the folder is then taken over");
    }
    CERTFERRY_ASSIGN(const std::vector<std::string> leftovers, certificates_.leftovers());
    for (const std::string& name : leftovers) {
      tell("CF1783", Severity::kInfo, "an interrupted command left " + name, "certferry doctor --repair removes it");
    }
    return {};
  }

  [[nodiscard]] Result<> look_at_uses(Catalog& catalog) {
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
    for (const Target& target : targets(assignments, home_.config(), frame_.now())) {
      if (target.current) ++uses_;
      deploy::Generations generations(environment_.files, home_.path(), target.type);
      const auto live = generations.live();
      if (!live) {
        tell(live.error().id, Severity::kFatal, live.error().message, live.error().fix);
        continue;
      }
      const auto same = [](const std::optional<deploy::Generation>& generation,
                           const std::optional<std::string>& sha256) {
        return generation ? sha256 && generation->sha256 == *sha256 : !sha256;
      };
      if (!same(live->current, target.current) || !same(live->next, target.next) ||
          !same(live->previous, target.previous)) {
        tell("CF1740", Severity::kWarning, "what is live for " + target.type + " is not what the store says",
             "certferry doctor --repair brings the disk to the store");
      }
      const fleet::Type* type = home_.config().types.find(target.type);
      const std::optional<std::string>& wanted = target.current ? target.current : target.next;
      bool exportable = false;
      if (wanted) {
        CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(*wanted));
        exportable = found && found->record.exportable;
      }
      CERTFERRY_ASSIGN(
          Findings wrong,
          generations.verify(
              deploy::choose_access(exportable, type ? type->service_accounts : std::vector<std::string>()).access));
      for (Finding& finding : wrong) frame_.document.findings.push_back(std::move(finding));
    }
    return {};
  }

  Environment& environment_;
  Home& home_;
  const DoctorOptions& options_;
  Frame frame_;
  deploy::Certificates certificates_;
  std::size_t records_ = 0;
  std::size_t uses_ = 0;
};

}  // namespace

Outcome examine_home(Environment& environment, Home& home, const DoctorOptions& options) {
  return Doctor(environment, home, options).run();
}

}  // namespace certferry::commands
