#include "cli/stay.h"

#include "agent/agent.h"
#include "agent/serve.h"
#include "base/escape.h"
#include "commands/home.h"

namespace certferry::cli {

Result<commands::Outcome> stay(const Invocation& invocation, const Terminal& terminal,
                               commands::Environment& environment) {
  const agent::Log log = [&](Severity severity, const std::string& line) {
    terminal.note(rfc3339(environment.clock.now()) + " " + std::string(name_of(severity)) + " " +
                  escape_terminal(line) + "\n");
  };
  CERTFERRY_ASSIGN(const std::string home,
                   commands::locate_home(invocation.text(ParameterId::kHome).value_or(""), environment));
  const bool serves = invocation.command() == CommandId::kServe;
  if (serves) {
    const auto listen = invocation.texts(ParameterId::kListen), relays = invocation.texts(ParameterId::kRelay);
    CERTFERRY_TRY(
        agent::run_relay(environment, home, {{listen.begin(), listen.end()}, {relays.begin(), relays.end()}}, log));
  } else {
    CERTFERRY_TRY(agent::run_agent(environment, home, log));
  }
  commands::Outcome ended;
  ended.json = R"({"schema":1,"error":null})";
  ended.document.status = report::Status::kNothing;
  ended.document.headline = serves ? "The relay has ended" : "The agent has ended";
  return ended;
}

}  // namespace certferry::cli
