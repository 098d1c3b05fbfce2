#include "commands/probe_all.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "commands/bindings.h"
#include "commands/connections.h"
#include "commands/facts.h"
#include "commands/frame.h"
#include "commands/reconcile.h"

namespace certferry::commands {
namespace {

using nlohmann::ordered_json;

std::string_view name_of(probe::KeyKind kind) {
  switch (kind) {
    case probe::KeyKind::kAny: return "any";
    case probe::KeyKind::kRsa: return "rsa";
    case probe::KeyKind::kEcdsa: return "ecdsa";
  }
  return "any";
}

class ProbeAll {
 public:
  ProbeAll(Environment& environment, Home& home)
      : environment_(environment), home_(home), frame_(environment, home.config().computer.fqdn) {}

  [[nodiscard]] Outcome run() {
    frame_.document.status = report::Status::kShown;
    Result<> done = look();
    if (done && wrong_ > 0) {
      done = fail(ErrorKind::kPartly, "CF1788",
                  std::to_string(wrong_) + (wrong_ == 1 ? " connection does" : " connections do") +
                      " not serve what is assigned",
                  "see the list; `certferry set` for the same certificate flips and asks again");
    }
    if (frame_.document.headline.empty()) frame_.document.headline = "Nothing was asked";
    return frame_.finish(done, false, {{"connections", std::move(json_)}});
  }

 private:
  [[nodiscard]] Result<> look() {
    CERTFERRY_ASSIGN(const std::vector<deploy::Binding> bindings, load_bindings(environment_, home_));
    CERTFERRY_ASSIGN(std::vector<Connection> connections, connections(bindings));
    if (connections.empty()) {
      return fail(ErrorKind::kFailed, "CF1789", "no binding of this computer names a connection to ask",
                  "`certferry binding detect` proposes bindings; `certferry probe HOST:PORT` asks any service");
    }
    const std::vector<Seen> answers = ask(std::move(connections), environment_.clock);
    frame_.log("ask " + std::to_string(answers.size()) + " connections");
    frame_.document.headline = std::to_string(answers.size()) + " connections asked";
    merge(answers);
    report::Table table{"", {"Service", "Use", "Address", "Name", "Thumbprint", "Days left", "Assigned"}, {}};
    for (const Line& line : lines_) add(line, table);
    frame_.document.tables.push_back(std::move(table));
    return {};
  }

  [[nodiscard]] Result<std::vector<Connection>> connections(const std::vector<deploy::Binding>& bindings) {
    CERTFERRY_ASSIGN(store::Store* const store, home_.store());
    const store::Reading reading(*store);
    Catalog catalog(*store);
    CERTFERRY_ASSIGN(const std::vector<StoredAssignment> assignments, catalog.assignments());
    std::map<std::string, std::vector<std::string>> names;
    for (const deploy::Binding& binding : bindings) {
      for (const std::string& type : binding.types) names[type];
    }
    for (const Target& target : targets(assignments, home_.config(), frame_.now())) {
      if (!target.current || !names.contains(target.type)) continue;
      CERTFERRY_ASSIGN(const std::optional<Found> found, catalog.get(*target.current));
      if (!found) continue;
      assigned_[target.type] = *target.current;
      names[target.type] = found->record.names;
    }
    std::vector<Connection> all;
    for (const auto& [type, of_certificate] : names) {
      CERTFERRY_ASSIGN(std::vector<Connection> own, connections_of(bindings, type, of_certificate));
      std::ranges::move(own, std::back_inserter(all));
    }
    return all;
  }

  struct Line {
    const Seen* seen;
    std::string told;  // SHA-256, or the error's id
    std::size_t times = 1;
  };

  void merge(const std::vector<Seen>& answers) {
    for (const Seen& seen : answers) {
      const std::string told = seen.answer ? seen.answer->leaf().sha256_hex() : seen.answer.error().id;
      const auto same = std::ranges::find_if(lines_, [&](const Line& line) {
        const Connection& one = line.seen->connection;
        const Connection& other = seen.connection;
        return line.told == told && one.type == other.type && one.service == other.service &&
               probe::to_text(one.target.endpoint) == probe::to_text(other.target.endpoint) &&
               one.target.server_name == other.target.server_name && one.target.key_kind == other.target.key_kind;
      });
      if (same == lines_.end()) lines_.push_back({&seen, told});
      else ++same->times;
    }
  }

  void add(const Line& line, report::Table& table) {
    const auto& [connection, answer] = *line.seen;
    const auto assigned = assigned_.find(connection.type);
    const bool is_assigned = assigned != assigned_.end();
    const bool right = is_assigned ? line.told == assigned->second : answer.has_value();
    if (!right) wrong_ += line.times;
    const std::string address = probe::to_text(connection.target.endpoint);
    const std::string name = connection.target.server_name.value_or("");
    ordered_json json = {{"service", connection.service},
                         {"use", connection.type},
                         {"address", address},
                         {"server_name", name},
                         {"starttls", probe::name_of(connection.target.starttls)},
                         {"key_kind", name_of(connection.target.key_kind)},
                         {"times", line.times},
                         {"assigned", is_assigned ? ordered_json(assigned->second) : ordered_json()},
                         {"right", is_assigned ? ordered_json(right) : ordered_json()},
                         {"served", answer.has_value()}};
    if (answer) {
      const x509::Certificate& leaf = answer->leaf();
      const auto days = std::chrono::floor<std::chrono::days>(leaf->not_after - frame_.now()).count();
      json["days_left"] = days;
      json["certificate"] = certificate_json(leaf);
      json["error"] = nullptr;
      table.rows.push_back({connection.service, connection.type, address, name, leaf.thumbprint(), std::to_string(days),
                            !is_assigned ? "nothing"
                            : right      ? "yes"
                                         : "no, another one"});
    } else {
      json["error"] = error_json(&answer.error());
      table.rows.push_back({connection.service, connection.type, address, name,
                            answer.error().id + " " + answer.error().message, "", ""});
    }
    json_.push_back(std::move(json));
  }

  Environment& environment_;
  Home& home_;
  Frame frame_;
  std::map<std::string, std::string> assigned_;  // type → SHA-256
  std::vector<Line> lines_;
  ordered_json json_ = ordered_json::array();
  std::size_t wrong_ = 0;
};

}  // namespace

Outcome probe_all(Environment& environment, Home& home) { return ProbeAll(environment, home).run(); }

}  // namespace certferry::commands
