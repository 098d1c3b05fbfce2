#include "cli/man.h"

#include "cli/help.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

// Backslashes and dashes are shown as they are; a line never begins with a control character of roff.
std::string roff(std::string_view text) {
  std::string result;
  bool line_start = true;
  for (char c : text) {
    if (line_start && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
    line_start = c == '\n';
  }
  return result;
}

std::string title(std::string_view name, std::string_view version) {
  std::string upper(name);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return ".TH \"" + roff(upper) + "\" 1 \"\" \"certferry " + roff(version) + "\" \"certferry\"\n";
}

std::string entry(const Use& use, Dialect dialect) {
  const Parameter& each = parameter(use.parameter);
  std::string text = ".TP\n.B " + roff(spelled(each, dialect)) + "\n";
  if (!each.option.empty() && !each.value.empty()) {
    text = ".TP\n.BI \"" + roff(spelled(each, dialect)) + " \" " + roff(each.value) + "\n";
  }
  return text + roff(help_of(use)) + (each.environment.empty() ? "" : " Also $" + std::string(each.environment) + ".") +
         "\n";
}

std::string globals() {
  std::string text = ".SH \"OPTIONS FOR EVERY COMMAND\"\n";
  for (const Use& use : global_uses()) text += entry(use, Dialect::kNative);
  return text;
}

}  // namespace

std::string man_page(const Command& command, Dialect dialect, std::string_view version) {
  const bool cmdlet = dialect == Dialect::kCmdlet && !command.cmdlet.empty();
  const std::string name = cmdlet ? std::string(command.cmdlet) : "certferry-" + std::string(command.name);
  std::string text = title(name, version) + ".SH NAME\n" + roff(name) + " \\- " + roff(command.summary) + "\n";
  text += ".SH SYNOPSIS\n.nf\n" + roff(usage_lines(command, dialect)) + ".fi\n.SH DESCRIPTION\n";
  for (std::string_view paragraph : split(command.description, '\n')) text += ".PP\n" + roff(paragraph) + "\n";
  if (!command.uses.empty()) text += cmdlet ? ".SH PARAMETERS\n" : ".SH OPTIONS\n";
  for (const Use& use : command.uses) text += entry(use, dialect);
  text += globals();
  if (!command.examples.empty()) text += ".SH EXAMPLES\n";
  for (const Example& example : command.examples) {
    text += ".PP\n" + roff(example.text) + "\n.PP\n.RS\n.nf\n" + roff(example.line) + "\n.fi\n.RE\n";
  }
  return text + ".SH \"SEE ALSO\"\n.BR certferry (1)\n";
}

std::string man_overview(std::string_view version) {
  std::string text = title("certferry", version) +
                     ".SH NAME\ncertferry \\- import certificates, validate them, and hand them to server roles\n"
                     ".SH SYNOPSIS\n.B certferry\n.I command\n.RI [ options ]\n.SH COMMANDS\n";
  std::string also;
  for (const Command& each : commands()) {
    if (each.hidden || !each.available) continue;
    text += ".TP\n.B " + roff(each.name) + "\n" + roff(each.summary) + "\n";
    also += (also.empty() ? "" : ",\n") + std::string(".BR ") + roff("certferry-" + std::string(each.name)) + " (1)";
  }
  text += globals();
  text += ".SH \"EXIT STATUS\"\n";
  constexpr std::pair<std::string_view, std::string_view> kCodes[] = {
      {"0", "Done, or nothing to do."},
      {"1", "Failed, nothing changed."},
      {"2", "The command line is wrong."},
      {"3", "The plan has changes (only with --detailed-exitcode)."},
      {"4", "Partly done, rolled back, or not verified."},
      {"5", "The file, its password, or a fatal finding."},
      {"6", "Not permitted."},
      {"7", "Declined, or a prompt is needed and there is no terminal."},
      {"8", "The store cannot be reached."},
      {"9", "Locked, or the plan is stale."}};
  for (const auto& [code, meaning] : kCodes) text += ".TP\n.B " + std::string(code) + "\n" + roff(meaning) + "\n";
  return text + ".SH \"SEE ALSO\"\n" + also + "\n";
}

}  // namespace certferry::cli
