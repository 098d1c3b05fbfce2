#include "commands/import.h"

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>

#include "commands/attempts.h"
#include "commands/computer_plans.h"
#include "commands/examine.h"
#include "commands/facts.h"
#include "commands/fleet_members.h"
#include "commands/frame.h"
#include "commands/reconcile.h"
#include "deploy/certificates.h"
#include "store/audit.h"
#include "x509/openssl_init.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

// Findings of the path that checks/ words better itself: that the root is unknown, that an issuer is missing.
bool told_by_checks(const Finding& finding) { return finding.id == "CF1301" || finding.id == "CF1302"; }

class Import {
 public:
  Import(Environment& environment, Home& home, const ImportOptions& options, Shared& shared)
      : environment_(environment),
        home_(home),
        options_(options),
        shared_(shared),
        frame_(environment, home.config().computer.fqdn),
        document_(frame_.document),
        now_(frame_.now()) {}

  [[nodiscard]] Outcome run() { return finish(carry_out()); }

  [[nodiscard]] Result<> carry_out() {
    Result<> readable = read(read_file());
    frame_.log("read the file in a confined process", readable.has_value());
    CERTFERRY_TRY(readable);
    Result<> planned = plan();
    frame_.log("build the chain, check, and plan", planned.has_value());
    if (!planned || options_.what_if) return planned;
    if (changes_) {
      if (options_.confirm) CERTFERRY_TRY(confirm());
      const auto again = [this] {
        shared_.issuers = {};
        return plan();
      };
      CERTFERRY_TRY(apply_or_plan_again(again, [this] { return apply(); }));
    }
    // Also where nothing changed: an earlier run may have been killed before the disk followed the store.
    return follow();
  }

  [[nodiscard]] Result<x509::CertificateFile> read_file() {
    CERTFERRY_ASSIGN(std::optional<x509::CertificateFile> file,
                     read_with_trust(environment_, options_.path, options_.password, options_.trust, shared_,
                                     [this] { prepare(); }));
    return std::move(*file);
  }

  // What will be needed when the file is good. What fails here fails again, and is told, where it is needed.
  void prepare() {
    static_cast<void>(home_.store());
    x509::prepare_openssl();
    if (options_.trust.empty()) {
      if (auto system = load_system_trust(environment_)) shared_.system = std::move(*system);
    }
  }

  // The steps of run(), for those who do many at once.
  [[nodiscard]] Result<> read(Result<x509::CertificateFile> file) {
    CERTFERRY_TRY(check_timing(options_.timing));
    if (options_.identity) {
      CERTFERRY_ASSIGN(scope_, fleet::Scope::parse(*options_.identity));
      CERTFERRY_ASSIGN(types_, home_.config().types.parse_list(options_.types));
      CERTFERRY_ASSIGN(const fleet::Topology topology, fleet_topology(home_, now_));
      for (const std::string& type : types_) CERTFERRY_TRY(topology.check(*scope_, type));
    }
    if (!file) return std::unexpected(std::move(file).error());
    file_ = std::move(*file);
    document_.file = file_facts(options_.path, *file_);
    CERTFERRY_ASSIGN(selection_, select(*file_, options_.select));
    if (!shared_.named) {
      CERTFERRY_ASSIGN(shared_.named, read_certificates(environment_, options_.trust));
    }
    trust_.named = *shared_.named;
    return {};
  }

  // Everything that depends on what is stored.
  [[nodiscard]] Result<> plan() {
    document_.findings = file_->findings;
    document_.steps.clear();
    document_.assignments.clear();
    planned_.clear();
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    const store::Reading reading(*store);
    catalog_.emplace(*store);
    const x509::Certificate& leaf = selection_->leaf;
    CERTFERRY_ASSIGN(const std::optional<Found> stored, catalog_->get(leaf.sha256_hex()));
    CERTFERRY_TRY(find_key(stored));
    CERTFERRY_TRY(judge_chain());
    plan_record(stored);
    CERTFERRY_TRY(plan_timing());
    CERTFERRY_TRY(check());
    describe_plan(stored);
    if (options_.what_if) CERTFERRY_TRY(describe_computers(home_, planned_, &selection_->leaf, now_, document_));
    return {};
  }

