#include "cli/fleet_commands.h"

#include "commands/admin_role.h"
#include "commands/computer.h"
#include "commands/fleet.h"
#include "commands/fleet_status.h"
#include "commands/join.h"
#include "commands/topology.h"

namespace certferry::cli {
namespace {

using commands::Home;
using commands::Outcome;

constexpr std::size_t kLongestToken = 16 * 1024;

class FleetRun {
 public:
  FleetRun(const Invocation& invocation, commands::Environment& environment, const OpenHome& open)
      : invocation_(invocation), environment_(environment), open_(open) {}

  [[nodiscard]] Result<Outcome> run() {
    if (invocation_.command() == CommandId::kFleet) return fleet();
    if (invocation_.command() == CommandId::kAdminRole) return admin_role();
    if (invocation_.command() == CommandId::kRole) return role();
    if (invocation_.command() == CommandId::kTopology) return topology();
    return invocation_.command() == CommandId::kComputer ? computer() : join();
  }

 private:
  [[nodiscard]] std::string text(ParameterId id) const { return std::string(invocation_.text(id).value_or("")); }
  [[nodiscard]] std::optional<std::string> optional_text(ParameterId id) const {
    const auto value = invocation_.text(id);
    return value ? std::optional(std::string(*value)) : std::nullopt;
  }

  [[nodiscard]] Result<std::string> subject(const std::string& command) const {
    const std::string given = text(ParameterId::kSubject);
    if (given.empty())
      return fail(ErrorKind::kUsage, "CF1077", "which one is meant?", "certferry help " + command + " has examples");
    return given;
  }

  [[nodiscard]] Result<Outcome> fleet() {
    const std::string action = text(ParameterId::kAction);
    const bool shows = action.empty() || action == "show";
    CERTFERRY_ASSIGN(Home home, open_(shows ? Home::Access::kRead : Home::Access::kWrite));
    if (shows) return commands::show_fleet(environment_, home);
    if (action == "passphrase") return commands::change_fleet_passphrase(environment_, home);
    if (action == "init") {
      commands::KeyPlace place{{}, text(ParameterId::kKeysIn)};
      if (invocation_.on(ParameterId::kUnderPassphrase) || invocation_.given(ParameterId::kNewPassphraseFile)) {
        CERTFERRY_ASSIGN(place.passphrase, environment_.ui.new_passphrase());
      }
      return commands::init_fleet(environment_, home, place);
    }
    if (action == "report") {
      const std::string output = text(ParameterId::kOutput);
      if (!output.empty()) return commands::write_status(environment_, home, output);
      return fail(ErrorKind::kUsage, "CF1079", "where shall the status be written?",
                  "certferry fleet report --output FILE");
    }
    CERTFERRY_ASSIGN(const std::string given, subject("fleet"));
    if (action == "take") return commands::take_bundle(environment_, home, given);
    if (action == "accept") return commands::accept_statement(environment_, home, given);
    const std::string output = text(ParameterId::kOutput);
    if (output.empty())
      return fail(ErrorKind::kUsage, "CF1078", "where shall the bundle be written?",
                  "certferry fleet bundle " + given + " --output FILE");
    return commands::write_bundle(environment_, home, given, output);
  }

  [[nodiscard]] Result<Outcome> topology() {
    const std::string to = text(ParameterId::kExport), from = text(ParameterId::kImportFrom);
    CERTFERRY_ASSIGN(Home home, open_(from.empty() ? Home::Access::kRead : Home::Access::kWrite));
    if (!from.empty())
      return commands::import_topology(environment_, home,
                                       {from, invocation_.on(ParameterId::kPrune),
                                        invocation_.on(ParameterId::kConfirm), invocation_.on(ParameterId::kWhatIf)});
    if (!to.empty()) return commands::export_topology(environment_, home, to);
    return commands::show_topology(environment_, home, text(ParameterId::kOutput));
  }

