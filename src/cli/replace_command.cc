#include "cli/replace_command.h"

#include "commands/replace.h"

namespace certferry::cli {

using commands::Home;

Result<commands::Outcome> run_replace(const Invocation& invocation, commands::Environment& environment,
                                      const Secret* password, const OpenHome& open) {
  const auto text = [&](ParameterId id) { return std::string(invocation.text(id).value_or("")); };
  const auto texts = [&](ParameterId id) {
    const auto values = invocation.texts(id);
    return std::vector<std::string>(values.begin(), values.end());
  };
  const std::string action = text(ParameterId::kAction), id = text(ParameterId::kSubject);
  CERTFERRY_ASSIGN(Home home, open(action == "list" ? Home::Access::kRead : Home::Access::kWrite));
  if (action == "list") return commands::list_replacements(environment, home);
  commands::ReplaceOptions options;
  if (const auto seconds = invocation.number(ParameterId::kTimeout)) options.limit = std::chrono::seconds(*seconds);
  options.pause = invocation.on(ParameterId::kPause);
  if (action == "resume") return commands::resume_replacement(environment, home, id, options.pause, options.limit);
  if (action == "abort") return commands::abort_replacement(environment, home, id);
  options.issued_by = text(ParameterId::kIssuedBy);
  options.key = text(ParameterId::kKeyDigest);
  options.thumbprint = text(ParameterId::kThumbprint);
  options.with = texts(ParameterId::kWith);
  options.trust = texts(ParameterId::kTrust);
  options.password = password;
  if (invocation.given(ParameterId::kWaves)) options.waves = text(ParameterId::kWaves);
  options.confirm = invocation.on(ParameterId::kConfirm);
  options.what_if = invocation.on(ParameterId::kWhatIf);
  return commands::replace_certificates(environment, home, options);
}

}  // namespace certferry::cli
