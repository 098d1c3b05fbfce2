#include "commands/frame.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/facts.h"

namespace certferry::commands {

using nlohmann::ordered_json;

Frame::Frame(Environment& environment, std::string computer)
    : environment_(environment), started_(environment.clock.monotonic()), logged_(started_) {
  document.started = environment.clock.now();
  document.computer = std::move(computer);
  document.actor = environment.actor.name;
  document.command = environment.command_line;
}

Outcome Frame::finish(const Result<>& done, bool changed, const ordered_json& fields) {
  Outcome outcome;
  if (!done) outcome.error = done.error();
  outcome.changed = changed && done.has_value();
  if (!done)
    document.status = done.error().kind == ErrorKind::kPartly ? report::Status::kPartly : report::Status::kFailed;
  document.error = outcome.error;
  document.took = std::chrono::duration_cast<std::chrono::milliseconds>(environment_.clock.monotonic() - started_);
  ordered_json json = {{"schema", 1}};
  json.update(fields);
  json["status"] = report::name_of(document.status);
  json["findings"] = findings_json(document.findings);
  ordered_json steps = ordered_json::array();
  for (const report::Step& step : document.steps)
    steps.push_back({{"computer", step.computer}, {"action", step.action}, {"detail", step.detail}});
  json["plan"] = std::move(steps);
  if (!document.computers.empty()) {
    ordered_json computers = ordered_json::array();
    for (const report::ComputerPlan& plan : document.computers)
      computers.push_back({{"computer", plan.computer},
                           {"pool", plan.pool},
                           {"use", plan.type},
                           {"has", plan.has},
                           {"gets", plan.gets},
                           {"services", plan.services},
                           {"look_at", plan.look_at}});
    json["computers"] = std::move(computers);
  }
  json["error"] = error_json(outcome.error ? &*outcome.error : nullptr);
  outcome.json = dump(json);
  outcome.document = std::move(document);
  return outcome;
}

void Frame::log(std::string action, bool done) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  const std::chrono::nanoseconds now = environment_.clock.monotonic();
  document.log.push_back({std::move(action), duration_cast<microseconds>(logged_ - started_),
                          duration_cast<microseconds>(now - logged_), !done});
  logged_ = now;
}

void Frame::mark_done() {
  for (report::Step& step : document.steps) step.state = report::Step::State::kDone;
}

Result<> Frame::confirm(std::string_view question) const { return environment_.ui.confirm(question, actions()); }

std::string Frame::actor() const {
  return environment_.actor.name + " (" + std::to_string(environment_.actor.uid) + ")";
}

std::vector<std::string> Frame::actions() const {
  std::vector<std::string> actions;
  for (const report::Step& step : document.steps) actions.push_back(step.action);
  return actions;
}

}  // namespace certferry::commands