  // Before the commit that names them: a record never points at files that are not there. Touches nothing that
  // append_to() does: both may run at once.
  [[nodiscard]] Result<> write_files() {
    if (!stores_) return {};
    deploy::Certificates certificates(environment_.files, home_.path());
    CERTFERRY_TRY(clear_leftover(certificates));
    deploy::ChosenAccess access = deploy::choose_access(record_.exportable);
    for (Finding& finding : access.findings) {
      if (std::ranges::find(document_.findings, finding) == document_.findings.end())
        document_.findings.push_back(std::move(finding));
    }
    deploy::CertificateFiles files;
    files.sha256 = record_.sha256;
    files.certificate = selection_->leaf.pem();
    for (const x509::Certificate& certificate : judgement_->ordered.chain) {
      if (!(certificate == selection_->leaf)) files.chain += certificate.pem();
    }
    CertificateRecord info = record_;
    info.imported = Time();
    files.info = to_json(info) + "\n";
    if (selection_->key) {
      files.key = selection_->key->key.pem();
    } else if (!key_from_.empty()) {
      CERTFERRY_ASSIGN(files.key, certificates.read(key_from_, "privkey.pem"));
    }
    const auto written = certificates.write(files, access.access);
    if (!written) return std::unexpected(written.error());
    return {};
  }

  // Adds what the store shall say.
  void append_to(store::Batch& batch) {
    if (stores_) {
      catalog_->put(batch, record_, revision_, selection_->leaf, judgement_->ordered.chain);
      // Named with --trust and really used: later imports below it need no --trust.
      const auto& anchor = judgement_->anchor;
      if (anchor && std::ranges::find(trust_.named, *anchor) != trust_.named.end())
        catalog_->put_anchor(batch, *anchor);
    }
    for (const PlannedAssignment& plan : planned_) {
      if (plan.transition.changed()) catalog_->put(batch, plan.before, plan.transition.after);
    }
  }

  [[nodiscard]] bool changes() const { return changes_; }
  [[nodiscard]] std::vector<std::string> actions() const { return frame_.actions(); }
  [[nodiscard]] const CertificateRecord& record() const { return record_; }

 private:
  // A power cut during an import of many files may leave a folder that no record names and that is not whole.
  [[nodiscard]] Result<> clear_leftover(deploy::Certificates& certificates) const {
    if (!new_) return {};
    CERTFERRY_ASSIGN(const bool there, certificates.exists(record_.sha256));
    if (!there || !has_fatal(certificates.verify(record_.sha256, deploy::choose_access(record_.exportable).access)))
      return {};
    return certificates.remove(record_.sha256);
  }

  // From the file, or a stored one that fits: the answer to a request, a certificate issued again for the same key.
  [[nodiscard]] Result<> find_key(const std::optional<Found>& stored) {
    if (selection_->key || (stored && stored->record.has_key)) return {};
    CERTFERRY_ASSIGN(const std::optional<std::string> holder, catalog_->with_key(selection_->leaf->public_key));
    if (!holder) {
      return fail(ErrorKind::kRejected, "CF1723",
                  "there is no private key for this certificate, in the file or in the store",
                  "export the certificate together with its private key (PFX), or import the key's file first");
    }
    key_from_ = *holder;
    document_.findings.push_back({"CF1724", Severity::kInfo,
                                  "the private key is the one already stored for " + holder->substr(0, 16) + "…", "",
                                  "certferry"});
    return {};
  }

  [[nodiscard]] Result<> judge_chain() {
    std::vector<x509::Certificate> known = selection_->others;
    known.push_back(selection_->leaf);
    CERTFERRY_ASSIGN(const std::vector<x509::Certificate> stored, catalog_->issuers_above(known, shared_.issuers));
    if (!shared_.issuers.anchors) {
      CERTFERRY_ASSIGN(shared_.issuers.anchors, catalog_->anchors());
    }
    trust_.stored = *shared_.issuers.anchors;
    CERTFERRY_ASSIGN(judgement_, judge(environment_, *selection_, stored, trust_, now_, shared_));
    document_.certificates = chain_facts(selection_->leaf, *judgement_);
    for (const Finding& finding : judgement_->ordered.findings) document_.findings.push_back(finding);
    for (const Finding& finding : judgement_->verdict.findings) {
      if (!told_by_checks(finding)) document_.findings.push_back(finding);
    }
    return {};
  }

  void plan_record(const std::optional<Found>& stored) {
    record_ = record_of(selection_->leaf);
    record_.has_key = true;
    record_.imported = stored ? stored->record.imported : now_;
    record_.exportable =
        options_.exportable.value_or(stored ? stored->record.exportable : home_.config().import.private_key_exportable);
    for (const x509::Certificate& certificate : judgement_->ordered.chain) {
      if (!(certificate == selection_->leaf)) record_.chain.push_back(certificate.sha256_hex());
    }
    // A chain that was stored is not given up for a shorter one.
    if (stored && stored->record.chain.size() > record_.chain.size()) record_.chain = stored->record.chain;
    revision_ = stored ? stored->revision : 0;
    // Another home that shares the store imported it: its private key is there.
    const deploy::Certificates certificates(environment_.files, home_.path());
    missing_here_ = stored && selection_->key && !certificates.exists(record_.sha256).value_or(true);
    stores_ = !stored || !(stored->record == record_) || missing_here_;
    new_ = !stored;
  }