  [[nodiscard]] Result<Outcome> computer() {
    const std::string action = text(ParameterId::kAction);
    const bool lists = action.empty() || action == "list", asked = action == "requests";
    CERTFERRY_ASSIGN(Home home, open_(lists || asked ? Home::Access::kRead : Home::Access::kWrite));
    if (lists) return commands::show_fleet(environment_, home);
    if (asked) return commands::show_applicants(environment_, home);
    commands::ComputerOptions options;
    CERTFERRY_ASSIGN(options.fqdn, subject("computer"));
    options.site = optional_text(ParameterId::kSite);
    options.pool = optional_text(ParameterId::kPool);
    if (invocation_.given(ParameterId::kType)) options.types = joined_types();
    const auto relays = invocation_.texts(ParameterId::kRelay);
    options.relays = {relays.begin(), relays.end()};
    if ((action == "add" || action == "rekey") && invocation_.given(ParameterId::kReport))
      return fail(ErrorKind::kUsage, "CF1080", "the token would stand in the report, which others read",
                  "leave out --report; `certferry audit` keeps who let the computer join");
    options.rekey = action == "rekey";
    if (action == "add" || options.rekey) return commands::add_computer(environment_, home, options);
    if (action == "approve")
      return commands::approve_computer(environment_, home, options, text(ParameterId::kFingerprint));
    if (action == "move") return commands::move_computer(environment_, home, options);
    if (action == "release") return commands::release_computer(environment_, home, options.fqdn);
    return commands::say_farewell(environment_, home, options.fqdn,
                                  action == "lost" ? commands::Farewell::kLost : commands::Farewell::kRemoved);
  }

  [[nodiscard]] Result<Outcome> admin_role() {
    CERTFERRY_ASSIGN(Home home, open_(Home::Access::kRead));
    return commands::show_admin_roles(
        environment_, home, {text(ParameterId::kIdentity), text(ParameterId::kFilter), text(ParameterId::kSid)});
  }

  [[nodiscard]] Result<Outcome> role() {
    CERTFERRY_ASSIGN(Home home, open_(Home::Access::kWrite));
    const std::string action = text(ParameterId::kAction);
    commands::RoleOptions options;
    options.name = text(ParameterId::kSubject);
    options.role_template = optional_text(ParameterId::kTemplate);
    const auto scopes = invocation_.texts(ParameterId::kIdentity);
    options.scopes = {scopes.begin(), scopes.end()};
    if (invocation_.given(ParameterId::kType)) options.types = joined_types();
    options.output = text(ParameterId::kOutput);
    return commands::change_role(environment_, home,
                                 action == "new"   ? commands::RoleChange::kNew
                                 : action == "set" ? commands::RoleChange::kSet
                                                   : commands::RoleChange::kRemove,
                                 options);
  }

  [[nodiscard]] Result<Outcome> join() {
    CERTFERRY_ASSIGN(Home home, open_(Home::Access::kWrite));
    commands::JoinOptions options;
    options.output = text(ParameterId::kOutput);
    options.keys_in = text(ParameterId::kKeysIn);
    options.new_keys = invocation_.on(ParameterId::kNewKeys);
    if (const auto seconds = invocation_.number(ParameterId::kTimeout))
      options.patience = std::chrono::seconds(*seconds);
    const Secret& given = *invocation_.secret(ParameterId::kToken);  // mandatory
    if (given.text() != "-") {
      options.token = Secret(given.text());
    } else {
      CERTFERRY_ASSIGN(options.token, environment_.files.read("/dev/stdin", kLongestToken));
    }
    return commands::join_fleet(environment_, home, options);
  }

  [[nodiscard]] std::string joined_types() const {
    std::string types;
    for (const std::string& type : invocation_.texts(ParameterId::kType)) types += (types.empty() ? "" : ",") + type;
    return types;
  }

  const Invocation& invocation_;
  commands::Environment& environment_;
  const OpenHome& open_;
};

}  // namespace

Result<Outcome> run_fleet_command(const Invocation& invocation, commands::Environment& environment,
                                  const OpenHome& open) {
  return FleetRun(invocation, environment, open).run();
}

}  // namespace certferry::cli
