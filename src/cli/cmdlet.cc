#include "cli/cmdlet.h"

#include <algorithm>

#include "base/ascii.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

// Those of every cmdlet in PowerShell itself; the shell dialect has none of them.
constexpr std::string_view kCommonParameters[] = {
    "Verbose",         "Debug",       "ErrorAction", "WarningAction",    "InformationAction",   "ErrorVariable",
    "WarningVariable", "OutVariable", "OutBuffer",   "PipelineVariable", "InformationVariable", "ProgressAction"};

// How many bytes of `word` are one leading dash: ASCII, or en dash, em dash, horizontal bar as in PowerShell.
std::size_t dash(std::string_view word) {
  if (word.starts_with('-')) return 1;
  for (std::string_view each : {"\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"}) {
    if (word.starts_with(each)) return each.size();
  }
  return 0;
}

struct Named {
  std::string_view name;   // without dashes
  std::size_t end = 0;     // of the name in the word
  bool two_dashes = false;
  bool has_value = false;  // ':' or '=' follows
};

// Nothing for a bare word: "-", "-5", "web.pfx".
std::optional<Named> read_name(std::string_view word) {
  const std::size_t first = dash(word);
  if (first == 0) return std::nullopt;
  const std::size_t second = dash(word.substr(first));
  const std::size_t start = first + second;
  const bool two = second > 0;
  if (start >= word.size()) return std::nullopt;
  const char c = word[start];
  if (!ascii_letter(c) && c != '?' && c != '_') return std::nullopt;
  const std::size_t end = std::min(word.find(two ? '=' : ':', start), word.size());
  return Named{word.substr(start, end - start), end, two, end < word.size()};
}

struct Match {
  const Use* exact = nullptr;
  std::vector<const Use*> by_prefix;
};

Match match(const Command& command, const Named& named) {
  Match result;
  if (named.two_dashes) {
    for (std::span<const Use> uses : {command.uses, global_uses()}) {
      for (const Use& use : uses) {
        const Parameter& each = parameter(use.parameter);
        if (each.option.empty()) continue;
        if (each.option == named.name || (!each.option_alias.empty() && each.option_alias == named.name))
          result.exact = &use;
      }
    }
    return result;
  }
  if (named.name == "?") {
    result.exact = find_use(command, ParameterId::kHelp);
    return result;
  }
  for (const Use& use : command.uses) {
    const Parameter& each = parameter(use.parameter);
    if (each.cmdlet.empty()) continue;
    if (equal_ignoring_case(each.cmdlet, named.name) ||
        (!each.cmdlet_alias.empty() && equal_ignoring_case(each.cmdlet_alias, named.name))) {
      result.exact = &use;
    }
    if (begins_with_word(each.cmdlet, named.name) ||
        (!each.cmdlet_alias.empty() && begins_with_word(each.cmdlet_alias, named.name))) {
      result.by_prefix.push_back(&use);
    }
  }
  return result;
}

bool known(const Command& command, std::string_view word) {
  const auto named = read_name(word);
  if (!named) return false;
  const Match found = match(command, *named);
  return found.exact != nullptr || !found.by_prefix.empty();
}

std::string spelled_suggestion(const Command& command, std::string_view name) {
  std::vector<std::string_view> candidates;
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    for (const Use& use : uses) {
      const Parameter& each = parameter(use.parameter);
      for (std::string_view candidate : {each.cmdlet, each.cmdlet_alias, each.option}) {
        if (!candidate.empty()) candidates.push_back(candidate);
      }
    }
  }
  const std::string near = nearest(name, candidates);
  if (near.empty()) return {};
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    for (const Use& use : uses) {
      const Parameter& each = parameter(use.parameter);
      if (near == each.cmdlet || near == each.cmdlet_alias || near == each.option)
        return spelled(each, Dialect::kCmdlet);
    }
  }
  return {};
}

std::unexpected<UsageError> unknown(const Binder& binder, const Command& command, const Named& named, std::size_t i) {
  const Binder::Place place{i, 0, named.end};
  std::string fix = "'" + spelled(command, Dialect::kCmdlet) + " -?' shows its parameters";
  const bool common = std::ranges::any_of(kCommonParameters,
                                          [&](std::string_view each) { return equal_ignoring_case(each, named.name); });
  if (const std::string near = spelled_suggestion(command, named.name); !near.empty()) {
    fix = "did you mean " + near + "? " + fix;
  } else if (common) {
    fix = "leave it out: PowerShell's common parameters work in PowerShell only";
  }
  return binder.error("CF1002", spelled(command, Dialect::kCmdlet) + " has no such parameter", std::move(fix), place);
}

std::unexpected<UsageError> ambiguous(const Binder& binder, const Match& found, const Named& named, std::size_t i) {
  std::vector<std::string> names;
  for (const Use* use : found.by_prefix) names.push_back(spelled(parameter(use->parameter), Dialect::kCmdlet));
  return binder.error("CF1003", "this could be " + listed(names), "write more of the name",
                      Binder::Place{i, 0, named.end});
}

}  // namespace

Parsed parse_cmdlet(const Command& command, Words words) {
  Binder binder(std::move(words), command, Dialect::kCmdlet, known);
  bool only_bare = false;
  for (std::size_t i = 1; i < binder.size(); ++i) {
    if (!only_bare && binder.word(i) == "--") {
      only_bare = true;
      continue;
    }
    const auto named = only_bare ? std::nullopt : read_name(binder.word(i));
    if (!named) {
      CERTFERRY_TRY(binder.bind_bare(i));
      continue;
    }
    const Match found = match(command, *named);
    const Use* use = found.exact;
    if (!use && found.by_prefix.size() > 1) return ambiguous(binder, found, *named, i);
    if (!use && found.by_prefix.size() == 1) use = found.by_prefix.front();
    if (!use) return unknown(binder, command, *named, i);
    CERTFERRY_TRY(
        binder.bind(*use, i, named->has_value ? std::optional(Binder::Attached{named->end + 1}) : std::nullopt));
  }
  return std::move(binder).finish();
}

Parsed parse_cmdlet(std::string_view name, std::span<const std::string> arguments) {
  const Command* command = find_cmdlet(name);
  if (!command) {
    return std::unexpected(UsageError{Error{ErrorKind::kUsage, "CF1001", "there is no such cmdlet",
                                            "'certferry help' shows the commands and cmdlets"},
                                      {}});
  }
  Words words{{name}, false};
  words.words.insert(words.words.end(), arguments.begin(), arguments.end());
  return parse_cmdlet(*command, std::move(words));
}

}  // namespace certferry::cli
