#include "report/text.h"

#include <algorithm>

#include "base/escape.h"

namespace certferry::report {
namespace {

// Columns that UTF-8 text takes, one for each character: close enough for aligning.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t taken = columns(text);
  if (taken < width) text.append(width - taken, ' ');
  return text;
}

std::string date(Time time) { return rfc3339(time).substr(0, 10); }

class Writer {
 public:
  explicit Writer(const TextOptions& options) : options_(options) {}

  [[nodiscard]] std::string take() { return std::move(out_); }

  void head(const Document& document) {
    static constexpr Emphasis kOf[] = {Emphasis::kGood,   Emphasis::kGood, Emphasis::kWarning, Emphasis::kStrong,
                                       Emphasis::kStrong, Emphasis::kBad,  Emphasis::kWarning};
    const bool shown = document.status == Status::kShown;
    const std::string word = shown ? "" : std::string(name_of(document.status)) + ": ";
    line(style(kOf[static_cast<std::size_t>(document.status)], word) +
         style(Emphasis::kStrong, escape_terminal(document.headline)));
    for (const std::string& sentence : document.summary) wrapped("  ", escape_terminal(sentence));
  }

  void facts(const std::vector<Fact>& list) {
    if (list.empty()) return;
    gap();
    std::size_t width = 0;
    for (const Fact& fact : list) width = std::max(width, columns(fact.name));
    for (const Fact& fact : list)
      line("  " + style(Emphasis::kFaint, padded(escape_terminal(fact.name), width)) + "  " +
           escape_terminal(fact.value));
  }

  void certificates(const std::vector<CertificateFacts>& chain) {
    if (chain.empty()) return;
    const CertificateFacts& leaf = chain.front();
    std::string names;
    for (const std::string& name : leaf.names) names += (names.empty() ? "" : ", ") + name;
    facts({{"Subject", leaf.subject},
           {"Names", names.empty() ? "(none)" : names},
           {"Issuer", leaf.issuer},
           {"Valid", rfc3339(leaf.not_before) + " to " + rfc3339(leaf.not_after)},
           {"Key", leaf.key + ", signed with " + leaf.signature},
           {"Serial number", leaf.serial},
           {"Thumbprint", leaf.thumbprint},
           {"SHA-256", leaf.sha256}});
    if (chain.size() < 2) return;
    gap();
    line("  " + style(Emphasis::kFaint, "Chain"));
    std::string indent = "    ";
    for (const CertificateFacts& certificate : chain) {
      std::string text = escape_terminal(certificate.label) + ", until " + date(certificate.not_after);
      if (!certificate.note.empty()) text += " (" + escape_terminal(certificate.note) + ")";
      line(indent + (certificate.role == Role::kLeaf ? "" : "└ ") + text);
      indent += "  ";
    }
  }

  void differences(const Document& document) {
    if (document.differences.empty()) return;
    gap();
    line("  " + style(Emphasis::kFaint, "Against the certificate it replaces, " + escape_terminal(document.replaces)));
    for (const Difference& difference : document.differences) {
      line("    " + escape_terminal(difference.what) + ": " + escape_terminal(difference.before) + " → " +
           escape_terminal(difference.after));
    }
  }

  void findings(const Findings& list) {
    bool first = true;
    for (const Finding& finding : list) {
      if (finding.severity != Severity::kFatal && !options_.warnings) continue;
      if (first) gap();
      first = false;
      const Emphasis emphasis = finding.severity == Severity::kFatal     ? Emphasis::kBad
                                : finding.severity == Severity::kWarning ? Emphasis::kWarning
                                                                         : Emphasis::kFaint;
      const std::string label = padded(std::string(certferry::name_of(finding.severity)), 7) + " " + finding.id;
      wrapped("  " + style(emphasis, label) + "  ", escape_terminal(finding.message), 2 + label.size() + 2);
      if (!finding.fix.empty() && finding.severity != Severity::kInfo)
        wrapped("                  fix: ", escape_terminal(finding.fix), 23);
    }
  }

