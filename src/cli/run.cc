#include "cli/run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "agent/agent.h"
#include "base/escape.h"
#include "cli/at_once.h"
#include "cli/command_line.h"
#include "cli/date.h"
#include "cli/environment.h"
#include "cli/fleet_commands.h"
#include "cli/fleet_program.h"
#include "cli/monitor.h"
#include "cli/start.h"
#include "cli/password.h"
#include "cli/reference.h"
#include "cli/replace_command.h"
#include "cli/stay.h"
#include "cli/store_commands.h"
#include "commands/audit.h"
#include "commands/await.h"
#include "commands/binding_command.h"
#include "commands/bulk_import.h"
#include "commands/check.h"
#include "commands/config.h"
#include "commands/doctor.h"
#include "commands/get.h"
#include "commands/import.h"
#include "commands/inspect.h"
#include "commands/links.h"
#include "commands/probe_all.h"
#include "commands/probe_command.h"
#include "commands/remove.h"
#include "commands/roll.h"
#include "commands/set.h"
#include "commands/status.h"
#include "commands/type.h"
#include "report/csv.h"
#include "report/text.h"
#include "report/write.h"
#include "x509/openssl_init.h"

namespace certferry::cli {
namespace {

using commands::Environment;
using commands::Home;
using commands::Outcome;
using nlohmann::ordered_json;

Role role_of(report::Emphasis emphasis) {
  switch (emphasis) {
    case report::Emphasis::kGood: return Role::kOk;
    case report::Emphasis::kWarning: return Role::kWarning;
    case report::Emphasis::kBad: return Role::kError;
    case report::Emphasis::kFaint: return Role::kDim;
    case report::Emphasis::kStrong: return Role::kBold;
  }
  return Role::kBold;
}

// An answer where there is none of a command: the home cannot be opened, a date cannot be read.
Outcome failed(const CommandId command, Environment& environment, Error error) {
  Outcome outcome;
  outcome.document.status = report::Status::kFailed;
  outcome.document.headline = "Nothing was done";
  outcome.document.command = environment.command_line;
  outcome.document.actor = environment.actor.name;
  outcome.document.computer = environment.host_name;
  outcome.document.started = environment.clock.now();
  outcome.document.error = error;
  ordered_json json = {{"schema", 1}};
  if (command == CommandId::kCheck) json.update({{"valid", false}, {"path", ordered_json::array()}});
  if (command == CommandId::kInspect) json["outcome"] = "reject";
  json["findings"] = ordered_json::array();
  json["error"] = {{"id", error.id}, {"message", error.message}, {"fix", error.fix}};
  outcome.json = json.dump(-1, ' ', true, ordered_json::error_handler_t::replace);
  outcome.error = std::move(error);
  return outcome;
}

std::vector<std::string> to_vector(std::span<const std::string> values) { return {values.begin(), values.end()}; }

std::string joined(std::span<const std::string> values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}

// One run of one command.
class Run {
 public:
  Run(const Invocation& invocation, const Terminal& terminal, Environment& environment)
      : invocation_(invocation), terminal_(terminal), environment_(environment) {}

  [[nodiscard]] int run() {
    Outcome outcome = dispatch();
    const bool written = write_report(outcome);
    if (invocation_.on(ParameterId::kMonitor)) {
      const Monitored told = monitored(outcome);
      terminal_.print(told.line + "\n");
      return told.code;
    }
    print(outcome);
    if (outcome.error) return exit_code(outcome.error->kind);
    if (!written) return exit_code(ErrorKind::kPartly);
    constexpr int kPlanHasChanges = 3;
    return outcome.changed && invocation_.on(ParameterId::kWhatIf) && invocation_.on(ParameterId::kDetailedExitcode)
               ? kPlanHasChanges
               : 0;
  }

 private:
  [[nodiscard]] Outcome dispatch() {
    auto outcome = run_command();
    return outcome ? std::move(*outcome) : failed(invocation_.command(), environment_, std::move(outcome).error());
  }

