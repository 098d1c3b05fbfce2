#include "commands/status.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "commands/await.h"
#include "commands/bindings.h"
#include "commands/connections.h"
#include "commands/deployment.h"
#include "commands/facts.h"
#include "commands/frame.h"
#include "commands/heartbeat.h"
#include "commands/reconcile.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

class Status {
 public:
  Status(Environment& environment, Home& home)
      : environment_(environment), home_(home), frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    Result<> done = look();
    if (done && wrong_ > 0) {
      done = fail(ErrorKind::kPartly, "CF1788",
                  std::to_string(wrong_) + (wrong_ == 1 ? " connection does" : " connections do") +
                      " not serve what is assigned",
                  "see the list; `certferry set` for the same certificate flips and asks again");
    }
    frame_.document.status = report::Status::kShown;
    frame_.document.headline = !done && uses_.empty() ? "The status cannot be told"
                               : wrong_ > 0           ? "Not everything is served as it is assigned"
                                                      : "What is assigned, served and to come";
    ordered_json uses = ordered_json::array();
    for (Use& use : uses_) uses.push_back(std::move(use.json));
    return frame_.finish(done, false, {{"uses", std::move(uses)}});
  }

 private:
  struct Use {
    Target target;
    CertificateRecord record;
    ordered_json json;
    std::vector<std::string> row;
    std::size_t asked = 0;
    std::size_t right = 0;
  };

  [[nodiscard]] Result<> look() {
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    Catalog catalog(*store);
    {
      const store::Reading reading(*store);
      CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
      for (Target& target : targets(assignments, home_.config(), frame_.now()))
        CERTFERRY_TRY(add_use(catalog, std::move(target)));
    }
    CERTFERRY_ASSIGN(const Silence heard, silence(environment_, home_, frame_.now()));
    if (heard.alarm) frame_.document.findings.push_back(*heard.alarm);
    frame_.log("read the store");
    CERTFERRY_TRY(ask_services());
    frame_.log("ask " + std::to_string(asked_) + " connections", wrong_ == 0);
    report::Table table{"", {"Use", "Subject", "Thumbprint", "Valid until", "Life left", "Served", "Next"}, {}};
    for (Use& use : uses_) {
      use.row[5] = use.asked == 0           ? "not asked"
                   : use.right == use.asked ? "yes, by all " + std::to_string(use.asked)
                                            : std::to_string(use.right) + " of " + std::to_string(use.asked);
      table.rows.push_back(use.row);
    }
    frame_.document.summary = {uses_.empty() ? "Nothing is assigned." : std::to_string(asked_) + " connections asked."};
    if (!table.rows.empty()) frame_.document.tables.push_back(std::move(table));
    if (!problems_.rows.empty()) frame_.document.tables.push_back(std::move(problems_));
    return {};
  }

  [[nodiscard]] Result<> add_use(Catalog& catalog, Target target) {
    if (!target.current) return {};
    CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(*target.current));
    if (!found)
      return fail(ErrorKind::kFailed, "CF1710", "the store lacks the certificate " + *target.current,
                  "import it again");
    CERTFERRY_ASSIGN(const std::optional<Deployment> deployment,
                     read_deployment(environment_.files, home_.path(), target.type));
    const CertificateRecord& record = found->record;
    const auto life = std::chrono::duration<double>(record.not_after - record.not_before);
    const auto left = std::chrono::duration<double>(record.not_after - frame_.now());
    const double fraction = life.count() > 0 ? std::clamp(left / life, 0.0, 1.0) : 0.0;
    const std::string next = target.next_due ? rfc3339(*target.next_due) : "";
    const std::string stage = !target.next_slot ? "" : target.next_slot->published ? "published" : "staged";
    Use use;
    use.json = {{"use", target.type},
                {"thumbprint", record.thumbprint},
                {"sha256", record.sha256},
                {"subject", record.subject},
                {"not_after", rfc3339(record.not_after)},
                {"life_left", std::round(fraction * 1000) / 1000},
                {"deployment", deployment ? ordered_json(name_of(deployment->state)) : ordered_json(nullptr)},
                {"next", next.empty() ? ordered_json(nullptr) : ordered_json(next)},
                {"next_stage", stage.empty() ? ordered_json(nullptr) : ordered_json(stage)},
                {"served", ordered_json::array()}};
    use.row = {target.type,
               record.subject,
               record.thumbprint,
               date_text(record.not_after),
               std::to_string(static_cast<int>(fraction * 100)) + " %",
               "",
               next.empty() ? "" : next + " (" + stage + ")"};
    use.record = record;
    use.target = std::move(target);
    uses_.push_back(std::move(use));
    return {};
  }

  [[nodiscard]] Result<> ask_services() {
    CERTFERRY_ASSIGN(const std::vector<deploy::Binding> bindings, load_bindings(environment_, home_));
    std::vector<Connection> all;
    std::vector<Use*> of;
    for (Use& use : uses_) {
      CERTFERRY_ASSIGN(std::vector<Connection> own, connections_of(bindings, use.target.type, use.record.names));
      of.insert(of.end(), own.size(), &use);
      std::ranges::move(own, std::back_inserter(all));
    }
    const std::vector<Seen> answers = ask(std::move(all), environment_.clock);
    for (std::size_t i = 0; i < answers.size(); ++i) take(*of[i], answers[i]);
    return {};
  }

  void take(Use& use, const Seen& seen) {
    const auto& [connection, answer] = seen;
    const std::string address = probe::to_text(connection.target.endpoint);
    const std::string name = connection.target.server_name.value_or("");
    const std::string sha256 = answer ? answer->chain.front().sha256_hex() : "";
    const bool right = sha256 == use.record.sha256;
    ++asked_;
    ++use.asked;
    if (right) ++use.right;
    else ++wrong_;
    use.json["served"].push_back({{"service", connection.service},
                                  {"address", address},
                                  {"server_name", name},
                                  {"sha256", answer ? ordered_json(sha256) : ordered_json(nullptr)},
                                  {"right", right},
                                  {"error", answer ? ordered_json(nullptr) : ordered_json(answer.error().id)}});
    if (right) return;
    std::vector<std::string> row = {
        use.target.type, connection.service, address, name,
        answer ? "serves " + answer->chain.front().thumbprint() + " (" + answer->chain.front()->subject.label() + ")"
               : answer.error().message};
    if (std::ranges::find(problems_.rows, row) == problems_.rows.end()) problems_.rows.push_back(std::move(row));
  }

  Environment& environment_;
  Home& home_;
  Frame frame_;
  std::vector<Use> uses_;
  report::Table problems_{"Not as assigned", {"Use", "Service", "Address", "Name", "What was seen"}, {}};
  std::size_t asked_ = 0;
  std::size_t wrong_ = 0;
};

}  // namespace

Outcome show_status(Environment& environment, Home& home) {
  return add_computers(environment, home, std::nullopt, Judge::kYes, Status(environment, home).run());
}

}  // namespace certferry::commands
