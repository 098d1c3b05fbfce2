#include "cli/native.h"

#include <algorithm>

#include "cli/cmdlet.h"
#include "base/ascii.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

const Use* find_option(const Command& command, std::string_view name) {
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    for (const Use& use : uses) {
      const Parameter& each = parameter(use.parameter);
      if (each.option.empty()) continue;
      if (each.option == name || (!each.option_alias.empty() && each.option_alias == name)) return &use;
    }
  }
  return nullptr;
}

std::string_view option_name(std::string_view word) {
  return word.substr(2, std::min(word.find('='), word.size()) - 2);
}

bool known(const Command& command, std::string_view word) {
  return word.starts_with("--") && word.size() > 2 && find_option(command, option_name(word)) != nullptr;
}

// "-Path", "--pth", "--EffectiveDate": what was meant.
std::string suggestion(const Command& command, std::string_view name) {
  std::vector<std::string_view> candidates;
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    for (const Use& use : uses) {
      const Parameter& each = parameter(use.parameter);
      if (each.option.empty()) continue;
      if (equal_ignoring_case(each.cmdlet, name) || equal_ignoring_case(each.cmdlet_alias, name))
        return "--" + std::string(each.option);
      candidates.push_back(each.option);
    }
  }
  const std::string near = nearest(name, candidates);
  return near.empty() ? std::string() : "--" + near;
}

std::unexpected<UsageError> unknown(const Binder& binder, const Command& command, std::size_t i) {
  const std::string_view word = binder.word(i);
  const std::size_t start = word.starts_with("--") ? 2 : 1;
  const std::size_t end = std::min(word.find_first_of("=:", start), word.size());
  const std::string near = suggestion(command, word.substr(start, end - start));
  const std::string where = spelled(command, Dialect::kNative);
  return binder.error("CF1002", where + " has no such option",
                      (near.empty() ? "" : "did you mean " + near + "? ") + "'certferry help " +
                          std::string(command.name) + "' shows its options",
                      Binder::Place{i, 0, end});
}

ParameterId short_option(std::string_view word) {
  if (word == "-h" || word == "-?") return ParameterId::kHelp;
  if (word == "-q") return ParameterId::kQuiet;
  return ParameterId::kNone;
}

// The word that names the command, behind options for every command; nothing when there is none.
std::optional<std::size_t> command_word(const Words& words) {
  for (std::size_t i = 1; i < words.words.size(); ++i) {
    const std::string_view word = words.words[i];
    if (word == "--home") {
      ++i;
    } else if (!word.starts_with('-') || word == "-") {
      return i;
    }
  }
  return std::nullopt;
}

std::unexpected<UsageError> unknown_command(const Words& words, std::size_t at) {
  std::vector<std::string_view> names;
  for (const Command& each : commands()) {
    if (each.hidden) continue;
    names.push_back(each.name);
    if (!each.cmdlet.empty()) names.push_back(each.cmdlet);
  }
  const std::string near = nearest(words.words[at], names);
  const Binder binder(words, command(CommandId::kHelp), Dialect::kNative, known);
  return binder.error(
      "CF1001", "there is no such command",
      (near.empty() ? "" : "did you mean " + near + "? ") + std::string("'certferry help' shows the commands"),
      Binder::Place{at});
}

Bound bind_word(Binder& binder, const Command& command, std::size_t& i) {
  const std::string_view word = binder.word(i);
  if (!word.starts_with('-') || word == "-") return binder.bind_bare(i);
  if (const ParameterId id = short_option(word); id != ParameterId::kNone) {
    return binder.bind(*find_use(command, id), i, std::nullopt);
  }
  if (!word.starts_with("--")) return unknown(binder, command, i);
  const std::string_view name = option_name(word);
  const Use* use = find_option(command, name);
  if (!use) return unknown(binder, command, i);
  const bool attached = name.size() + 2 < word.size();
  return binder.bind(*use, i, attached ? std::optional(Binder::Attached{name.size() + 3}) : std::nullopt);
}

}  // namespace

Parsed parse_native(Words words) {
  const std::optional<std::size_t> at = command_word(words);
  const Command* chosen = &command(CommandId::kHelp);
  if (at) {
    chosen = find_command(words.words[*at]);
    const Command* cmdlet = chosen ? nullptr : find_cmdlet(words.words[*at]);
    if (cmdlet) {
      // Options for every command that stood before it are spelled the same behind it.
      std::rotate(words.words.begin() + 1, words.words.begin() + static_cast<std::ptrdiff_t>(*at),
                  words.words.begin() + static_cast<std::ptrdiff_t>(*at) + 1);
      words.words.erase(words.words.begin());
      return parse_cmdlet(*cmdlet, std::move(words));
    }
    if (!chosen) return unknown_command(words, *at);
  }
  Binder binder(std::move(words), *chosen, Dialect::kNative, known);
  bool only_bare = false;
  for (std::size_t i = 1; i < binder.size(); ++i) {
    if (at && i == *at) continue;
    if (!only_bare && binder.word(i) == "--") {
      only_bare = true;
    } else if (only_bare) {
      CERTFERRY_TRY(binder.bind_bare(i));
    } else {
      CERTFERRY_TRY(bind_word(binder, *chosen, i));
    }
  }
  if (at) return std::move(binder).finish();
  const Binder::Place behind{binder.size()};
  auto no_command = binder.error("CF1019", "no command is given", "'certferry help' shows the commands", behind);
  Parsed parsed = std::move(binder).finish();
  if (parsed && parsed->command() == CommandId::kHelp && !parsed->wants_help()) return no_command;
  return parsed;
}

Parsed parse_native(std::span<const std::string> arguments) {
  Words words{{"certferry"}, false};
  words.words.insert(words.words.end(), arguments.begin(), arguments.end());
  return parse_native(std::move(words));
}

}  // namespace certferry::cli
