#include "agent/time_source.h"

#include <algorithm>

#include "probe/ntp.h"

namespace certferry::agent {
namespace {

constexpr std::chrono::hours kBelieved{1};
constexpr std::chrono::milliseconds kAnswer{1'000};

Result<std::chrono::seconds> ask_one(const std::string& server, const Clock& clock) {
  if (const auto endpoint = probe::parse_endpoint(server)) return probe::ask_ntp(*endpoint, kAnswer, clock);
  return probe::ask_ntp({server, probe::kNtpPort}, kAnswer, clock);
}

}  // namespace

TimeSource::Word TimeSource::ask(const std::vector<std::string>& servers, const Clock& clock) {
  if (asked_ && clock.monotonic() - *asked_ < kBelieved) return word_;
  word_ = {};
  stale_at_.reset();
  if (servers.empty()) return word_;
  std::vector<std::chrono::seconds> offsets;
  std::string refusals;
  for (const std::string& server : servers) {
    if (const auto offset = ask_one(server, clock)) offsets.push_back(*offset);
    else refusals += (refusals.empty() ? "" : "; ") + offset.error().message;
  }
  if (offsets.empty()) {
    word_.findings.push_back({"CF2103", Severity::kWarning, "no NTP server tells the time: " + refusals,
                              "check agent.ntp_servers; until then the clock of this computer is believed",
                              "certferry"});
  } else {
    std::ranges::sort(offsets);
    word_.offset = offsets[offsets.size() / 2];
  }
  asked_ = clock.monotonic();
  stale_at_ = clock.now() + kBelieved;
  return word_;
}

}  // namespace certferry::agent
