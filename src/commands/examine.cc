#include "commands/examine.h"

#include <algorithm>

#include "commands/facts.h"

namespace certferry::commands {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

std::string describe(const x509::Certificate& certificate) {
  return certificate.thumbprint() + " (" + certificate->subject.label() + ", until " +
         date_text(certificate->not_after) + ")";
}

bool issued_another(const x509::CertificateFile& file, std::size_t index) {
  for (std::size_t i = 0; i < file.certificates.size(); ++i) {
    if (i != index && file.certificates[i].certificate->issuer == file.certificates[index].certificate->subject)
      return true;
  }
  return false;
}

}  // namespace

Result<x509::CertificateFile> read_certificate_file(Environment& environment, const std::string& path,
                                                    const Secret* password, const container::Limits& limits) {
  CERTFERRY_ASSIGN(const Secret bytes, environment.files.read(path, limits.octets));
  container::ReadOptions options;
  options.password = password;
  options.limits = limits;
  auto file = container::read_confined(bytes.view(), options);
  if (file || file.error().id != "CF1205" || password) return file;
  CERTFERRY_ASSIGN(const std::optional<Secret> asked, environment.ui.password(path));
  if (!asked) return file;
  options.password = &*asked;
  return container::read_confined(bytes.view(), options);
}

Result<std::vector<x509::Certificate>> read_certificates(Environment& environment,
                                                         const std::vector<std::string>& paths) {
  Shared shared;
  CERTFERRY_TRY(read_with_trust(environment, {}, nullptr, paths, shared));
  return std::move(*shared.named);
}

Result<std::optional<x509::CertificateFile>> read_with_trust(Environment& environment,
                                                             const std::optional<std::string>& path,
                                                             const Secret* password,
                                                             const std::vector<std::string>& trust, Shared& shared,
                                                             const std::function<void()>& meanwhile) {
  std::vector<Secret> bytes;
  std::vector<container::ConfinedInput> inputs;
  const auto add = [&](const std::string& name, const Secret* secret, const container::Limits& limits) -> Result<> {
    CERTFERRY_ASSIGN(Secret content, environment.files.read(name, limits.octets));
    bytes.push_back(std::move(content));
    inputs.push_back({bytes.back().view(), {secret, nullptr, limits}});
    return {};
  };
  if (path) CERTFERRY_TRY(add(*path, password, {}));
  for (const std::string& name : trust) CERTFERRY_TRY(add(name, nullptr, container::Limits::for_trust()));
  shared.named.emplace();
  if (inputs.empty()) return std::optional<x509::CertificateFile>();
  shared.reading.emplace(container::ConfinedReading::start(inputs));
  if (meanwhile) meanwhile();
  auto answers = shared.reading->finish();
  for (std::size_t i = path ? 1 : 0; i < answers.size(); ++i) {
    if (!answers[i]) return std::unexpected(std::move(answers[i]).error());
    for (const x509::FileCertificate& entry : answers[i]->certificates) shared.named->push_back(entry.certificate);
  }
  if (!path) return std::optional<x509::CertificateFile>();
  // Again, by itself, where somebody can be asked for the password.
  if (!answers.front() && answers.front().error().id == "CF1205" && !password) {
    answers.front() = read_certificate_file(environment, *path, nullptr);
  }
  if (!answers.front()) return std::unexpected(std::move(answers.front()).error());
  return std::optional(std::move(*answers.front()));
}

