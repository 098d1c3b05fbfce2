#include "report/html.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/escape.h"
#include "report/style.h"
#include "report/timeline.h"
#include "x509/digest.h"

namespace certferry::report {
namespace {

std::string e(std::string_view text) { return escape_html(text); }
std::string date(Time time) { return rfc3339(time).substr(0, 10); }

std::string_view status_class(Status status) {
  switch (status) {
    case Status::kDone: return "done";
    case Status::kNothing: return "nothing";
    case Status::kPending: return "pending";
    case Status::kPlanned: return "planned";
    case Status::kShown: return "shown";
    case Status::kFailed: return "failed";
    case Status::kPartly: return "partly";
  }
  return "failed";
}

class Page {
 public:
  explicit Page(const Document& document) : document_(document) {}

  [[nodiscard]] std::string write() {
    head();
    banner();
    tiles();
    timeline();
    chain();
    differences();
    assignments();
    checks();
    file();
    steps();
    tables();
    undo();
    log();
    foot();
    return std::move(out_);
  }

 private:
  void put(std::string_view html) { out_ += html; }
  void open(std::string_view heading) { put(fmt::format("<section class=\"card\"><h2>{}</h2>", e(heading))); }
  void close() { put("</section>\n"); }

  void head() {
    const std::string digest = base64(x509::sha256(as_bytes(kStyle)));
    put("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\">\n");
    put(fmt::format(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; img-src data:\">\n",
        digest));
    put(fmt::format("<title>{}</title><style>{}</style></head><body>\n", e(document_.headline), kStyle));
    put(fmt::format("<header><span><b>certferry</b> report{}</span><span>{}</span></header><main>\n",
                    document_.computer.empty() ? "" : " · " + e(document_.computer), rfc3339(document_.started)));
    put(fmt::format("<h1>{}</h1>\n", e(document_.headline)));
  }

  void banner() {
    put(fmt::format("<div class=\"banner {}\"><p><strong>Result: {}.</strong>", status_class(document_.status),
                    name_of(document_.status)));
    for (const std::string& sentence : document_.summary) put(" " + e(sentence));
    put("</p>");
    if (document_.error) {
      put(fmt::format("<p><strong>error {}</strong>: {}</p>", e(document_.error->id), e(document_.error->message)));
      if (!document_.error->fix.empty()) put(fmt::format("<p><b>fix:</b> {}</p>", e(document_.error->fix)));
    }
    put("</div>\n");
  }

  void tiles() {
    if (document_.certificates.empty()) return;
    const CertificateFacts& leaf = document_.certificates.front();
    const auto days = std::chrono::floor<std::chrono::days>(leaf.not_after - document_.started).count();
    put("<dl class=\"tiles\">");
    const auto tile = [&](std::string_view name, const std::string& value) {
      put(fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, e(value)));
    };
    tile("Valid until", date(leaf.not_after));
    tile("Days left", days < 0 ? "expired" : std::to_string(days));
    tile("Key", leaf.key);
    tile("Names", std::to_string(leaf.names.size()));
    put("</dl>\n");
  }

  void timeline() {
    const std::string picture = timeline_svg(document_.certificates, document_.started);
    if (picture.empty()) return;
    open("Validity");
    put("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Timeline of the validity\">");
    put(picture);
    put("</div>");
    close();
  }

  void chain() {
    if (document_.certificates.empty()) return;
    open("Certificate and chain");
    const CertificateFacts& leaf = document_.certificates.front();
    std::string names;
    for (const std::string& name : leaf.names) names += (names.empty() ? "" : ", ") + name;
    facts({{"Subject", leaf.subject},
           {"Names", names.empty() ? "(none)" : names},
           {"Issuer", leaf.issuer},
           {"Validity", rfc3339(leaf.not_before) + " to " + rfc3339(leaf.not_after)},
           {"Key and signature", leaf.key + ", signed with " + leaf.signature},
           {"Serial number", leaf.serial},
           {"Thumbprint", leaf.thumbprint},
           {"SHA-256", leaf.sha256}});
    put("<h3>Each is signed by the next</h3><ol class=\"chain\">");
    for (const CertificateFacts& certificate : document_.certificates) {
      const std::string_view role = certificate.role == Role::kLeaf   ? "leaf"
                                    : certificate.role == Role::kRoot ? "root"
                                                                      : "intermediate";
      put(fmt::format("<li class=\"{}\"><b>{}</b><span>{}, until {}</span><span>{}</span></li>", role,
                      e(certificate.label), role, date(certificate.not_after), e(certificate.note)));
    }
    put("</ol>");
    close();
  }

