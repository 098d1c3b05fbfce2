#include "commands/replacement.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "commands/facts.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> kStates = {"running", "paused", "failed", "done", "aborted"};

std::unexpected<Error> no_wave(std::string_view text) {
  return fail(ErrorKind::kUsage, "CF2415", "\"" + std::string(text) + "\" is no row of waves",
              "write how many computers are to have it after each wave, growing: 1,10%,100%");
}

// Of `total`; a share is rounded up.
Result<std::size_t> end_of_wave(std::string_view word, std::size_t total, std::string_view all) {
  const bool share = word.ends_with('%');
  if (share) word.remove_suffix(1);
  std::size_t number = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
  if (word.empty() || read.ec != std::errc() || read.ptr != word.data() + word.size() || number == 0)
    return no_wave(all);
  if (share && number > 100) return no_wave(all);
  return std::min(total, share ? (total * number + 99) / 100 : number);
}

}  // namespace

std::string_view name_of(Replacement::State state) { return kStates.at(static_cast<std::size_t>(state)); }

Result<std::vector<std::vector<std::string>>> make_waves(std::vector<std::string> computers, std::string_view waves) {
  std::ranges::sort(computers);
  std::vector<std::vector<std::string>> made;
  std::size_t begin = 0;
  std::string_view rest = waves;
  while (true) {
    const std::size_t comma = rest.find(',');
    CERTFERRY_ASSIGN(const std::size_t end, end_of_wave(rest.substr(0, comma), computers.size(), waves));
    if (end < begin) return no_wave(waves);
    const auto at = [&](std::size_t index) { return computers.begin() + static_cast<std::ptrdiff_t>(index); };
    if (end > begin) made.emplace_back(at(begin), at(end));
    begin = end;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (begin < computers.size() || made.empty())
    made.emplace_back(computers.begin() + static_cast<std::ptrdiff_t>(begin), computers.end());
  return made;
}

std::string to_json(const Replacement& replacement) {
  ordered_json uses = ordered_json::array();
  for (const ReplacedUse& use : replacement.uses)
    uses.push_back({{"scope", use.scope.text()}, {"use", use.type}, {"before", use.before}, {"after", use.after}});
  return dump({{"schema", 1},
               {"id", replacement.id},
               {"reason", replacement.reason},
               {"begun", rfc3339(replacement.begun)},
               {"state", name_of(replacement.state)},
               {"begun_waves", replacement.begun_waves},
               {"done", replacement.done},
               {"uses", std::move(uses)},
               {"waves", replacement.waves}});
}

Result<Replacement> replacement_from_json(std::string_view text) {
  const ordered_json json = ordered_json::parse(text, nullptr, false);
  Replacement replacement;
  try {
    replacement.id = json.at("id");
    replacement.reason = json.at("reason");
    replacement.begun = from_rfc3339(json.at("begun").get<std::string>()).value();
    const auto state = std::ranges::find(kStates, json.at("state").get<std::string>());
    if (state == kStates.end()) throw std::invalid_argument("state");
    replacement.state = static_cast<Replacement::State>(state - kStates.begin());
    replacement.begun_waves = json.at("begun_waves");
    replacement.done = json.at("done");
    for (const ordered_json& use : json.at("uses")) {
      const auto scope = fleet::Scope::parse(use.at("scope").get<std::string>());
      if (!scope) throw std::invalid_argument("scope");
      replacement.uses.push_back({*scope, use.at("use"), use.at("before"), use.at("after")});
    }
    replacement.waves = json.at("waves").get<std::vector<std::vector<std::string>>>();
    if (replacement.done > replacement.waves.size() || replacement.begun_waves > replacement.waves.size())
      throw std::invalid_argument("done");
  } catch (const std::exception&) {
    return fail(ErrorKind::kFailed, "CF1710", "a replacement in the store cannot be read",
                "restore the store from a backup");
  }
  return replacement;
}

}  // namespace certferry::commands
