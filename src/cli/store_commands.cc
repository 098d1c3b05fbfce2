#include "cli/store_commands.h"

#include "commands/store_command.h"
#include "commands/store_migrate.h"

namespace certferry::cli {

Result<commands::Outcome> run_store_command(const Invocation& invocation, commands::Environment& environment,
                                            const OpenHome& open) {
  using commands::Home;
  const std::string action(invocation.text(ParameterId::kAction).value_or("show"));
  const std::string file(invocation.text(ParameterId::kSubject).value_or(""));
  const std::string target(invocation.text(ParameterId::kTo).value_or(""));
  const bool what_if = invocation.on(ParameterId::kWhatIf);
  const bool names_a_file = action == "backup" || action == "restore";
  if (names_a_file && file.empty())
    return fail(ErrorKind::kUsage, "CF1082", "which file is meant?", "certferry store " + action + " FILE");
  if (action == "migrate" && target.empty())
    return fail(ErrorKind::kUsage, "CF1083", "where shall the store move to?",
                "certferry store migrate --to sqlite, or --to etcd://HOST:2379/NAME?ca=/PATH");
  const bool changes = action == "migrate" || action == "restore";
  CERTFERRY_ASSIGN(Home home, open(changes ? Home::Access::kWrite : Home::Access::kRead));
  if (action == "migrate") return commands::migrate_store(environment, home, target, what_if);
  if (action == "backup") return commands::back_up_store(environment, home, file);
  if (action == "restore")
    return commands::restore_store(environment, home, file, {invocation.on(ParameterId::kForce), what_if});
  return commands::show_store(environment, home);
}

}  // namespace certferry::cli