Result<Selection> select(const x509::CertificateFile& file, std::string_view wanted) {
  std::vector<std::size_t> candidates;
  const auto with_key = [&](std::size_t index) -> const x509::FileKey* {
    for (const x509::FileKey& key : file.keys) {
      if (key.certificate == index) return &key;
    }
    return nullptr;
  };
  const std::string prefix = lower(wanted);
  bool any_key = false;
  for (std::size_t i = 0; i < file.certificates.size(); ++i) any_key = any_key || with_key(i);
  for (std::size_t i = 0; i < file.certificates.size(); ++i) {
    const x509::Certificate& certificate = file.certificates[i].certificate;
    if (!prefix.empty()) {
      if (certificate.sha256_hex().starts_with(prefix) || lower(certificate.thumbprint()).starts_with(prefix))
        candidates.push_back(i);
    } else if (any_key ? with_key(i) != nullptr : !issued_another(file, i)) {
      candidates.push_back(i);
    }
  }
  if (file.certificates.empty()) {
    return fail(ErrorKind::kRejected, "CF1722", "there is no certificate in the file, only a private key",
                "import the certificate that belongs to it");
  }
  if (candidates.empty()) {
    return fail(ErrorKind::kRejected, "CF1721",
                prefix.empty() ? "no certificate in the file is an end of its chain"
                               : "no certificate in the file begins with " + prefix,
                "`certferry inspect FILE` lists what is in it");
  }
  if (candidates.size() > 1) {
    std::string list;
    for (const std::size_t i : candidates)
      list += (list.empty() ? "" : ", ") + describe(file.certificates[i].certificate);
    return fail(ErrorKind::kRejected, "CF1720", "the file holds several certificates that could be meant: " + list,
                "choose one with --select THUMBPRINT");
  }
  Selection selection{file.certificates[candidates.front()].certificate, {}, with_key(candidates.front())};
  for (std::size_t i = 0; i < file.certificates.size(); ++i) {
    if (i != candidates.front()) selection.others.push_back(file.certificates[i].certificate);
  }
  return selection;
}

Result<chain::SystemTrust> load_system_trust(Environment& environment) {
  constexpr std::size_t kMaxBundle = 16 * 1024 * 1024;
  const auto named = environment.variables.find("SSL_CERT_FILE");
  const std::string path = named != environment.variables.end() && !named->second.empty()
                               ? named->second
                               : std::string(chain::kSystemTrustFile);
  auto bundle = environment.files.read(path, kMaxBundle);
  if (!bundle && bundle.error().id == "CF1114") return chain::SystemTrust();
  if (!bundle) return std::unexpected(std::move(bundle).error());
  return chain::SystemTrust(std::string(bundle->text()));
}

Result<Judgement> judge(Environment& environment, const Selection& selection,
                        const std::vector<x509::Certificate>& stored, const Trust& trust, Time now, Shared& shared) {
  Judgement judgement;
  std::vector<x509::Certificate> anchors = trust.named;
  anchors.insert(anchors.end(), trust.stored.begin(), trust.stored.end());
  std::vector<x509::Certificate> at_hand = stored;
  at_hand.insert(at_hand.end(), anchors.begin(), anchors.end());
  judgement.ordered = chain::order(selection.leaf, selection.others, at_hand, now, &shared.signatures);
  std::vector<x509::Certificate> untrusted = selection.others;
  untrusted.insert(untrusted.end(), stored.begin(), stored.end());
  chain::Options options;
  options.now = now;
  options.cache = &shared.signatures;
  judgement.verdict = chain::verify(selection.leaf, untrusted, {anchors, nullptr}, options);
  bool from_system = false;
  if (judgement.verdict.trust != chain::Trust::kAnchored) {
    if (!shared.system) {
      CERTFERRY_ASSIGN(shared.system, load_system_trust(environment));
    }
    chain::Verdict second = chain::verify(selection.leaf, untrusted, {anchors, &*shared.system}, options);
    from_system = second.trust == chain::Trust::kAnchored;
    judgement.verdict = std::move(second);
  }
  const chain::Verdict& verdict = judgement.verdict;
  checks::ChainResult& result = judgement.chain_result;
  // Files end with the last intermediate as a rule, private roots are seldom at hand: a CA whose issuer is missing, where
  // nobody said what to trust, lacks its root and not another intermediate.
  const bool lacks_root = verdict.trust == chain::Trust::kIncomplete && trust.named.empty() &&
                          verdict.path.size() > 1 && verdict.path.back().is_ca();
  result.complete = verdict.trust != chain::Trust::kIncomplete || lacks_root;
  result.anchor_known = verdict.trust == chain::Trust::kAnchored;
  result.public_anchor = from_system;
  result.completed_by_us = !judgement.ordered.added.empty();
  if (!verdict.path.empty()) {
    if (!result.complete) result.missing_issuer = verdict.path.back()->issuer.text();
    result.anchor = lacks_root ? verdict.path.back()->issuer.label() : verdict.path.back()->subject.label();
    if (result.anchor_known) judgement.anchor = verdict.path.back();
  }
  return judgement;
}

