#include "cli/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/escape.h"

namespace certferry::cli {
namespace {

using nlohmann::json;

constexpr double kWarn = 0.2, kCritical = 0.05;  // of a certificate's life
constexpr std::size_t kNamed = 3;
enum Level { kOk, kWarning, kCriticalLevel, kUnknown };
constexpr const char* kNames[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

struct Said {
  Level level = kOk;
  std::string text;
};

// A label of performance data: no quote, no equals sign.
std::string label_of(std::string text) {
  std::erase_if(text, [](char c) { return c == '\'' || c == '=' || c == '|'; });
  return "'" + text + "'";
}

void look_at_use(const json& use, std::vector<Said>& said, std::string& data) {
  const std::string name = use.value("use", "");
  const double left = use.value("life_left", 0.0);
  std::size_t wrong = 0;
  for (const json& one : use.value("served", json::array())) wrong += one.value("right", false) ? 0 : 1;
  if (wrong > 0) {
    said.push_back({kCriticalLevel, fmt::format("{} {} not serve the certificate of {}", wrong,
                                                wrong == 1 ? "connection does" : "connections do", name)});
  }
  const bool comes = !use.value("next", json()).is_null();
  const std::string until = use.value("not_after", "");
  if (left <= 0) said.push_back({kCriticalLevel, name + " ended at " + until});
  else if (!comes && left < kCritical) said.push_back({kCriticalLevel, name + " ends at " + until});
  else if (!comes && left < kWarn) said.push_back({kWarning, name + " ends at " + until});
  data += fmt::format(" {}={};{}:;{}:;0;1", label_of(name), left, kWarn, kCritical);
}

void look_at_fleet(const json& fleet, std::vector<Said>& said, std::string& data) {
  const auto tell = [&](const char* what, Level level, const std::string& words) {
    const json& all = fleet.at(what);
    for (std::size_t i = 0; i < std::min(all.size(), kNamed); ++i)
      said.push_back({level, all[i].value("fqdn", "") + " " + words});
    if (all.size() > kNamed) said.push_back({level, fmt::format("and {} more", all.size() - kNamed)});
    data += fmt::format(" '{}'={}", what, all.size());
  };
  tell("failed", kCriticalLevel, "failed");
  tell("behind", kWarning, "has not taken over what it shall use");
  tell("silent", kWarning, "does not answer");
  data += fmt::format(" 'computers'={} 'done'={}", fleet.value("computers", 0), fleet.value("done", 0));
}

}  // namespace

Monitored monitored(const commands::Outcome& status) {
  const json all = json::parse(status.json, nullptr, false);
  std::vector<Said> said;
  std::string data;
  if (!all.is_object() || !all.contains("uses")) {
    const std::string why = status.error ? status.error->id + ": " + status.error->message : "no answer";
    said.push_back({kUnknown, why});
  } else {
    for (const json& use : all["uses"]) look_at_use(use, said, data);
    // Of a home that is not the one that was meant, too.
    if (all["uses"].empty() && !all.contains("fleet")) said.push_back({kUnknown, "nothing is assigned"});
    if (all.contains("fleet")) look_at_fleet(all["fleet"], said, data);
    for (const json& finding : all.value("findings", json::array())) {
      if (finding.value("severity", "") == "fatal") said.push_back({kCriticalLevel, finding.value("message", "")});
    }
    const bool other = status.error && status.error->kind != ErrorKind::kPartly;
    if (other) said.push_back({kUnknown, status.error->id + ": " + status.error->message});
  }
  std::ranges::stable_sort(said, [](const Said& one, const Said& two) { return one.level > two.level; });
  const Level worst = said.empty() ? kOk : said.front().level;
  std::string text;
  for (const Said& one : said) text += (text.empty() ? "" : "; ") + one.text;
  if (text.empty()) text = "everything is served as it is assigned";
  std::ranges::replace(text, '|', '/');  // what follows it is data
  const std::string line = std::string("CERTFERRY ") + kNames[worst] + " - " + escape_terminal(text);
  return {worst, data.empty() ? line : line + " |" + escape_terminal(data)};
}

}  // namespace certferry::cli