  [[nodiscard]] Result<Outcome> run_command() {
    if (invocation_.on(ParameterId::kNetportId))
      return fail(ErrorKind::kUsage, "CF1070", "-NetportId is reserved", "leave it out");
    switch (invocation_.command()) {
      case CommandId::kImport: return import();
      case CommandId::kSet: return set();
      case CommandId::kGet: return get();
      case CommandId::kRemove: return remove();
      case CommandId::kInspect: return inspect();
      case CommandId::kCheck: return check();
      case CommandId::kType: return type();
      case CommandId::kDoctor: return doctor();
      case CommandId::kProbe: return probe();
      case CommandId::kConfig: return config();
      case CommandId::kAudit:
        return with_home(Home::Access::kRead,
                         text(ParameterId::kAction) == "verify" ? commands::verify_audit : commands::list_audit);
      case CommandId::kLinks: return links();
      case CommandId::kAgent:
        return invocation_.on(ParameterId::kOnce) ? with_home(Home::Access::kWrite, agent::run_once)
                                                  : stay(invocation_, terminal_, environment_);
      case CommandId::kServe: return stay(invocation_, terminal_, environment_);
      case CommandId::kStore:
        return run_store_command(invocation_, environment_, [this](Home::Access access) { return open(access); });
      case CommandId::kRoll: return roll();
      case CommandId::kStatus: return with_home(Home::Access::kRead, commands::show_status);
      case CommandId::kBinding: return binding();
      case CommandId::kFleet:
      case CommandId::kComputer:
      case CommandId::kRole:
      case CommandId::kAdminRole:
      case CommandId::kJoin:
      case CommandId::kTopology:
        return run_fleet_command(invocation_, environment_, [this](Home::Access access) { return open(access); });
      case CommandId::kReplace: return replace();
      case CommandId::kRollback: return change_roll(commands::RollAction::kBack);
      default:
        return fail(
            ErrorKind::kUsage, "CF1071",
            spelled(command(invocation_.command()), invocation_.dialect()) + " is not available in this version",
            "`certferry help` lists what is");
    }
  }

  [[nodiscard]] std::string text(ParameterId id) const { return std::string(invocation_.text(id).value_or("")); }
  [[nodiscard]] std::optional<std::string> optional_text(ParameterId id) const {
    const auto value = invocation_.text(id);
    return value ? std::optional(std::string(*value)) : std::nullopt;
  }

  [[nodiscard]] Result<Home> open(Home::Access access) {
    CERTFERRY_ASSIGN(std::string path, commands::locate_home(text(ParameterId::kHome), environment_));
    return Home::open(std::move(path), invocation_.on(ParameterId::kWhatIf) ? Home::Access::kRead : access,
                      environment_);
  }

  template <typename Function>
  [[nodiscard]] Result<Outcome> with_home(Home::Access access, Function function) {
    CERTFERRY_ASSIGN(Home home, open(access));
    return function(environment_, home);
  }

  // For commands that need no store: everybody may inspect a file.
  [[nodiscard]] Result<fleet::Config> config_alone() {
    if (commands::locate_home(text(ParameterId::kHome), environment_)) {
      CERTFERRY_ASSIGN(const Home home, open(Home::Access::kRead));
      return home.config();
    }
    fleet::ConfigSource source;
    source.host_name = environment_.host_name;
    return fleet::parse_config(source);
  }

  [[nodiscard]] Result<std::optional<Secret>> password() {
    CERTFERRY_ASSIGN(std::optional<Password> found,
                     find_password(invocation_, std::getenv("CREDENTIALS_DIRECTORY"), terminal_.err_is_terminal()));
    if (!found) return std::optional<Secret>();
    for (const Finding& warning : found->warnings) warnings_.push_back(warning);
    return std::optional(std::move(found->value));
  }

  [[nodiscard]] Result<commands::Timing> timing() {
    commands::Timing timing;
    timing.roll = invocation_.on(ParameterId::kRoll);
    timing.accept_short_overlap = invocation_.on(ParameterId::kAcceptShortOverlap);
    if (const auto date = invocation_.text(ParameterId::kEffectiveDate)) {
      CERTFERRY_ASSIGN(
          const DateReading reading,
          read_date(*date, date_locale(std::getenv("LC_ALL"), std::getenv("LC_TIME"), std::getenv("LANG"))));
      timing.effective = reading.time;
      reading_ = show(reading);
    }
    return timing;
  }

  [[nodiscard]] Outcome finished(Outcome outcome) const {
    for (const Finding& warning : warnings_) outcome.document.findings.push_back(warning);
    if (!reading_.empty()) outcome.document.file.push_back({"Effective date", reading_});
    return outcome;
  }

  // --wait: with what the computers of the fleet say.
  [[nodiscard]] Outcome awaited(Home& home, Outcome outcome) {
    if (!invocation_.on(ParameterId::kWait) || invocation_.on(ParameterId::kWhatIf)) return outcome;
    commands::AwaitOptions options{joined(invocation_.texts(ParameterId::kType)),
                                   optional_text(ParameterId::kIdentity)};
    if (const auto seconds = invocation_.number(ParameterId::kTimeout)) options.limit = std::chrono::seconds(*seconds);
    return commands::await_computers(environment_, home, options, std::move(outcome));
  }