checks::Context checks_context(const Selection& selection, const x509::CertificateFile* file,
                               const fleet::Config& config, std::vector<fleet::Type> types, Time now) {
  checks::Context context(selection.leaf);
  context.chain = selection.others;
  if (selection.key) context.private_key = selection.key->key.public_key();
  context.private_key_expected = false;
  if (file) {
    context.file_format = file->format;
    context.protection = file->protection;
  }
  context.types = std::move(types);
  const std::vector<fleet::Computer> computers = {config.computer};
  context.names = checks::needed_names(context.types, computers);
  context.now = now;
  context.warn_lifetime_left = config.checks.warn_lifetime_left;
  context.ignore = config.checks.ignore;
  return context;
}

Result<> sort_and_refuse(Findings& findings) {
  std::ranges::stable_sort(findings, std::ranges::greater(), &Finding::severity);
  if (findings.empty() || findings.front().severity != Severity::kFatal) return {};
  const Finding& worst = findings.front();
  return fail(ErrorKind::kRejected, worst.id, worst.message, worst.fix);
}

report::CertificateFacts certificate_facts(const x509::Certificate& certificate, report::Role role) {
  report::CertificateFacts facts;
  facts.role = role;
  facts.subject = certificate->subject.text();
  facts.label = certificate->subject.label();
  facts.issuer = certificate->issuer.text();
  facts.names = certificate.names();
  facts.serial = certificate.serial_hex();
  facts.thumbprint = certificate.thumbprint();
  facts.sha256 = certificate.sha256_hex();
  facts.key = certificate->public_key.text();
  facts.signature = x509::signature_algorithm(certificate->signature_algorithm).name;
  facts.not_before = certificate->not_before;
  facts.not_after = certificate->not_after;
  return facts;
}

std::vector<report::CertificateFacts> chain_facts(const x509::Certificate& leaf, const Judgement& judgement) {
  std::vector<report::CertificateFacts> facts = {certificate_facts(leaf, report::Role::kLeaf)};
  for (const x509::Certificate& certificate : judgement.ordered.chain) {
    if (certificate == leaf) continue;
    facts.push_back(certificate_facts(certificate, report::Role::kIntermediate));
    const bool added = std::ranges::find(judgement.ordered.added, certificate) != judgement.ordered.added.end();
    if (added) facts.back().note = "not in the file, completed from what is stored";
  }
  const auto& root = judgement.anchor ? judgement.anchor : judgement.ordered.root;
  if (root && !(*root == leaf)) {
    facts.push_back(certificate_facts(*root, report::Role::kRoot));
    facts.back().note =
        judgement.anchor ? "trusted; not sent to clients" : "not trusted by this computer; not sent to clients";
  }
  return facts;
}

std::vector<report::Fact> file_facts(const std::string& path, const x509::CertificateFile& file) {
  std::vector<report::Fact> facts = {{"File", path}, {"Content", file.description}};
  for (const x509::Encryption& encryption : file.protection.encryptions) {
    std::string text = encryption.scheme + ", " + encryption.cipher;
    if (!encryption.kdf.empty()) text += ", " + encryption.kdf;
    if (!encryption.prf.empty()) text += " with " + encryption.prf;
    if (encryption.iterations > 0)
      text +=
          ", " + std::to_string(encryption.iterations) + (encryption.iterations == 1 ? " iteration" : " iterations");
    facts.push_back({"Encryption of " + encryption.what, std::move(text)});
  }
  if (file.protection.mac) {
    facts.push_back({"Integrity", file.protection.mac->algorithm + ", " +
                                      std::to_string(file.protection.mac->iterations) +
                                      (file.protection.mac->iterations == 1 ? " iteration" : " iterations")});
  }
  return facts;
}

}  // namespace certferry::commands