  void facts(const std::vector<Fact>& list) {
    put("<dl class=\"facts\">");
    for (const Fact& fact : list) put(fmt::format("<dt>{}</dt><dd>{}</dd>", e(fact.name), e(fact.value)));
    put("</dl>");
  }

  void table(std::string_view caption, const std::vector<std::string>& columns,
             const std::vector<std::vector<std::string>>& rows) {
    put(fmt::format(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table><caption>{}</caption><thead><tr>",
        e(caption), e(caption)));
    for (const std::string& column : columns) put(fmt::format("<th scope=\"col\">{}</th>", e(column)));
    put("</tr></thead><tbody>");
    for (const std::vector<std::string>& row : rows) {
      put("<tr>");
      for (std::size_t i = 0; i < row.size(); ++i)
        put(i == 0 ? fmt::format("<th scope=\"row\">{}</th>", e(row[i])) : fmt::format("<td>{}</td>", e(row[i])));
      put("</tr>");
    }
    put("</tbody></table></div>");
  }

  void differences() {
    if (document_.differences.empty()) return;
    open("What changes");
    std::vector<std::vector<std::string>> rows;
    for (const Difference& difference : document_.differences)
      rows.push_back({difference.what, difference.before, difference.after});
    table("Against the certificate it replaces, " + document_.replaces, {"Fact", "Before", "After"}, rows);
    close();
  }

  void assignments() {
    if (document_.assignments.empty()) return;
    open("Uses");
    std::vector<std::vector<std::string>> rows;
    for (const AssignmentFacts& a : document_.assignments)
      rows.push_back({a.type, a.scope, a.place, a.thumbprint, rfc3339(a.effective)});
    table("Where the certificate serves", {"Type", "Scope", "Place", "Thumbprint", "Effective"}, rows);
    close();
  }

  void checks() {
    if (document_.findings.empty()) return;
    open("Checks");
    put("<ul class=\"checks\">");
    for (const Finding& finding : document_.findings) {
      const std::string_view severity = certferry::name_of(finding.severity);
      put(fmt::format("<li><span class=\"tag {}\">{}</span><b>{}</b> {}", severity, severity, e(finding.id),
                      e(finding.message)));
      if (!finding.fix.empty()) put(fmt::format("<span class=\"fix\"><b>fix:</b> {}</span>", e(finding.fix)));
      if (!finding.source.empty()) put(fmt::format("<span class=\"src\">{}</span>", e(finding.source)));
      put("</li>");
    }
    put("</ul>");
    close();
  }

  void file() {
    if (document_.file.empty()) return;
    open("File");
    facts(document_.file);
    close();
  }

  void steps() {
    if (document_.steps.empty()) return;
    open("Steps");
    put("<ol class=\"steps\">");
    for (const Step& step : document_.steps) {
      static constexpr std::string_view kClass[] = {"plan", "ok", "skip", "fatal"};
      static constexpr std::string_view kWord[] = {"planned", "done", "skipped", "failed"};
      const auto index = static_cast<std::size_t>(step.state);
      put(fmt::format("<li><span class=\"tag {}\">{}</span>{}", kClass[index], kWord[index], e(step.action)));
      if (!step.detail.empty()) put(" " + e(step.detail));
      if (!step.computer.empty()) put(" <span class=\"m\">" + e(step.computer) + "</span>");
      put("</li>");
    }
    put("</ol>");
    close();
  }

  void tables() {
    for (const Table& one : document_.tables) {
      open(one.title.empty() ? document_.headline : one.title);
      table(one.title.empty() ? document_.headline : one.title, one.columns, one.rows);
      close();
    }
  }

  void undo() {
    if (document_.undo.empty()) return;
    open("To undo");
    for (const std::string& way : document_.undo) put(fmt::format("<pre>{}</pre>", e(way)));
    close();
  }

  void log() {
    if (document_.log.empty()) return;
    const auto milliseconds = [](std::chrono::microseconds time) {
      return fmt::format("{:.1f} ms", static_cast<double>(time.count()) / 1000);
    };
    open("Log");
    std::vector<std::vector<std::string>> rows;
    for (const LogEntry& entry : document_.log)
      rows.push_back(
          {entry.action, milliseconds(entry.at), milliseconds(entry.took), entry.failed ? "failed" : "done"});
    table("What the command did, from its start", {"Step", "At", "Took", "Result"}, rows);
    close();
  }

  void foot() {
    put(fmt::format("</main><footer><p>Run by {} in {} ms:</p><pre>{}</pre></footer></body></html>\n",
                    e(document_.actor), document_.took.count(), e(document_.command)));
  }

  const Document& document_;
  std::string out_;
};

}  // namespace

std::string to_html(const Document& document) { return Page(document).write(); }

}  // namespace certferry::report