  [[nodiscard]] Result<Outcome> import() {
    commands::ImportOptions options;
    CERTFERRY_ASSIGN(const std::optional<Secret> secret, password());
    options.password = secret ? &*secret : nullptr;
    options.select = text(ParameterId::kSelect);
    options.identity = optional_text(ParameterId::kIdentity);
    options.types = joined(invocation_.texts(ParameterId::kType));
    CERTFERRY_ASSIGN(options.timing, timing());
    options.exportable = invocation_.boolean(ParameterId::kPrivateKeyExportable);
    options.trust = to_vector(invocation_.texts(ParameterId::kTrust));
    options.require_trust = invocation_.on(ParameterId::kRequireTrust);
    options.accept_incomplete_chain = invocation_.on(ParameterId::kAcceptIncompleteChain);
    options.confirm = invocation_.on(ParameterId::kConfirm);
    options.what_if = invocation_.on(ParameterId::kWhatIf);
    CERTFERRY_TRY(commands::check_timing(options.timing));
    CERTFERRY_ASSIGN(Home home, open(Home::Access::kWrite));
    const std::vector<std::string> paths = to_vector(invocation_.texts(ParameterId::kPath));
    CERTFERRY_ASSIGN(const std::vector<std::string> files, commands::expand_paths(environment_, paths));
    if (paths.size() > 1 || files != paths) {
      CERTFERRY_ASSIGN(Outcome outcome, commands::import_many(environment_, home, files, options));
      return finished(std::move(outcome));
    }
    options.path = paths.front();
    return finished(awaited(home, commands::import_certificate(environment_, home, options)));
  }

  // By -Path it is an import with an assignment.
  [[nodiscard]] Result<Outcome> set() {
    if (invocation_.given(ParameterId::kPath)) return import();
    commands::SetOptions options;
    options.thumbprint = text(ParameterId::kThumbprint);
    if (const auto reference = invocation_.text(ParameterId::kReference)) {
      CERTFERRY_ASSIGN(options.thumbprint, read_reference(environment_.files, std::string(*reference)));
    }
    options.types = joined(invocation_.texts(ParameterId::kType));
    options.identity = optional_text(ParameterId::kIdentity);
    CERTFERRY_ASSIGN(options.timing, timing());
    options.accept_incomplete_chain = invocation_.on(ParameterId::kAcceptIncompleteChain);
    options.confirm = invocation_.on(ParameterId::kConfirm);
    options.what_if = invocation_.on(ParameterId::kWhatIf);
    CERTFERRY_TRY(commands::check_timing(options.timing));
    CERTFERRY_ASSIGN(Home home, open(Home::Access::kWrite));
    return finished(awaited(home, commands::set_certificate(environment_, home, options)));
  }

  [[nodiscard]] Result<Outcome> get() {
    commands::GetOptions options;
    options.types = joined(invocation_.texts(ParameterId::kType));
    options.identity = optional_text(ParameterId::kIdentity);
    options.all = invocation_.on(ParameterId::kAll);
    options.table = !invocation_.json() || invocation_.given(ParameterId::kReport);
    CERTFERRY_ASSIGN(Home home, open(Home::Access::kRead));
    return commands::get_certificates(environment_, home, options);
  }

  [[nodiscard]] Result<Outcome> remove() {
    commands::RemoveOptions options;
    options.types = joined(invocation_.texts(ParameterId::kType));
    options.identity = optional_text(ParameterId::kIdentity);
    options.previous = invocation_.on(ParameterId::kPrevious);
    options.force = invocation_.on(ParameterId::kForce);
    options.confirm = invocation_.on(ParameterId::kConfirm);
    options.what_if = invocation_.on(ParameterId::kWhatIf);
    CERTFERRY_ASSIGN(Home home, open(Home::Access::kWrite));
    return commands::remove_certificate(environment_, home, options);
  }

  [[nodiscard]] Result<Outcome> inspect() {
    CERTFERRY_ASSIGN(const fleet::Config config, config_alone());
    CERTFERRY_ASSIGN(const std::optional<Secret> secret, password());
    return finished(
        commands::inspect_file(environment_, config, {text(ParameterId::kPath), secret ? &*secret : nullptr}));
  }