  [[nodiscard]] Result<> plan_timing() {
    const fleet::CertificateRef ref = record_.ref();
    if (!scope_ && !options_.timing.roll) return {};
    CERTFERRY_ASSIGN(const fleet::Topology topology, fleet_topology(home_, now_));
    if (scope_) {
      CERTFERRY_ASSIGN(
          planned_, plan_assignments(*catalog_, home_.config(), topology, ref, *scope_, types_, options_.timing, now_));
    } else if (options_.timing.roll) {
      CERTFERRY_ASSIGN(const std::vector<StoredAssignment> rolled,
                       find_rolled(*catalog_, home_.config(), selection_->leaf, now_));
      for (const StoredAssignment& stored : rolled) {
        CERTFERRY_ASSIGN(std::vector<PlannedAssignment> one,
                         plan_assignments(*catalog_, home_.config(), topology, ref, stored.assignment.scope,
                                          {stored.assignment.type}, options_.timing, now_));
        planned_.push_back(std::move(one.front()));
      }
    }
    return {};
  }

  [[nodiscard]] Result<> check() {
    std::vector<fleet::Type> types;
    for (const PlannedAssignment& plan : planned_) {
      CERTFERRY_ASSIGN(fleet::Type type, home_.config().types.get(plan.transition.after.type));
      types.push_back(std::move(type));
    }
    checks::Context context = checks_context(*selection_, &*file_, home_.config(), std::move(types), now_);
    context.private_key_expected = selection_->key != nullptr;
    context.effective = options_.timing.effective;
    CERTFERRY_ASSIGN(const std::vector<checks::StoredCertificate> related, catalog_->related(selection_->leaf));
    context.stored = related;
    context.chain_result = judgement_->chain_result;
    context.require_trust = options_.require_trust || home_.config().import.require_trust;
    const bool tls = std::ranges::any_of(context.types, [](const fleet::Type& type) { return type.tls(); });
    context.require_complete_chain = tls && !options_.accept_incomplete_chain;
    for (Finding& finding : checks::check(context)) document_.findings.push_back(std::move(finding));
    return sort_and_refuse(document_.findings);
  }

  void describe_plan(const std::optional<Found>& stored) {
    const auto step = [&](std::string action) {
      document_.steps.push_back({home_.config().computer.fqdn, std::move(action), report::Step::State::kPlanned, ""});
    };
    const std::string name = record_.thumbprint + " (" + selection_->leaf->subject.label() + ")";
    if (new_) step("store certificate " + name + " with its private key");
    if (missing_here_) {
      step("bring the private key of " + name + " to this home");
    } else if (!new_ && stores_) {
      step(stored->record.exportable != record_.exportable ? "change who may read the private key of " + name
                                                           : "complete what is stored of " + name);
    }
    describe(planned_, home_.config(), record_, now_, document_);
    changes_ = stores_ ||
               std::ranges::any_of(planned_, [](const PlannedAssignment& plan) { return plan.transition.changed(); });
  }

  [[nodiscard]] Result<> confirm() { return frame_.confirm("Import " + options_.path + "?"); }

  // What the store shall say is prepared while the disk takes the files.
  [[nodiscard]] Result<> apply() {
    if (!changes_) return {};
    std::future<Result<>> files = std::async(std::launch::async, [this] { return write_files(); });
    store::Batch batch;
    Result<> prepared = prepare_commit(batch);
    const Result<> written = files.get();
    frame_.log("write the certificate's files", written.has_value());
    CERTFERRY_TRY(written);
    CERTFERRY_TRY(prepared);
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    const auto revision = store->commit(batch);
    frame_.log("commit to the store", revision.has_value());
    if (!revision) return std::unexpected(revision.error());
    return {};
  }

  [[nodiscard]] Result<> follow() {
    if (planned_.empty()) return {};
    const auto reconciled = bring_to_disk(environment_, home_, frame_, types_of(planned_), "Import-CsCertificate");
    if (!reconciled) return std::unexpected(reconciled.error());
    return {};
  }

  [[nodiscard]] Result<> prepare_commit(store::Batch& batch) {
    append_to(batch);
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    return store::append_audit(*store, batch,
                               {0, now_, frame_.actor(), environment_.command_line, frame_.actions(), ""});
  }

