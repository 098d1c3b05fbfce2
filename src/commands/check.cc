#include "commands/check.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/examine.h"
#include "commands/facts.h"
#include "commands/frame.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

class Check {
 public:
  Check(Environment& environment, const fleet::Config& config, const CheckOptions& options)
      : environment_(environment),
        config_(config),
        options_(options),
        frame_(environment, config.computer.fqdn),
        at_(options.at.value_or(frame_.now())) {}

  [[nodiscard]] Outcome run() {
    Result<> done = verify();
    report::Document& document = frame_.document;
    std::ranges::stable_sort(document.findings, std::ranges::greater(), &Finding::severity);
    bool valid = done.has_value() && verdict_ && verdict_->valid;
    for (const Finding& finding : document.findings) {
      if (finding.severity != Severity::kFatal || !done) continue;
      valid = false;
      done = fail(ErrorKind::kRejected, finding.id, finding.message, finding.fix);
    }
    document.status = report::Status::kShown;
    document.headline =
        (valid ? "Valid: " : "Not valid: ") + (selection_ ? selection_->leaf->subject.label() : options_.path);
    ordered_json path = ordered_json::array();
    if (verdict_) {
      for (const x509::Certificate& certificate : verdict_->path) path.push_back(certificate.sha256_hex());
    }
    // What a fatal finding says is told by the findings; "error" is for what kept the check from being made.
    const bool judged = verdict_.has_value();
    Outcome outcome = frame_.finish(done, false, {{"valid", valid}, {"path", std::move(path)}});
    if (judged && outcome.error) {
      ordered_json json = ordered_json::parse(outcome.json);
      json["error"] = nullptr;
      outcome.json = dump(json);
    }
    return outcome;
  }

 private:
  [[nodiscard]] Result<> verify() {
    CERTFERRY_ASSIGN(const x509::CertificateFile file,
                     read_certificate_file(environment_, options_.path, options_.password));
    frame_.document.file = file_facts(options_.path, file);
    CERTFERRY_TRY(choose(file));
    CERTFERRY_ASSIGN(const std::vector<x509::Certificate> trust, read_certificates(environment_, options_.trust));
    CERTFERRY_ASSIGN(std::vector<x509::Certificate> untrusted, read_certificates(environment_, options_.untrusted));
    untrusted.insert(untrusted.end(), selection_->others.begin(), selection_->others.end());
    chain::Options how;
    how.now = at_;
    how.mode = options_.only_path ? chain::Mode::kWeb : chain::Mode::kTolerant;
    how.max_depth = options_.max_depth;
    CERTFERRY_TRY(read_purpose(how));
    CERTFERRY_TRY(read_names(how));
    std::vector<chain::Crl> crls;
    CERTFERRY_TRY(read_crls(crls));
    how.crls = crls;
    chain::SystemTrust system;
    if (!options_.only_path) {
      CERTFERRY_ASSIGN(system, load_system_trust(environment_));
    }
    verdict_ = chain::verify(selection_->leaf, untrusted, {trust, options_.only_path ? nullptr : &system}, how);
    describe();
    if (!options_.only_path) return check(file, trust);
    frame_.document.findings = verdict_->findings;
    return {};
  }

  // In a path check the first certificate of the file is meant, whatever else is in it.
  [[nodiscard]] Result<> choose(const x509::CertificateFile& file) {
    if (auto selected = select(file, options_.select)) {
      selection_ = std::move(*selected);
      return {};
    } else if (!options_.select.empty() || file.certificates.empty()) {
      return std::unexpected(std::move(selected).error());
    }
    selection_.emplace(Selection{file.certificates.front().certificate, {}, nullptr});
    for (std::size_t i = 1; i < file.certificates.size(); ++i)
      selection_->others.push_back(file.certificates[i].certificate);
    return {};
  }