  [[nodiscard]] Result<Outcome> check() {
    CERTFERRY_ASSIGN(const fleet::Config config, config_alone());
    CERTFERRY_ASSIGN(const std::optional<Secret> secret, password());
    commands::CheckOptions options;
    options.path = text(ParameterId::kPath);
    options.password = secret ? &*secret : nullptr;
    options.select = text(ParameterId::kSelect);
    options.trust = to_vector(invocation_.texts(ParameterId::kTrust));
    options.untrusted = to_vector(invocation_.texts(ParameterId::kUntrusted));
    options.crls = to_vector(invocation_.texts(ParameterId::kCrl));
    options.names = to_vector(invocation_.texts(ParameterId::kName));
    options.types = joined(invocation_.texts(ParameterId::kType));
    options.purpose = text(ParameterId::kPurpose);
    options.only_path = invocation_.on(ParameterId::kOnlyPath);
    if (const auto depth = invocation_.number(ParameterId::kMaxDepth))
      options.max_depth = static_cast<std::size_t>(*depth);
    if (const auto at = invocation_.text(ParameterId::kAt)) {
      options.at = from_rfc3339(*at);
      if (!options.at)
        return fail(ErrorKind::kUsage, "CF1073",
                    "--at wants a date like 2030-07-31T08:00:00Z, not \"" + std::string(*at) + "\"",
                    "write it as RFC 3339 says");
    }
    return finished(commands::check_file(environment_, config, options));
  }

  [[nodiscard]] Result<Outcome> type() {
    CERTFERRY_ASSIGN(const fleet::Config config, config_alone());
    if (text(ParameterId::kAction) != "show") return commands::list_types(environment_, config);
    if (!invocation_.given(ParameterId::kTypeName))
      return fail(ErrorKind::kUsage, "CF1074", "which type is to be shown?", "certferry type show TYPE");
    return commands::show_type(environment_, config, text(ParameterId::kTypeName));
  }

  [[nodiscard]] Result<Outcome> doctor() {
    const commands::DoctorOptions options{.repair = invocation_.on(ParameterId::kRepair)};
    CERTFERRY_ASSIGN(Home home, open(options.repair ? Home::Access::kWrite : Home::Access::kRead));
    return commands::examine_home(environment_, home, options);
  }

  [[nodiscard]] Result<Outcome> probe() {
    if (invocation_.on(ParameterId::kAll)) return with_home(Home::Access::kRead, commands::probe_all);
    commands::ProbeOptions options;
    options.endpoint = text(ParameterId::kEndpoint);
    options.starttls = text(ParameterId::kStarttls);
    options.server_name = optional_text(ParameterId::kServerName);
    options.key_kind = text(ParameterId::kKeyKind);
    if (const auto seconds = invocation_.number(ParameterId::kTimeout)) options.limit = std::chrono::seconds(*seconds);
    return commands::probe_service(environment_, options);
  }

  [[nodiscard]] Result<Outcome> binding() {
    const std::string action = text(ParameterId::kAction);
    const std::string name = text(ParameterId::kBindingName);
    CERTFERRY_ASSIGN(Home home, open(action == "place" ? Home::Access::kWrite : Home::Access::kRead));
    if (action.empty() || action == "list") return commands::list_bindings(environment_, home);
    if (action == "detect") return commands::detect_bindings(environment_, home);
    if (name.empty())
      return fail(ErrorKind::kUsage, "CF1076", "which binding is meant?", "certferry binding " + action + " NAME");
    if (action == "show") return commands::show_binding(environment_, home, name);
    if (action == "place") return commands::place_binding(environment_, home, name);
    if (action == "test") return commands::test_binding(environment_, home, name);
    return commands::new_binding(environment_, home, name, joined(invocation_.texts(ParameterId::kType)));
  }

  [[nodiscard]] Result<Outcome> roll() {
    const std::string action = text(ParameterId::kAction);
    if (action == "list") return with_home(Home::Access::kRead, commands::list_rolls);
    if (!invocation_.given(ParameterId::kType))
      return fail(ErrorKind::kUsage, "CF1075", "which use is meant?", "certferry roll " + action + " --type TYPE");
    return change_roll(action == "now" ? commands::RollAction::kNow : commands::RollAction::kCancel);
  }

  [[nodiscard]] Result<Outcome> change_roll(commands::RollAction action) {
    commands::RollOptions options;
    options.action = action;
    options.types = joined(invocation_.texts(ParameterId::kType));
    options.identity = optional_text(ParameterId::kIdentity);
    options.accept_short_overlap = invocation_.on(ParameterId::kAcceptShortOverlap);
    options.confirm = invocation_.on(ParameterId::kConfirm);
    options.what_if = invocation_.on(ParameterId::kWhatIf);
    CERTFERRY_ASSIGN(Home home, open(Home::Access::kWrite));
    return awaited(home, commands::change_roll(environment_, home, options));
  }