  void steps(const Document& document) {
    if (document.steps.empty()) return;
    gap();
    for (const Step& step : document.steps) {
      static constexpr std::string_view kMarks[] = {"would", "done", "skipped", "failed"};
      static constexpr Emphasis kOf[] = {Emphasis::kStrong, Emphasis::kGood, Emphasis::kFaint, Emphasis::kBad};
      const auto index = static_cast<std::size_t>(step.state);
      const bool failed = document.status == Status::kFailed && step.state == Step::State::kPlanned;
      const std::string mark = failed ? "not" : std::string(kMarks[index]);
      std::string text = escape_terminal(step.action);
      if (!step.detail.empty()) text += " " + escape_terminal(step.detail);
      wrapped("  " + style(failed ? Emphasis::kFaint : kOf[index], padded(mark, 7)) + "  ",
              text + (step.computer.empty() ? "" : " on " + escape_terminal(step.computer)), 11);
    }
  }

  void table(const Table& table) {
    gap();
    if (!table.title.empty()) line("  " + style(Emphasis::kFaint, escape_terminal(table.title)));
    std::vector<std::size_t> widths;
    for (const std::string& column : table.columns) widths.push_back(columns(column));
    for (const std::vector<std::string>& row : table.rows) {
      for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
        widths[i] = std::max(widths[i], columns(escape_terminal(row[i])));
    }
    const auto cells = [&](const std::vector<std::string>& row, bool heading) {
      std::string text = " ";
      for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
        const std::string cell = escape_terminal(row[i]);
        text += " " +
                (heading              ? style(Emphasis::kFaint, padded(cell, i + 1 < row.size() ? widths[i] : 0))
                 : i + 1 < row.size() ? padded(cell, widths[i])
                                      : cell) +
                (i + 1 < row.size() ? " " : "");
      }
      line(text);
    };
    cells(table.columns, true);
    for (const std::vector<std::string>& row : table.rows) cells(row, false);
  }

  void undo(const std::vector<std::string>& ways) {
    for (const std::string& way : ways) {
      gap();
      wrapped("  " + style(Emphasis::kFaint, "to undo") + "  ", escape_terminal(way), 11);
    }
  }

  void error(const Error& error) {
    line(style(Emphasis::kBad, "error " + error.id) + ": " + escape_terminal(error.message));
    if (!error.fix.empty()) line("fix: " + escape_terminal(error.fix));
  }

 private:
  [[nodiscard]] std::string style(Emphasis emphasis, std::string_view text) const {
    return options_.style && !text.empty() ? options_.style(emphasis, text) : std::string(text);
  }
  void line(std::string_view text) {
    while (text.ends_with(' ')) text.remove_suffix(1);
    out_ += text;
    out_ += '\n';
  }
  void gap() {
    if (!out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
  }
  // `first` takes `indent` columns; further lines are indented as far.
  void wrapped(const std::string& first, std::string_view text, std::size_t indent = 2) {
    const std::size_t room = std::max<std::size_t>(
        static_cast<std::size_t>(std::max(options_.width, 40)) - std::min<std::size_t>(indent, 30), 20);
    std::string start = first;
    while (columns(text) > room) {
      std::size_t end = text.rfind(' ', room);
      if (end == std::string_view::npos || end == 0) end = text.find(' ');
      if (end == std::string_view::npos) break;
      line(start + std::string(text.substr(0, end)));
      text.remove_prefix(end + 1);
      start.assign(indent, ' ');
    }
    line(start + std::string(text));
  }

  const TextOptions& options_;
  std::string out_;
};

}  // namespace

std::string to_text(const Document& document, const TextOptions& options) {
  Writer writer(options);
  writer.head(document);
  writer.facts(document.file);
  if (options.certificates) writer.certificates(document.certificates);
  writer.differences(document);
  for (const Table& table : document.tables) writer.table(table);
  writer.findings(document.findings);
  writer.steps(document);
  writer.undo(document.undo);
  return writer.take();
}

std::string to_text(const Error& error, const TextOptions& options) {
  Writer writer(options);
  writer.error(error);
  return writer.take();
}

}  // namespace certferry::report
