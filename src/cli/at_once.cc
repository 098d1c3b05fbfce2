#include "cli/at_once.h"

#include "cli/completion.h"
#include "cli/help.h"
#include "cli/man.h"
#include "fleet/type.h"

namespace certferry::cli {
namespace {

constexpr std::string_view kVersion = CERTFERRY_VERSION;

}  // namespace

std::optional<int> answer_at_once(const Invocation& invocation, const Terminal& terminal) {
  const Command& asked = command(invocation.command());
  if (invocation.on(ParameterId::kVersion) || invocation.command() == CommandId::kVersion) {
    terminal.print(invocation.json() ? "{\"schema\":1,\"version\":\"" + std::string(kVersion) + "\"}\n"
                                     : "certferry " + std::string(kVersion) + "\n");
    return 0;
  }
  if (invocation.command() == CommandId::kHelp) {
    const auto topic = invocation.text(ParameterId::kTopic);
    const Command* found = topic ? find_topic(*topic) : nullptr;
    terminal.print(found ? help_of(*found, find_cmdlet(*topic) ? Dialect::kCmdlet : Dialect::kNative)
                         : help_overview());
    return topic && !found ? exit_code(ErrorKind::kUsage) : 0;
  }
  if (invocation.wants_help()) {
    terminal.print(help_of(asked, invocation.dialect()));
    return 0;
  }
  if (invocation.command() == CommandId::kCompletion) {
    const fleet::TypeTable types;
    const auto script = completion_script(invocation.text(ParameterId::kShell).value_or("bash"), types.names());
    terminal.print(script.value_or(""));
    return script ? 0 : exit_code(ErrorKind::kUsage);
  }
  if (invocation.command() == CommandId::kMan) {
    const auto topic = invocation.text(ParameterId::kTopic);
    const Command* found = topic ? find_topic(*topic) : nullptr;
    terminal.print(found ? man_page(*found, find_cmdlet(*topic) ? Dialect::kCmdlet : Dialect::kNative, kVersion)
                         : man_overview(kVersion));
    return 0;
  }
  return std::nullopt;
}

}  // namespace certferry::cli