  [[nodiscard]] Result<Outcome> replace() {
    CERTFERRY_ASSIGN(const std::optional<Secret> secret, password());
    return run_replace(invocation_, environment_, secret ? &*secret : nullptr,
                       [this](Home::Access access) { return open(access); });
  }

  [[nodiscard]] Result<Outcome> config() {
    CERTFERRY_ASSIGN(const fleet::Config config, config_alone());
    return commands::show_config(environment_, config, invocation_.on(ParameterId::kOrigin));
  }

  [[nodiscard]] Result<Outcome> links() {
    std::vector<std::string> names;
    for (const Command& command : cli::commands()) {
      if (!command.cmdlet.empty()) names.emplace_back(command.cmdlet);
    }
    CERTFERRY_ASSIGN(const std::string program, environment_.files.read_symlink("/proc/self/exe"));
    return commands::make_links(environment_, text(ParameterId::kLinksDirectory), program, names);
  }

  [[nodiscard]] bool write_report(const Outcome& outcome) const {
    const auto path = invocation_.text(ParameterId::kReport);
    if (!path) return true;
    const Result<> written = report::write_report(environment_.files, std::string(*path), outcome.document);
    if (!written) terminal_.note(report::to_text(written.error(), text_options(false)));
    return written.has_value();
  }

  [[nodiscard]] report::TextOptions text_options(bool out) const {
    report::TextOptions options;
    options.width = terminal_.width();
    options.warnings = !invocation_.on(ParameterId::kForce);
    options.style = [this, out](report::Emphasis emphasis, std::string_view text) {
      return out ? terminal_.styled_out(role_of(emphasis), text) : terminal_.styled_err(role_of(emphasis), text);
    };
    return options;
  }

  // Than the error does.
  [[nodiscard]] static bool tells_more(const report::Document& document) {
    return !document.file.empty() || !document.findings.empty() || !document.tables.empty();
  }

  void print(const Outcome& outcome) const {
    if (invocation_.json()) {
      terminal_.print(outcome.json + "\n");
    } else if (invocation_.on(ParameterId::kCsv) && !outcome.error) {
      terminal_.print(report::to_csv(outcome.document));
    } else if (!outcome.error || tells_more(outcome.document)) {
      if (!terminal_.quiet()) terminal_.print(report::to_text(outcome.document, text_options(true)));
    }
    if (outcome.error && !invocation_.json()) terminal_.note(report::to_text(*outcome.error, text_options(false)));
  }

  const Invocation& invocation_;
  const Terminal& terminal_;
  Environment& environment_;
  Findings warnings_;
  std::string reading_;  // of the effective date
};

Terminal terminal_for(const Invocation& invocation) {
  Terminal::Settings settings;
  settings.no_color = invocation.on(ParameterId::kNoColor);
  settings.quiet = invocation.quiet();
  settings.assume_yes = invocation.on(ParameterId::kYes);
  return standard_terminal(settings, std::getenv("NO_COLOR"), std::getenv("TERM"));
}

}  // namespace

int run(int argc, char** argv, const commands::Engines* engines) {
  keep_memory_private();
  ::umask(022);
  const SystemClock clock;
  PosixFileSystem files;
  Result<> became;
  if (!engines) became = become_fleet_program_if_needed(argc, argv, files);
  const Parsed parsed = parse_command_line(argc, argv);
  if (!parsed) {
    const Terminal terminal = standard_terminal({}, std::getenv("NO_COLOR"), std::getenv("TERM"));
    const Error& error = parsed.error().error;
    report::TextOptions options;
    options.style = [&](report::Emphasis emphasis, std::string_view text) {
      return terminal.styled_err(role_of(emphasis), text);
    };
    std::string text = report::to_text(Error{error.kind, error.id, error.message, ""}, options) + parsed.error().where;
    if (!text.ends_with('\n')) text += '\n';
    if (!error.fix.empty()) text += "fix: " + escape_terminal(error.fix) + "\n";
    terminal.note(text);
    return exit_code(error.kind);
  }
  const Terminal terminal = terminal_for(*parsed);
  if (const auto code = answer_at_once(*parsed, terminal)) return *code;
  if (!became) {
    terminal.note(report::to_text(became.error(), {}));
    return exit_code(became.error().kind);
  }
  x509::initialize_openssl();
  TerminalUi ui(terminal, clock);
  ui.use_new_passphrase_file(std::string(parsed->text(ParameterId::kNewPassphraseFile).value_or("")));
  Environment environment{clock,          files,  ui, this_actor(), this_host_name(), relevant_variables(),
                          parsed->line(), engines};
  return Run(*parsed, terminal, environment).run();
}

}  // namespace certferry::cli