 public:
  [[nodiscard]] Outcome finish(const Result<>& done) {
    headline(done);
    const bool applied = changes_ && done.has_value() && !options_.what_if;
    return frame_.finish(
        done, changes_,
        {{"thumbprint", selection_ ? ordered_json(selection_->leaf.thumbprint()) : ordered_json(nullptr)},
         {"sha256", selection_ ? ordered_json(selection_->leaf.sha256_hex()) : ordered_json(nullptr)},
         {"changed", applied}});
  }

 private:
  void headline(const Result<>& done) {
    const std::string label = selection_ ? selection_->leaf->subject.label() : options_.path;
    if (!done) {
      document_.status = done.error().kind == ErrorKind::kPartly ? report::Status::kPartly : report::Status::kFailed;
      document_.headline = "Not imported: " + label;
      document_.summary = {document_.status == report::Status::kPartly
                               ? "Stored, but what is live could not be brought to it."
                               : "Nothing was changed."};
      return;
    }
    const bool pending = std::ranges::any_of(planned_, [&](const PlannedAssignment& plan) {
      return plan.transition.after.next && plan.transition.after.next->slot.certificate.sha256 == record_.sha256;
    });
    if (!changes_) {
      document_.status = report::Status::kNothing;
      document_.headline = "Already there: " + label;
      document_.summary = {"The certificate " + record_.thumbprint +
                           " is stored already, exactly so. Nothing was changed."};
      document_.steps.clear();
      return;
    }
    document_.status = options_.what_if ? report::Status::kPlanned
                       : pending        ? report::Status::kPending
                                        : report::Status::kDone;
    document_.headline = (options_.what_if ? "Would import " : "Imported ") + label;
    document_.summary = {"Valid until " + date_text(record_.not_after) + ", thumbprint " + record_.thumbprint + "."};
    if (pending && options_.timing.effective)
      document_.summary.push_back("It takes over on " + rfc3339(*options_.timing.effective) + ".");
    if (planned_.empty()) {
      document_.summary.push_back("It is available to be assigned; no service uses it yet.");
      document_.undo = {"Nothing uses it. To assign it: certferry set --type TYPE --thumbprint " + record_.thumbprint};
    } else {
      document_.undo = {"certferry remove --type " + planned_.front().transition.after.type + " --identity " +
                        planned_.front().transition.after.scope.text()};
    }
    if (options_.what_if) document_.undo.clear();
    if (!options_.what_if) {
      frame_.mark_done();
      document_.file.push_back({"Stored in", home_.path() + "/certificates/" + record_.sha256});
    }
  }

  Environment& environment_;
  Home& home_;
  const ImportOptions& options_;
  Shared& shared_;
  Frame frame_;
  report::Document& document_;
  const Time now_;
  std::optional<fleet::Scope> scope_;
  std::vector<std::string> types_;
  std::optional<x509::CertificateFile> file_;
  std::optional<Selection> selection_;
  Trust trust_;
  std::optional<Judgement> judgement_;
  std::optional<Catalog> catalog_;
  std::string key_from_;  // SHA-256 of the stored certificate whose key is used
  CertificateRecord record_;
  store::Revision revision_ = 0;
  bool new_ = false;
  bool missing_here_ = false;  // stored, and its files are below another home
  bool stores_ = false;   // the record or the files change
  bool changes_ = false;  // anything changes
  std::vector<PlannedAssignment> planned_;
};

}  // namespace

Outcome import_certificate(Environment& environment, Home& home, const ImportOptions& options) {
  Shared shared;
  return Import(environment, home, options, shared).run();
}

class ImportTask::Impl : public Import {
 public:
  using Import::Import;
};

ImportTask::ImportTask(Environment& environment, Home& home, const ImportOptions& options, Shared& shared)
    : impl_(std::make_unique<Impl>(environment, home, options, shared)) {}
ImportTask::ImportTask(ImportTask&&) noexcept = default;
ImportTask::~ImportTask() = default;
Result<> ImportTask::plan(Result<x509::CertificateFile> file) {
  CERTFERRY_TRY(impl_->read(std::move(file)));
  return impl_->plan();
}
bool ImportTask::changes() const { return impl_->changes(); }
std::string ImportTask::sha256() const { return impl_->record().sha256; }
Result<> ImportTask::write_files() { return impl_->write_files(); }
void ImportTask::append_to(store::Batch& batch) { impl_->append_to(batch); }
std::vector<std::string> ImportTask::actions() const { return impl_->actions(); }
Outcome ImportTask::finish(const Result<>& done) { return impl_->finish(done); }

}  // namespace certferry::commands
