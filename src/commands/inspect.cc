#include "commands/inspect.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/examine.h"
#include "commands/facts.h"
#include "commands/frame.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

ordered_json keys_json(const x509::CertificateFile& file) {
  ordered_json keys = ordered_json::array();
  for (const x509::FileKey& key : file.keys) {
    const x509::PublicKey& public_key = key.key.public_key();
    const ordered_json certificate = key.certificate
                                         ? ordered_json(file.certificates[*key.certificate].certificate.sha256_hex())
                                         : ordered_json(nullptr);
    keys.push_back({{"algorithm", name_of(public_key.algorithm())},
                    {"bits", public_key.bits()},
                    {"curve", public_key.curve().empty() ? ordered_json(nullptr)
                                                         : ordered_json(x509::oid_name(public_key.curve()))},
                    {"certificate", certificate}});
  }
  return keys;
}

// The end of the chain in the file, judged; a file of several leaves is explained without.
Result<> judge_leaf(Environment& environment, const fleet::Config& config, const x509::CertificateFile& file,
                    Frame& frame) {
  const auto selection = select(file, "");
  report::Document& document = frame.document;
  if (!selection) {
    for (const x509::FileCertificate& entry : file.certificates)
      document.certificates.push_back(certificate_facts(entry.certificate, report::Role::kLeaf));
    if (!file.certificates.empty())
      document.findings.push_back({selection.error().id, Severity::kInfo, selection.error().message, "", "certferry"});
    return {};
  }
  Shared shared;
  CERTFERRY_ASSIGN(const Judgement judgement, judge(environment, *selection, {}, {}, frame.now(), shared));
  document.certificates = chain_facts(selection->leaf, judgement);
  for (const Finding& finding : judgement.ordered.findings) document.findings.push_back(finding);
  for (const Finding& finding : judgement.verdict.findings) {
    if (finding.id != "CF1301" && finding.id != "CF1302") document.findings.push_back(finding);
  }
  checks::Context context = checks_context(*selection, &file, config, {}, frame.now());
  context.chain_result = judgement.chain_result;
  for (Finding& finding : checks::check(context)) document.findings.push_back(std::move(finding));
  return {};
}

}  // namespace

Outcome inspect_file(Environment& environment, const fleet::Config& config, const InspectOptions& options) {
  Frame frame(environment, config.computer.fqdn);
  report::Document& document = frame.document;
  document.status = report::Status::kShown;
  document.headline = options.path;
  const auto file = read_certificate_file(environment, options.path, options.password);
  ordered_json fields = {{"outcome", "ok"},
                         {"format", nullptr},
                         {"description", nullptr},
                         {"protection", nullptr},
                         {"certificates", ordered_json::array()},
                         {"keys", ordered_json::array()}};
  Result<> done;
  if (!file) {
    done = std::unexpected(file.error());
    fields["outcome"] = file.error().kind == ErrorKind::kUnsupported ? "unsupported" : "reject";
  } else {
    document.headline = file->description;
    document.file = file_facts(options.path, *file);
    document.findings = file->findings;
    done = judge_leaf(environment, config, *file, frame);
    std::ranges::stable_sort(document.findings, std::ranges::greater(), &Finding::severity);
    fields["format"] = name_of(file->format);
    fields["description"] = file->description;
    fields["protection"] = protection_json(file->protection);
    for (const x509::FileCertificate& entry : file->certificates) {
      ordered_json json = certificate_json(entry.certificate);
      json["friendly_name"] = entry.friendly_name;
      fields["certificates"].push_back(std::move(json));
    }
    fields["keys"] = keys_json(*file);
  }
  return frame.finish(done, false, fields);
}

}  // namespace certferry::commands
