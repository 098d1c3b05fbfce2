#include "commands/refusals.h"

#include <charconv>
#include <chrono>

#include "store/audit.h"
#include "x509/digest.h"

namespace certferry::commands {
namespace {

// When something was recorded last, and the digest of what: "<seconds> <hex>".
constexpr std::string_view kLast = "refused";
constexpr std::chrono::minutes kPause{1};
constexpr std::size_t kMost = 20;

// Of a statement, or of what it is for; CF22xx is what seal/ refuses.
bool is_refusal(const Finding& finding) {
  return finding.id.starts_with("CF22") || finding.id == "CF1772" || finding.id == "CF1773" || finding.id == "CF1774";
}

}  // namespace

Result<> record_refusals(Environment& environment, Home& home, const Findings& findings, Time now) {
  std::vector<std::string> refused;
  std::string all;
  std::size_t more = 0;
  for (const Finding& finding : findings) {
    if (!is_refusal(finding)) continue;
    std::string text = "refused " + finding.id + ": " + finding.message;
    all += text + "\n";
    if (refused.size() < kMost) {
      refused.push_back(std::move(text));
    } else {
      ++more;
    }
  }
  if (refused.empty()) return {};
  if (more > 0) refused.push_back("refused " + std::to_string(more) + " more");
  CERTFERRY_ASSIGN(store::Store* const store, home.store());
  CERTFERRY_ASSIGN(const std::optional<store::Entry> last, store->get(kLast));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const std::string digest = hex_lower(x509::sha256(as_bytes(all)));
  if (last) {
    std::int64_t then = 0;
    std::from_chars(last->value.data(), last->value.data() + last->value.size(), then);
    const bool just_now = then <= seconds && seconds < then + std::chrono::seconds(kPause).count();
    if (just_now || last->value.ends_with(digest)) return {};
  }
  store::Batch batch;
  batch.expect(std::string(kLast), last ? last->revision : 0);
  batch.put(std::string(kLast), std::to_string(seconds) + " " + digest);
  const std::string actor = environment.actor.name + " (" + std::to_string(environment.actor.uid) + ")";
  CERTFERRY_TRY(
      store::append_audit(*store, batch, {0, now, actor, environment.command_line, std::move(refused), "", "refused"}));
  const auto committed = store->commit(batch);
  // Somebody else wrote at the same moment: it is told by them or the next time.
  if (!committed && committed.error().id != "CF1501") return std::unexpected(committed.error());
  return {};
}

}  // namespace certferry::commands
