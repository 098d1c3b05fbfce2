#include "cli/help.h"

#include <algorithm>

#include "base/ascii.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

constexpr std::size_t kColumn = 32;  // where descriptions begin

std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  const std::size_t used = columns(text);
  if (used < width) result.append(width - used, ' ');
  return result;
}

// "-EffectiveDate, -EffectiveTime DATE"
std::string heading(const Use& use, Dialect dialect) {
  const Parameter& each = parameter(use.parameter);
  std::string text = spelled(each, dialect);
  if (each.option.empty()) return text;
  const bool cmdlet = dialect == Dialect::kCmdlet && !each.cmdlet.empty();
  const std::string_view alias = cmdlet ? each.cmdlet_alias : each.option_alias;
  if (!alias.empty()) text += std::string(cmdlet ? ", -" : ", --") + std::string(alias);
  if (!each.value.empty()) text += " " + std::string(each.value);
  return text;
}

std::string description(const Use& use) {
  const Parameter& each = parameter(use.parameter);
  std::string text(help_of(use));
  if (each.kind == Kind::kChoice && use.help.empty()) {
    const auto choices = split(choices_of(use), '|');
    text += " " + listed(std::vector<std::string>(choices.begin(), choices.end())) + ".";
  }
  if (!each.environment.empty()) text += " Also $" + std::string(each.environment) + ".";
  return text;
}

std::string entry(std::string_view head, std::string_view text) {
  const std::string body = wrapped(text, kColumn);
  if (columns(head) + 4 > kColumn) return "  " + std::string(head) + "\n" + body;
  return padded("  " + std::string(head), kColumn) + body.substr(kColumn);
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string result;
  for (std::string_view paragraph : split(text, '\n')) {
    std::string line(indent, ' ');
    bool empty = true;
    for (std::string_view word : split(paragraph, ' ')) {
      if (!empty && columns(line) + 1 + columns(word) > width) {
        result += line + "\n";
        line.assign(indent, ' ');
        empty = true;
      }
      if (!empty) line += ' ';
      line += word;
      empty = false;
    }
    result += line + "\n";
  }
  return result;
}

const Command* find_topic(std::string_view topic) {
  const Command* found = find_command(ascii_lower(topic));
  return found ? found : find_cmdlet(topic);
}

std::string usage_lines(const Command& command, Dialect dialect) {
  std::string lines;
  const std::size_t count = std::max<std::size_t>(1, command.sets.size());
  for (std::size_t set = 0; set < count; ++set) {
    std::string line = spelled(command, dialect);
    if (const std::string syntax = set_syntax(command, set, dialect); !syntax.empty()) line += " " + syntax;
    for (const Use& use : command.uses) {
      const Parameter& each = parameter(use.parameter);
      if (each.option.empty() && use.mandatory == 0) line += " [" + std::string(each.value) + "]";
    }
    const bool options =
        std::ranges::any_of(command.uses, [](const Use& use) { return !parameter(use.parameter).option.empty(); });
    if (options) line += dialect == Dialect::kCmdlet ? " [parameters]" : " [options]";
    std::string text = wrapped(line, 4);
    lines += "  " + text.substr(4, text.find('\n') - 3) + text.substr(text.find('\n') + 1);
  }
  return lines;
}

std::string help_of(const Command& command, Dialect dialect) {
  std::string text =
      spelled(command, dialect) + ": " + std::string(command.summary) + "\n\n" + wrapped(command.description, 0);
  if (!command.available) text += "\nThis command comes with a later version.\n";
  text += "\nUsage:\n" + usage_lines(command, dialect);
  if (!command.uses.empty()) text += dialect == Dialect::kCmdlet ? "\nParameters:\n" : "\nOptions:\n";
  for (const Use& use : command.uses) text += entry(heading(use, dialect), description(use));
  text += "\nFor every command:\n";
  for (const Use& use : global_uses()) text += entry(heading(use, Dialect::kNative), description(use));
  if (!command.examples.empty()) text += "\nExamples:\n";
  for (const Example& example : command.examples) {
    text += "  " + std::string(example.line) + "\n" + wrapped(example.text, 6);
  }
  return text;
}

std::string help_overview() {
  std::string text =
      "certferry imports a certificate once, validates it hard, and hands it to every\n"
      "server role that uses it.\n"
      "\nUsage:\n  certferry COMMAND [options]\n  certferry help COMMAND\n"
      "\nCommands:\n";
  for (const Command& each : commands()) {
    if (each.hidden || !each.available) continue;
    text += padded("  " + std::string(each.name), 14) + std::string(each.summary) + "\n";
  }
  text += "\nCmdlets, by links to this program (certferry links DIR) or as its first word:\n";
  for (const Command& each : commands()) {
    if (each.cmdlet.empty() || !each.available) continue;
    text += "  " + padded(each.cmdlet, 26) + "certferry " + std::string(each.name) + "\n";
  }
  text += "\nFor every command:\n";
  for (const Use& use : global_uses()) text += entry(heading(use, Dialect::kNative), description(use));
  text +=
      "\nExit codes:\n"
      "  0 done or nothing to do   1 failed, nothing changed   2 usage\n"
      "  3 plan has changes        4 partly done               5 file or finding\n"
      "  6 not permitted           7 declined                  8 store unreachable\n"
      "  9 locked or stale plan\n";
  return text;
}

}  // namespace certferry::cli
