#include "commands/get.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/await.h"
#include "commands/deployment.h"
#include "commands/facts.h"
#include "commands/frame.h"
#include "commands/reconcile.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

// One use of one certificate, as Get-CsCertificate shows it.
struct Use {
  std::string type;
  fleet::Scope scope;
  fleet::Slot slot;
  std::optional<fleet::Next> next;
  std::optional<std::string> previous;  // SHA-256
  Time updated{};
};

class Get {
 public:
  Get(Environment& environment, Home& home, const GetOptions& options)
      : environment_(environment), home_(home), options_(options), frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    const Result<> done = look();
    frame_.document.status = report::Status::kShown;
    if (!done) frame_.document.headline = "Certificates cannot be shown";
    Outcome outcome = frame_.finish(done, false, {{"certificates", ordered_json::array()}});
    if (done) outcome.json = "{\"schema\":1,\"certificates\":[" + items_ + "],\"error\":null}";
    return outcome;
  }

 private:
  [[nodiscard]] Result<> look() {
    std::vector<std::string> wanted;
    if (!options_.types.empty()) {
      CERTFERRY_ASSIGN(wanted, home_.config().types.parse_list(options_.types));
    }
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    Catalog catalog(*store);
    CERTFERRY_ASSIGN(std::vector<Use> uses, find_uses(catalog));
    if (!wanted.empty())
      std::erase_if(uses, [&](const Use& use) { return std::ranges::find(wanted, use.type) == wanted.end(); });
    frame_.document.headline = options_.all ? "Certificates in the store" : "Assigned certificates";
    if (options_.all) return show_all(catalog, uses);
    return show_uses(catalog, uses);
  }

  [[nodiscard]] Result<std::vector<Use>> find_uses(Catalog& catalog) {
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
    std::vector<Use> uses;
    if (options_.identity) {
      CERTFERRY_ASSIGN(const fleet::Scope scope, fleet::Scope::parse(*options_.identity));
      for (const StoredAssignment& stored : assignments) {
        const fleet::Type* type = home_.config().types.find(stored.assignment.type);
        const fleet::Assignment now =
            fleet::advance(stored.assignment, type ? type->window() : std::nullopt, frame_.now()).after;
        if (!(now.scope == scope)) continue;
        const auto previous = now.previous ? std::optional(now.previous->certificate.sha256) : std::nullopt;
        if (now.current) uses.push_back({now.type, now.scope, *now.current, now.next, previous, now.updated});
        else if (now.next) uses.push_back({now.type, now.scope, now.next->slot, now.next, previous, now.updated});
      }
      return uses;
    }
    for (const Target& target : targets(assignments, home_.config(), frame_.now())) {
      if (target.slot)
        uses.push_back(
            {target.type, target.scope, *target.slot, target.next_slot, target.previous, target.slot->since});
      else if (target.next_slot)
        uses.push_back({target.type, target.scope, target.next_slot->slot, target.next_slot, target.previous,
                        target.next_slot->slot.since});
    }
    return uses;
  }

  // What became of the flip to that certificate; null where there was none. Adds it to `state` in a few words.
  [[nodiscard]] Result<ordered_json> last_flip(const std::string& type, const std::string& sha256, std::string& state) {
    CERTFERRY_ASSIGN(const std::optional<Deployment> deployment,
                     read_deployment(environment_.files, home_.path(), type));
    if (!deployment || deployment->sha256 != sha256) return ordered_json(nullptr);
    if (deployment->state == Deployment::State::kVerified) state += ", verified";
    if (deployment->state == Deployment::State::kInPlace) state += ", in place, not asked";
    if (deployment->state == Deployment::State::kUnverified) state += ", not verified: " + deployment->reason;
    if (deployment->state == Deployment::State::kRolledBack) state = "rolled back: " + deployment->reason;
    return ordered_json({{"state", name_of(deployment->state)},
                         {"at", rfc3339(deployment->at)},
                         {"services", deployment->services},
                         {"reason", deployment->reason}});
  }

  [[nodiscard]] Result<> show_uses(Catalog& catalog, const std::vector<Use>& uses) {
    report::Table table{"", {"Use", "Subject", "Thumbprint", "Valid until", "Scope", "State"}, {}};
    for (const Use& use : uses) {
      CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(use.slot.certificate.sha256));
      if (!found)
        return fail(ErrorKind::kFailed, "CF1710", "the store lacks the certificate " + use.slot.certificate.sha256,
                    "import it again");
      const CertificateRecord& record = found->record;
      std::string previous;
      if (use.previous) {
        CERTFERRY_ASSIGN(const std::optional<Found> old, catalog.get(*use.previous));
        if (old) previous = old->record.thumbprint;
      }
      const bool waits = use.next && use.next->slot == use.slot;
      std::string state = waits ? "from " + rfc3339(use.slot.effective) : "in use";
      ordered_json next = nullptr;
      if (use.next && !waits) {
        CERTFERRY_ASSIGN(const std::optional<Found> coming, catalog.get(use.next->slot.certificate.sha256));
        const std::string thumbprint = coming ? coming->record.thumbprint : use.next->slot.certificate.sha256;
        next = {{"thumbprint", thumbprint},
                {"effective_date", rfc3339(use.next->slot.effective)},
                {"roll", use.next->roll}};
        state += ", then " + thumbprint.substr(0, 8) + "… from " + rfc3339(use.next->slot.effective);
      }
      CERTFERRY_ASSIGN(ordered_json served, last_flip(use.type, record.sha256, state));
      append({{"use", use.type},
              {"thumbprint", record.thumbprint},
              {"sha256", record.sha256},
              {"subject", record.subject},
              {"issuer", record.issuer},
              {"serial_number", record.serial_number},
              {"not_before", rfc3339(record.not_before)},
              {"not_after", rfc3339(record.not_after)},
              {"alternative_names", record.names},
              {"effective_date", rfc3339(use.slot.effective)},
              {"previous_thumbprint", previous.empty() ? ordered_json(nullptr) : ordered_json(previous)},
              {"update_time", rfc3339(use.updated)},
              {"source_scope", use.scope.text()},
              {"pending", waits},
              {"deployment", std::move(served)},
              {"next", std::move(next)}});
      table.rows.push_back({use.type, record.subject, record.thumbprint, date_text(record.not_after), use.scope.text(),
                            std::move(state)});
    }
    frame_.document.summary = {uses.empty() ? "Nothing is assigned. `certferry get --all` lists what could be."
                                            : std::to_string(uses.size()) + (uses.size() == 1 ? " use" : " uses") +
                                                  " on " + home_.config().computer.fqdn + "."};
    if (!uses.empty()) frame_.document.tables.push_back(std::move(table));
    return {};
  }

  // With 10,000 certificates the stored texts are shown as they are: reading each one would cost more than all else.
  [[nodiscard]] Result<> show_all(Catalog& catalog, const std::vector<Use>& uses) {
    CERTFERRY_ASSIGN(const std::vector<std::string> records, catalog.all_json());
    std::map<std::string_view, std::string> types;
    for (const Use& use : uses) {
      std::string& list = types[use.slot.certificate.sha256];
      list += (list.empty() ? "" : ", ") + use.type;
    }
    std::size_t size = 0;
    for (const std::string& record : records) size += record.size() + 1;
    items_.reserve(size);
    for (const std::string& record : records) items_ += (items_.empty() ? "" : ",") + record;
    frame_.document.summary = {std::to_string(records.size()) +
                               (records.size() == 1 ? " certificate." : " certificates.")};
    if (!options_.table) return {};
    report::Table table{"", {"Thumbprint", "Subject", "Names", "Valid until", "Key", "Used for"}, {}};
    for (const std::string& text : records) {
      CERTFERRY_ASSIGN(const CertificateRecord record, record_from_json(text));
      std::string names;
      for (const std::string& name : record.names) names += (names.empty() ? "" : ", ") + name;
      const auto use = types.find(record.sha256);
      table.rows.push_back({record.thumbprint, record.subject, std::move(names), date_text(record.not_after),
                            record.key, use == types.end() ? "" : use->second});
    }
    if (!table.rows.empty()) frame_.document.tables.push_back(std::move(table));
    return {};
  }

  void append(const ordered_json& item) { items_ += (items_.empty() ? "" : ",") + dump(item); }

  Environment& environment_;
  Home& home_;
  const GetOptions& options_;
  Frame frame_;
  std::string items_;
};

}  // namespace

Outcome get_certificates(Environment& environment, Home& home, const GetOptions& options) {
  Outcome outcome = Get(environment, home, options).run();
  if (!options.identity || outcome.error) return outcome;
  return add_computers(environment, home, AwaitOptions{options.types, options.identity}, Judge::kNo,
                       std::move(outcome));
}

}  // namespace certferry::commands