  [[nodiscard]] Result<> read_purpose(chain::Options& how) {
    if (!options_.types.empty()) {
      CERTFERRY_ASSIGN(const std::vector<std::string> names, config_.types.parse_list(options_.types));
      for (const std::string& name : names) {
        CERTFERRY_ASSIGN(fleet::Type type, config_.types.get(name));
        types_.push_back(std::move(type));
      }
    }
    if (options_.purpose == "serverAuth") how.purpose = x509::oid::kServerAuth;
    if (options_.purpose == "clientAuth") how.purpose = x509::oid::kClientAuth;
    if (options_.purpose.empty() && !types_.empty()) {
      if (types_.front().purpose == fleet::Purpose::kTlsServer) how.purpose = x509::oid::kServerAuth;
      if (types_.front().purpose == fleet::Purpose::kTlsClient) how.purpose = x509::oid::kClientAuth;
    }
    return {};
  }

  [[nodiscard]] Result<> read_names(chain::Options& how) const {
    for (const std::string& name : options_.names) {
      const auto reference =
          name.find('@') != std::string::npos ? chain::Reference::email(name) : chain::Reference::from_text(name);
      if (!reference) {
        return fail(ErrorKind::kUsage, "CF1770", "\"" + name + "\" is neither a DNS name nor an IP address",
                    "write an internationalized name in its xn-- form");
      }
      how.names.push_back(*reference);
    }
    return {};
  }

  [[nodiscard]] Result<> read_crls(std::vector<chain::Crl>& crls) {
    constexpr std::size_t kMaxCrl = 16 * 1024 * 1024;
    for (const std::string& path : options_.crls) {
      CERTFERRY_ASSIGN(const Secret bytes, environment_.files.read(path, kMaxCrl));
      CERTFERRY_ASSIGN(std::vector<chain::Crl> found, chain::Crl::read_all(bytes.view()));
      crls.insert(crls.end(), found.begin(), found.end());
    }
    return {};
  }

  [[nodiscard]] Result<> check(const x509::CertificateFile& file, const std::vector<x509::Certificate>& trust) {
    report::Document& document = frame_.document;
    document.findings = file.findings;
    for (const Finding& finding : verdict_->findings) {
      if (finding.id != "CF1301" && finding.id != "CF1302") document.findings.push_back(finding);
    }
    checks::Context context = checks_context(*selection_, &file, config_, types_, at_);
    checks::ChainResult result;
    result.complete = verdict_->trust != chain::Trust::kIncomplete;
    result.anchor_known = verdict_->trust == chain::Trust::kAnchored;
    if (!verdict_->path.empty()) {
      const x509::Certificate& last = verdict_->path.back();
      result.public_anchor = result.anchor_known && std::ranges::find(trust, last) == trust.end();
      result.anchor = last->subject.label();
      if (!result.complete) result.missing_issuer = last->issuer.text();
    }
    context.chain_result = result;
    // Asked whether it is valid: without an anchor it is not.
    context.require_trust = true;
    context.require_complete_chain = true;
    for (Finding& finding : checks::check(context)) document.findings.push_back(std::move(finding));
    return {};
  }

  void describe() {
    report::Document& document = frame_.document;
    for (std::size_t i = 0; i < verdict_->path.size(); ++i) {
      const bool last = i + 1 == verdict_->path.size() && i > 0 && verdict_->trust != chain::Trust::kIncomplete;
      const report::Role role = i == 0 ? report::Role::kLeaf : last ? report::Role::kRoot : report::Role::kIntermediate;
      document.certificates.push_back(certificate_facts(verdict_->path[i], role));
    }
    document.summary = {"Checked as of " + rfc3339(at_) + "."};
  }

  Environment& environment_;
  const fleet::Config& config_;
  const CheckOptions& options_;
  Frame frame_;
  Time at_;
  std::optional<Selection> selection_;
  std::optional<chain::Verdict> verdict_;
  std::vector<fleet::Type> types_;
};

}  // namespace

Outcome check_file(Environment& environment, const fleet::Config& config, const CheckOptions& options) {
  return Check(environment, config, options).run();
}

}  // namespace certferry::commands
